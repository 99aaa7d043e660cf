//! A BOSH body, as far as a client looks into it.

use std::ops::Range;

use anyhow::{Context as _, Result};

use crate::framer::{Framer, attribute};

/// A `<body/>`.
pub struct Body {
    text: Vec<u8>,
    /// Where its start tag stands.
    tag: Range<usize>,
}

impl Body {
    pub(super) fn read(text: Vec<u8>) -> Result<Self> {
        let mut framer = Framer::default();
        framer.buffer = text;
        let (_, tag) = framer.next_event().context("no body")?;
        Ok(Self { text: framer.buffer, tag })
    }

    /// The value of an attribute, as it stands.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.text[self.tag.clone()], name)
    }

    /// Whether the session has ended.
    pub fn is_last(&self) -> bool {
        self.attribute("type") == Some("terminate")
    }

    /// What stands in it.
    pub fn content(&self) -> Result<&[u8]> {
        let content = self.text[self.tag.end..].trim_ascii_end();
        match content.is_empty() {
            true => Ok(content),
            false => content.strip_suffix(b"</body>").context("a body cut short"),
        }
    }

    /// All of it.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(body: &str) -> Result<String> {
        Ok(String::from_utf8(Body::read(body.into())?.content()?.to_vec())?)
    }

    #[test]
    fn a_body_is_unwrapped() -> Result<()> {
        assert_eq!(content("<body a='>'><x/></body>\n")?, "<x/>");
        assert_eq!(content("<body/>")?, "");
        assert!(content("<body><x/>").is_err());
        let body = Body::read(b"<body type='terminate'><x type='y'/></body>".to_vec())?;
        assert!(body.is_last());
        assert!(!Body::read(b"<body><x type='terminate'/></body>".to_vec())?.is_last());
        Ok(())
    }
}
