//! The attributes of one start tag, parsed strictly (XML §3.1): quick-xml's own iterator accepts more than
//! XML allows.

use crate::chars::is_space;
use crate::error::{StreamCondition, StreamError};
use crate::escape;
use crate::refusal::malformed;

/// One attribute as written; offsets into the given text.
pub(crate) struct RawAttribute<'a> {
    /// The name with its prefix.
    pub(crate) name: &'a str,
    /// Where the name begins.
    pub(crate) name_at: usize,
    /// The value as written, without its quotes.
    pub(crate) value: &'a str,
    /// Where the value begins, after its quote.
    pub(crate) value_at: usize,
}

/// Parses attributes from what follows the element's name in a start tag.
pub(crate) struct RawAttributes<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> RawAttributes<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next attribute, or `None` at the end of the tag.
    pub(crate) fn read(&mut self) -> Result<Option<RawAttribute<'a>>, StreamError> {
        let spaces = self.spaces();
        if self.at == self.text.len() {
            return Ok(None);
        }
        if spaces == 0 {
            return Err(malformed("missing white space before an attribute"));
        }
        let name_at = self.at;
        let name = self.take(|b| b != b'=' && !is_space(b));
        self.spaces();
        if self.byte() != Some(b'=') {
            return Err(malformed("attribute without a value"));
        }
        self.at += 1;
        self.spaces();
        let quote = self.byte().filter(|b| matches!(b, b'\'' | b'"'));
        let quote = quote.ok_or_else(|| malformed("attribute value without quotes"))?;
        self.at += 1;
        let value_at = self.at;
        let value = self.take(|b| b != quote);
        if self.byte().is_none() {
            return Err(malformed("unterminated attribute value"));
        }
        self.at += 1;
        check_value(value)?;
        Ok(Some(RawAttribute { name, name_at, value, value_at }))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) -> usize {
        self.take(is_space).len()
    }

    /// Advances over bytes that satisfy `want`; the run must end at a character boundary.
    fn take(&mut self, want: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += rest.iter().position(|&b| !want(b)).unwrap_or(rest.len());
        self.text.get(start..self.at).unwrap_or_default()
    }
}

fn check_value(value: &str) -> Result<(), StreamError> {
    let mut rest = value;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        let (_, from) = rest.split_at(at);
        let Some(after) = from.strip_prefix('&') else {
            return Err(malformed("`<` is not allowed in an attribute value"));
        };
        let (name, after) =
            after.split_once(';').ok_or_else(|| malformed("unescaped `&` in an attribute value"))?;
        check_reference(name)?;
        rest = after;
    }
    Ok(())
}

/// Checks that a reference stands for a character. One to an entity that only a DTD could define is
/// restricted (RFC 6120 §11.1); anything else is not well-formed.
pub(crate) fn check_reference(name: &str) -> Result<(), StreamError> {
    if escape::reference(name).is_some() {
        Ok(())
    } else if crate::chars::is_new_ncname(name) {
        Err(StreamError::new(StreamCondition::RestrictedXml).text("undefined entity"))
    } else {
        Err(malformed("invalid character reference"))
    }
}
