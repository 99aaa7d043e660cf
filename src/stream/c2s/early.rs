//! Requests before authentication (XEP-0077 section 3.1), answered by features that registered for them.

use std::sync::Arc;

use kernel::Host;
use xmpp::{Document, Stanza, StanzaError, StreamCondition, StreamError, ns};

use super::C2s;
use crate::opening::{Ended, Line};
use crate::pipe::Pipe;

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

    /// The next element that is not such a request; requests are answered along the way.
    pub async fn next<P: Pipe>(&mut self, line: &mut Line<'_, P, C2s>) -> Result<Document, Ended> {
        loop {
            let element = line.element().await?;
            let taken = element.root().is("iq", ns::CLIENT) && self.c2s.kernel.takes_early(self.host);
            if !taken {
                return Ok(element);
            }
            let Some(left) = self.left.checked_sub(1) else {
                let error = StreamError::new(StreamCondition::PolicyViolation);
                return Err(line.fail(error.text("too many requests before authentication")).await);
            };
            self.left = left;
            self.answer(&mut *line.pipe, element).await;
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
