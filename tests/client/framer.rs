//! Splits an XML byte stream into stream-level events without building a tree: the generator must be cheap,
//! and it trusts the server to send well-formed XML.

use std::ops::Range;

use memchr::{memchr, memchr3, memmem};

/// What stands in the stream.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Event {
    Header,
    /// One complete child of the stream.
    Stanza,
    End,
}

/// Feed bytes by appending to `buffer`; take events with `next_event`.
#[derive(Default)]
pub struct Framer {
    pub buffer: Vec<u8>,
    scan: usize,
    start: usize,
    tag: Option<usize>,
    done: usize,
    depth: usize,
    quote: Option<u8>,
}

impl Framer {
    /// Expects stanzas at once, without a header before them.
    pub fn within() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Drops what has been handed out.
    pub fn compact(&mut self) {
        let done = std::mem::take(&mut self.done);
        self.buffer.drain(..done);
        self.scan -= done;
        self.start = self.start.saturating_sub(done);
        self.tag = self.tag.map(|tag| tag - done);
    }

    /// The next event and where it stands in `buffer`; `None` until more bytes come.
    pub fn next_event(&mut self) -> Option<(Event, Range<usize>)> {
        loop {
            let tag = self.open_tag()?;
            let end = self.close_tag()?;
            self.tag = None;
            if let Some(event) = self.classify(tag, end) {
                self.done = end;
                return Some((event, self.start..end));
            }
        }
    }

    fn open_tag(&mut self) -> Option<usize> {
        if self.tag.is_none() {
            let Some(at) = memchr(b'<', &self.buffer[self.scan..]) else {
                self.scan = self.buffer.len();
                return None;
            };
            let tag = self.scan + at;
            self.scan = tag + 1;
            self.tag = Some(tag);
            if self.depth <= 1 {
                self.start = tag;
            }
        }
        self.tag
    }

    /// The end of the open tag; `>` inside quotes is none.
    fn close_tag(&mut self) -> Option<usize> {
        loop {
            let rest = &self.buffer[self.scan..];
            let hit = match self.quote {
                Some(quote) => memchr(quote, rest),
                None => memchr3(b'>', b'"', b'\'', rest),
            };
            let Some(at) = hit else {
                self.scan = self.buffer.len();
                return None;
            };
            let byte = rest[at];
            self.scan += at + 1;
            match (self.quote, byte) {
                (Some(_), _) => self.quote = None,
                (None, b'>') => return Some(self.scan),
                (None, quote) => self.quote = Some(quote),
            }
        }
    }

    fn classify(&mut self, tag: usize, end: usize) -> Option<Event> {
        match self.buffer[tag + 1] {
            b'?' | b'!' => None,
            b'/' => {
                self.depth = self.depth.saturating_sub(1);
                match self.depth {
                    0 => Some(Event::End),
                    1 => Some(Event::Stanza),
                    _ => None,
                }
            }
            _ if self.buffer[end - 2] == b'/' => (self.depth <= 1).then_some(Event::Stanza),
            _ => {
                self.depth += 1;
                (self.depth == 1).then_some(Event::Header)
            }
        }
    }
}

pub fn has(stanza: &[u8], what: &str) -> bool {
    memmem::find(stanza, what.as_bytes()).is_some()
}

/// Value of the first ` name=` in `stanza`, as it stands.
pub fn attribute<'a>(stanza: &'a [u8], name: &str) -> Option<&'a str> {
    let key = format!(" {name}=");
    let at = memmem::find(stanza, key.as_bytes())? + key.len();
    let quote = *stanza.get(at)?;
    let value = stanza.get(at + 1..)?;
    std::str::from_utf8(&value[..memchr(quote, value)?]).ok()
}

/// Text between `open` and the next `<`.
pub fn text_after<'a>(stanza: &'a [u8], open: &str) -> Option<&'a str> {
    let at = memmem::find(stanza, open.as_bytes())? + open.len();
    let text = stanza.get(at..)?;
    std::str::from_utf8(&text[..memchr(b'<', text)?]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_every_chunk_size() {
        let stream = b"<?xml version='1.0'?><stream:stream a='>'><a/> <m to=\"x>/\"><b>t</b><c/></m>\n<p></p></stream:stream>";
        for size in 1..stream.len() {
            let mut framer = Framer::default();
            let mut got = Vec::new();
            for chunk in stream.chunks(size) {
                framer.compact();
                framer.buffer.extend_from_slice(chunk);
                while let Some((event, range)) = framer.next_event() {
                    got.push((event, String::from_utf8_lossy(&framer.buffer[range]).into_owned()));
                }
            }
            let (events, texts): (Vec<_>, Vec<_>) = got.into_iter().unzip();
            assert_eq!(events, [Event::Header, Event::Stanza, Event::Stanza, Event::Stanza, Event::End]);
            let wanted = [
                "<stream:stream a='>'>",
                "<a/>",
                "<m to=\"x>/\"><b>t</b><c/></m>",
                "<p></p>",
                "</stream:stream>",
            ];
            assert_eq!(texts, wanted);
        }
    }

    #[test]
    fn reads_attributes_and_text() {
        assert_eq!(attribute(b"<a b='c d'/>", "b"), Some("c d"));
        assert_eq!(attribute(b"<a b=", "b"), None);
        assert_eq!(text_after(b"<a><jid>x@y</jid></a>", "<jid>"), Some("x@y"));
    }
}
