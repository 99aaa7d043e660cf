//! Finds where elements begin and end in a stream of bytes. Each byte is examined once, however it arrives;
//! whether the result is valid XML is checked by the strict pass over the whole element.

use quick_xml::parser::{ElementParser, Parser};

use crate::chars::is_space;
use crate::error::{StreamCondition, StreamError};
use crate::refusal::{malformed, restricted, too_large, violation};

/// A complete frame at the start of the buffer, for the caller to remove.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Frame {
    /// Whitespace between elements.
    Space,
    /// An XML declaration.
    Declaration,
    /// The start tag of the stream.
    Header,
    /// A top-level element.
    Element,
    /// The end tag of the stream.
    Footer,
}

#[derive(Clone, Copy, Debug)]
enum FramerState {
    /// Before a `<`: between elements or in text.
    Text,
    /// After a `<`, until the kind of markup is known.
    Markup,
    Start(ElementParser),
    End,
    Cdata,
    Declaration,
}

/// The scan over an incomplete frame.
#[derive(Debug)]
pub(crate) struct Framer {
    state: FramerState,
    /// Bytes examined from the start of the frame.
    seen: usize,
    /// Where the markup begins.
    markup: usize,
    depth: usize,
    opened: bool,
    /// Whether there was an XML declaration; a second one is restricted.
    declared: bool,
}

const CDATA: &[u8] = b"<![CDATA[";
const DECLARATION: &[u8] = b"<?xml";

impl Framer {
    pub(crate) fn new() -> Self {
        Self { state: FramerState::Text, seen: 0, markup: 0, depth: 0, opened: false, declared: false }
    }

    /// A scan that starts after a start tag that was parsed otherwise.
    pub(crate) fn inside() -> Self {
        Self { opened: true, ..Self::new() }
    }

    /// Whether no byte of a frame has been seen.
    pub(crate) fn is_idle(&self) -> bool {
        self.seen == 0
    }

    /// Continues in `buffer`, which begins at the start of the frame. `None`: more bytes are needed.
    pub(crate) fn next(
        &mut self,
        buffer: &[u8],
        max_bytes: usize,
        max_depth: usize,
    ) -> Result<Option<(Frame, usize)>, StreamError> {
        // Nothing beyond the limit is examined, so that the result does not depend on how much has arrived.
        let window = buffer.get(..max_bytes).unwrap_or(buffer);
        let found = self.advance(window, max_depth)?;
        if found.is_none() && buffer.len() > max_bytes {
            return Err(too_large(max_bytes));
        }
        if found.is_some() {
            (self.state, self.seen, self.markup) = (FramerState::Text, 0, 0);
        }
        Ok(found)
    }

    fn advance(&mut self, buffer: &[u8], max_depth: usize) -> Result<Option<(Frame, usize)>, StreamError> {
        loop {
            let rest = buffer.get(self.seen..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(None);
            }
            let frame = match self.state {
                FramerState::Text if self.depth == 0 => self.between(rest)?,
                FramerState::Text => self.text(rest),
                FramerState::Markup => {
                    let known = self.markup(buffer, max_depth)?;
                    if !known {
                        return Ok(None);
                    }
                    None
                }
                FramerState::Start(parser) => self.start(parser, buffer),
                FramerState::End => self.end(rest)?,
                FramerState::Cdata => {
                    self.until(buffer, b"]]>", CDATA.len()).then_some(()).and_then(|()| self.resume())
                }
                FramerState::Declaration => {
                    self.until(buffer, b"?>", DECLARATION.len()).then_some(Frame::Declaration)
                }
            };
            if let Some(frame) = frame {
                return Ok(Some((frame, self.seen)));
            }
        }
    }

    fn resume(&mut self) -> Option<Frame> {
        self.state = FramerState::Text;
        None
    }

    /// Only whitespace is allowed outside of elements.
    fn between(&mut self, rest: &[u8]) -> Result<Option<Frame>, StreamError> {
        let spaces = rest.iter().take_while(|&&b| is_space(b)).count();
        if spaces > 0 {
            self.seen += spaces;
            return Ok(Some(Frame::Space));
        }
        if rest.first() != Some(&b'<') {
            return Err(if self.opened {
                StreamError::new(StreamCondition::BadFormat).text("text is not allowed between stanzas")
            } else {
                malformed("expected a stream header")
            });
        }
        self.open_markup(0);
        Ok(None)
    }

    fn open_markup(&mut self, skipped: usize) {
        self.markup = self.seen + skipped;
        self.seen = self.markup + 1;
        self.state = FramerState::Markup;
    }

    fn text(&mut self, rest: &[u8]) -> Option<Frame> {
        match memchr::memchr(b'<', rest) {
            Some(at) => self.open_markup(at),
            None => self.seen += rest.len(),
        }
        None
    }

    /// Decides by the bytes after `<`; `false` if there are too few of them.
    fn markup(&mut self, buffer: &[u8], max_depth: usize) -> Result<bool, StreamError> {
        let markup = buffer.get(self.markup..).unwrap_or_default();
        self.state = match markup.get(1) {
            None => return Ok(false),
            Some(b'/') => FramerState::End,
            Some(b'!') if self.depth > 0 && CDATA.starts_with(markup) && markup.len() < CDATA.len() => {
                self.seen = buffer.len();
                return Ok(false);
            }
            Some(b'!') if self.depth > 0 && markup.starts_with(CDATA) => FramerState::Cdata,
            Some(b'!') => return Err(restricted()),
            Some(b'?') => return self.question_mark(buffer.len(), markup),
            Some(b) if !(b.is_ascii_alphabetic() || *b == b'_' || !b.is_ascii()) => {
                return Err(malformed("`<` is not followed by an element name"));
            }
            Some(_) if self.opened && self.depth >= max_depth => {
                return Err(violation("elements are nested too deeply"));
            }
            Some(_) => FramerState::Start(ElementParser::Outside),
        };
        Ok(true)
    }

    /// `<?xml ` is a declaration at the start of the stream; anything else is restricted.
    fn question_mark(&mut self, buffered: usize, markup: &[u8]) -> Result<bool, StreamError> {
        let instruction = Err(restricted());
        if self.opened || self.declared || self.depth > 0 {
            return instruction;
        }
        match markup.strip_prefix(DECLARATION) {
            Some([]) => {}
            Some([next, ..]) if is_space(*next) => {
                self.state = FramerState::Declaration;
                self.declared = true;
                return Ok(true);
            }
            None if DECLARATION.starts_with(markup) => {}
            _ => return instruction,
        }
        self.seen = buffered;
        Ok(false)
    }

    fn start(&mut self, mut parser: ElementParser, buffer: &[u8]) -> Option<Frame> {
        let rest = buffer.get(self.seen..).unwrap_or_default();
        let Some(at) = parser.feed(rest) else {
            self.seen += rest.len();
            self.state = FramerState::Start(parser);
            return None;
        };
        self.seen += at + 1;
        self.state = FramerState::Text;
        let empty = self.seen >= self.markup + 3 && buffer.get(self.seen - 2) == Some(&b'/');
        if !self.opened {
            self.opened = true;
            return Some(Frame::Header);
        }
        self.depth += usize::from(!empty);
        (self.depth == 0).then_some(Frame::Element)
    }

    fn end(&mut self, rest: &[u8]) -> Result<Option<Frame>, StreamError> {
        let Some(at) = memchr::memchr(b'>', rest) else {
            self.seen += rest.len();
            return Ok(None);
        };
        self.seen += at + 1;
        self.state = FramerState::Text;
        if !self.opened {
            return Err(malformed("end tag before the stream header"));
        }
        if self.depth == 0 {
            return Ok(Some(Frame::Footer));
        }
        self.depth -= 1;
        Ok((self.depth == 0).then_some(Frame::Element))
    }

    /// Advances past `end`, which must not overlap the first `opening` bytes of the markup.
    fn until(&mut self, buffer: &[u8], end: &[u8], opening: usize) -> bool {
        // The end may have begun in bytes already examined.
        let from = self.seen.saturating_sub(end.len() - 1).max(self.markup + opening);
        let rest = buffer.get(from..).unwrap_or_default();
        match memchr::memmem::find(rest, end) {
            Some(at) => self.seen = from + at + end.len(),
            None => {
                self.seen = buffer.len();
                return false;
            }
        }
        true
    }
}
