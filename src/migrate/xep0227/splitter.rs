//! A file, split into the start tags of its outer elements and into whole inner ones.

use std::io::BufRead;

use xmpp::Element;

use crate::xep0227::fault::Fault;
use crate::xep0227::input::{Input, Sink};
use crate::xep0227::markup::{self, Markup};
use crate::xep0227::names::ELEMENT_BYTES;
use crate::xep0227::scope::{Leaf, Scope};

/// What comes next inside of the elements that were entered.
pub(crate) enum Token {
    /// A start tag: to be followed by [`Splitter::enter`], [`Splitter::take`] or [`Splitter::skip`].
    Start(Tag),
    /// The end of the element that was entered last.
    End,
    /// Text that is more than white space.
    Text,
    /// The end of the file.
    Eof,
}

/// A start tag.
pub(crate) struct Tag {
    /// The element with its attributes and without content.
    pub(crate) element: Element,
    /// As written, from `<` to `>`.
    text: String,
    is_empty: bool,
}

/// An element that was read to its end.
pub(crate) struct Taken {
    /// Its bytes; `None` if they are too many.
    pub(crate) bytes: Option<Vec<u8>>,
    /// How many elements it has directly inside.
    pub(crate) children: u64,
}

/// Reads a file forward; memory is bounded by the limit of what is taken.
pub(crate) struct Splitter<R> {
    input: Input<R>,
    /// The elements that were entered: their names as written, and what is in force inside.
    open: Vec<(String, Scope)>,
    outside: Scope,
    /// Whether the file's own element has begun.
    has_begun: bool,
    /// Whether the element that was entered last is empty.
    ends: bool,
    /// Whether a `<` was read already.
    in_markup: bool,
}

impl<R: BufRead> Splitter<R> {
    /// # Errors
    /// The file cannot be read, or is in another encoding.
    pub(crate) fn new(reader: R) -> Result<Self, Fault> {
        let mut input = Input::new(reader);
        crate::xep0227::encoding::check(&mut input)?;
        Ok(Self {
            input,
            open: Vec::new(),
            outside: Scope::default(),
            has_begun: false,
            ends: false,
            in_markup: false,
        })
    }

    /// How many bytes have been read.
    pub(crate) fn offset(&self) -> u64 {
        self.input.offset()
    }

    fn scope(&self) -> &Scope {
        self.open.last().map_or(&self.outside, |(_, scope)| scope)
    }

    pub(crate) fn next(&mut self) -> Result<Token, Fault> {
        if std::mem::take(&mut self.ends) {
            self.open.pop();
            return Ok(Token::End);
        }
        loop {
            if !std::mem::take(&mut self.in_markup) {
                let (found, is_text) = self.text()?;
                if !found {
                    return self.end_of_file();
                }
                if is_text {
                    self.in_markup = true;
                    return Ok(Token::Text);
                }
            }
            let mut sink = Sink::new(ELEMENT_BYTES);
            match markup::read(&mut self.input, &mut sink)? {
                Markup::Aside => {}
                Markup::Data => return Ok(Token::Text),
                Markup::End => return self.end(sink),
                Markup::Start { empty } => return self.start(sink, empty).map(Token::Start),
            }
        }
    }

    /// Reads to the next `<`: whether there is one, and whether there is text before it.
    fn text(&mut self) -> Result<(bool, bool), Fault> {
        let mut is_text = false;
        let ends = |byte: u8| {
            is_text |= byte != b'<' && !byte.is_ascii_whitespace();
            byte == b'<'
        };
        let found = self.input.until(ends, &mut Sink::none())?;
        Ok((found, is_text))
    }

    fn end_of_file(&self) -> Result<Token, Fault> {
        match self.open.last() {
            Some((name, _)) => Err(Fault::broken(format!("the file ends before </{name}>"))),
            None if !self.has_begun => Err(Fault::broken("the file has no element")),
            None => Ok(Token::Eof),
        }
    }

    fn end(&mut self, sink: Sink) -> Result<Token, Fault> {
        let tag = sink.take().unwrap_or_default();
        let name = tag.strip_prefix(b"</").and_then(|tag| tag.strip_suffix(b">")).unwrap_or_default();
        match self.open.pop() {
            Some((open, _)) if open.as_bytes() == name.trim_ascii_end() => Ok(Token::End),
            Some((open, _)) => Err(Fault::broken(format!("another end tag where </{open}> is expected"))),
            None => Err(Fault::broken("an end tag without a start tag")),
        }
    }

    fn start(&mut self, sink: Sink, is_empty: bool) -> Result<Tag, Fault> {
        if self.open.is_empty() && self.has_begun {
            return Err(Fault::broken("a second element after the file's own one"));
        }
        self.has_begun = true;
        let bytes = sink.take().ok_or_else(|| Fault::broken("a start tag of more than 64 MiB"))?;
        let text = String::from_utf8(bytes).map_err(|_| Fault::broken("a tag that is not valid UTF-8"))?;
        let alone = if is_empty { text.clone() } else { format!("{}/>", text.trim_end_matches('>')) };
        let leaf = self.scope().parse(alone.into_bytes());
        let leaf = leaf.map_err(|error| Fault::broken(format!("a start tag: {error}")))?;
        let element = leaf.node().to_bounded_element();
        let element = element.ok_or_else(|| Fault::broken("a start tag with too long namespaces"))?;
        Ok(Tag { element, text, is_empty })
    }

    /// Goes into the element of this start tag, which came last.
    pub(crate) fn enter(&mut self, tag: &Tag) -> Result<(), Fault> {
        let scope = self.scope().inside(tag.text.trim_end_matches('>').trim_end_matches('/'))?;
        self.open.push((tag.name().to_owned(), scope));
        self.ends = tag.is_empty;
        Ok(())
    }

    /// Reads the element of this start tag, which came last, to its end. More than `limit` bytes are not kept.
    pub(crate) fn take(&mut self, tag: &Tag, limit: usize) -> Result<Taken, Fault> {
        let mut sink = Sink::new(limit);
        sink.push(tag.text.as_bytes());
        let children = self.rest(tag, &mut sink)?;
        Ok(Taken { bytes: sink.take(), children })
    }

    /// The same without keeping anything. The answer is how many elements it has directly inside.
    pub(crate) fn skip(&mut self, tag: &Tag) -> Result<u64, Fault> {
        self.rest(tag, &mut Sink::none())
    }

    /// Parses an element that was taken.
    pub(crate) fn parse(&self, bytes: Vec<u8>) -> Result<Leaf, xmpp::StreamError> {
        self.scope().parse(bytes)
    }

    fn rest(&mut self, tag: &Tag, sink: &mut Sink) -> Result<u64, Fault> {
        let (mut depth, mut children) = (u64::from(!tag.is_empty), 0);
        while depth > 0 {
            if !self.input.until(|byte| byte == b'<', sink)? {
                return Err(Fault::broken(format!("the file ends before </{}>", tag.name())));
            }
            match markup::read(&mut self.input, sink)? {
                Markup::Start { empty } => {
                    children += u64::from(depth == 1);
                    depth += u64::from(!empty);
                }
                Markup::End => depth -= 1,
                Markup::Data | Markup::Aside => {}
            }
        }
        Ok(children)
    }
}

impl Tag {
    /// Its name as written, with its prefix.
    fn name(&self) -> &str {
        let after = self.text.get(1..).unwrap_or_default();
        after.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next().unwrap_or_default()
    }
}
