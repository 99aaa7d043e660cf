//! Requests before authentication (XEP-0077 section 3.1), answered by features that registered for them.

use std::sync::Arc;

use kernel::Host;
use xmpp::{Document, Stanza, StanzaError, StreamCondition, StreamError, ns};

use crate::c2s::C2s;
use crate::pipe::{Pipe, PipeError};
use crate::sasl;

/// Requests on one stream before authentication; one more ends it.
const REQUESTS: usize = 20;

/// The requests a stream may still make before authentication.
pub(crate) struct Early<'a> {
    c2s: &'a C2s,
    host: &'a Arc<Host>,
    left: usize,
}

impl<'a> Early<'a> {
    pub fn new(c2s: &'a C2s, host: &'a Arc<Host>) -> Self {
        Self { c2s, host, left: REQUESTS }
    }

    /// The next element that is not such a request; requests are answered along the way. `None` when the peer
    /// has left.
    pub async fn next<P: Pipe>(&mut self, pipe: &mut P) -> Result<Option<Document>, PipeError> {
        loop {
            let Some(element) = sasl::element(pipe).await? else { return Ok(None) };
            let taken = element.root().is("iq", ns::CLIENT) && self.c2s.kernel.takes_early(self.host);
            if !taken {
                return Ok(Some(element));
            }
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                StreamError::new(StreamCondition::PolicyViolation)
                    .text("too many requests before authentication")
            })?;
            self.answer(pipe, element).await;
        }
    }

    async fn answer<P: Pipe>(&self, pipe: &mut P, element: Document) {
        let reply = match Stanza::from_document(element) {
            Err(malformed) => malformed.error_reply(),
            Ok(stanza) if !stanza.is_request() => None,
            Ok(stanza) => match self.c2s.kernel.early(self.host, pipe.about(), &stanza).await {
                Some(reply) => Some(reply),
                None => stanza.error_reply(&StanzaError::not_authorized().text("log in first")),
            },
        };
        if let Some(reply) = reply {
            pipe.stanza(&reply);
        }
    }
}
