//! An element that wraps others: BOSH's `<body/>` (XEP-0124 §4).

use bytes::Bytes;

use crate::document::Document;
use crate::error::StreamError;
use crate::framer::{Frame, Framer};
use crate::header::{HeaderScope, check_declaration};
use crate::limits::ElementLimits;
use crate::node::Node;
use crate::ns;
use crate::refusal::{malformed, violation};

/// A wrapper whose start tag has been parsed. Its content is parsed on demand, with limits that may depend on
/// the tag.
#[derive(Debug)]
pub struct Wrapper<'a> {
    tag: Document,
    /// What follows the start tag; `None` if the element is an empty-element tag.
    inside: Option<&'a [u8]>,
    after: &'a [u8],
}

impl<'a> Wrapper<'a> {
    /// Parses the start tag, or the whole element if it is an empty-element tag. The limits apply to the tag
    /// alone. What follows the tag may be incomplete.
    ///
    /// # Errors
    /// The input does not begin with a start tag.
    pub fn open(bytes: &'a [u8], limits: &ElementLimits) -> Result<Self, StreamError> {
        let mut framer = Framer::new();
        let mut rest = bytes;
        loop {
            let (frame, length) = framer
                .next(rest, limits.stanza_bytes, limits.depth)?
                .ok_or_else(|| malformed("missing start tag"))?;
            let (found, behind) = rest.split_at_checked(length).unwrap_or_default();
            rest = behind;
            match frame {
                Frame::Space => {}
                Frame::Declaration => check_declaration(found)?,
                Frame::Header => return Self::opened(found, rest, limits),
                Frame::Element | Frame::Footer => return Err(malformed("missing start tag")),
            }
        }
    }

    fn opened(tag: &[u8], rest: &'a [u8], limits: &ElementLimits) -> Result<Self, StreamError> {
        let start = tag.strip_suffix(b">").unwrap_or(tag);
        let (start, inside, after) = match start.strip_suffix(b"/") {
            Some(start) => (start, None, rest),
            None => (start, Some(rest), &[] as &[u8]),
        };
        let limits = ElementLimits { stanza_bytes: limits.stanza_bytes.saturating_add(1), ..*limits };
        let tag = Document::read([start, b"/>"].concat().into(), "", &[], &limits)?;
        Ok(Self { tag, inside, after })
    }

    /// The element's name and attributes, without children.
    pub fn tag(&self) -> Node<'_> {
        self.tag.root()
    }

    /// The elements inside, each a document with its own bytes and within `limits`, at most `most` of them.
    /// What inherits the wrapper's own namespace is read as `jabber:client`: clients omit that declaration,
    /// and the content of the one namespace is taken as part of the other (XEP-0206 §2).
    ///
    /// Also returns the first error, after the elements that precede it: the element does not end, something
    /// follows it, or an element inside is refused.
    pub fn children(&self, limits: &ElementLimits, most: usize) -> (Vec<Document>, Option<StreamError>) {
        let mut children = Vec::new();
        let mistake = self.read(limits, most, &mut children).err();
        (children, mistake)
    }

    fn read(
        &self,
        limits: &ElementLimits,
        most: usize,
        children: &mut Vec<Document>,
    ) -> Result<(), StreamError> {
        let Some(inside) = self.inside else {
            return nothing_more(self.after);
        };
        let mut scope = HeaderScope::of(self.tag.root());
        if scope.default_ns == self.tag.root().ns() {
            scope.default_ns = ns::CLIENT.to_owned();
        }
        let mut framer = Framer::inside();
        let mut rest = inside;
        loop {
            let (frame, length) = framer
                .next(rest, limits.stanza_bytes, limits.depth)?
                .ok_or_else(|| malformed("missing end tag"))?;
            let (found, behind) = rest.split_at_checked(length).unwrap_or_default();
            rest = behind;
            match frame {
                Frame::Space => {}
                Frame::Element if children.len() >= most => {
                    return Err(violation("too many stanzas in one request"));
                }
                Frame::Element => children.push(scope.element(Bytes::copy_from_slice(found), limits)?),
                Frame::Footer => {
                    scope.check_end(found)?;
                    return nothing_more(rest);
                }
                Frame::Declaration | Frame::Header => {
                    return Err(malformed("XML declaration inside an element"));
                }
            }
        }
    }
}

fn nothing_more(rest: &[u8]) -> Result<(), StreamError> {
    match rest.trim_ascii().is_empty() {
        true => Ok(()),
        false => Err(malformed("only one element is allowed")),
    }
}
