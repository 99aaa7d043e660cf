//! STARTTLS on a stream that the peer opens (RFC 6120 section 5).

use net::TlsConfig;
use xmpp::{Document, Element, StreamCondition, StreamError, ns};

use super::{Ended, Line, Opened, Purpose, Secured};
use crate::features;
use crate::listener;
use crate::pipe::Pipe;
use crate::sm;
use crate::tcp::Tcp;

/// Elements before `<starttls/>`.
const ATTEMPTS: usize = 5;

impl<'a, U: Purpose> Opened<'a, Tcp, U> {
    /// Encrypts the connection; nothing else is allowed. The stream begins anew after that. Without a `config` there
    /// is no certificate to show.
    pub async fn encrypt(mut self, config: Option<TlsConfig>) -> Result<Secured<'a, Tcp, U>, Ended> {
        self.offer(&features::starttls());
        self.line.starttls().await?;
        let Some(config) = config else {
            self.line.pipe.element(&Element::new("failure", ns::TLS));
            return Err(self.line.close().await);
        };
        self.line.pipe.element(&Element::new("proceed", ns::TLS));
        let (until, purpose) = (self.line.until(), self.line.purpose);
        let peer = self.line.pipe.connection.peer();
        // Boxed, so that its state does not enlarge that of the steps that follow.
        let handshake = Box::pin(self.line.pipe.connection.starttls(config));
        let connection = listener::in_time(purpose.runtime(), peer, until, handshake).await?;
        Ok(Secured(Line::new(Box::new(Tcp::new(connection)), purpose, until).open().await?))
    }
}

impl<P: Pipe, U: Purpose> Line<'_, P, U> {
    /// Waits for `<starttls/>`. Stream management is answered as it is before log-in.
    async fn starttls(&mut self) -> Result<(), Ended> {
        for _ in 0..ATTEMPTS {
            let element = self.element().await?;
            if element.root().is("starttls", ns::TLS) {
                return Ok(());
            }
            if !self.is_too_early(&element) {
                break;
            }
        }
        let error = StreamError::new(StreamCondition::PolicyViolation).text("STARTTLS is required");
        Err(self.fail(error).await)
    }

    /// Whether the element is stream management, which is answered that it comes too early (XEP-0198 section 3).
    pub fn is_too_early(&mut self, element: &Document) -> bool {
        let is_management = sm::read(element.root()).is_some();
        if is_management {
            self.pipe.element(&sm::too_early(self.pipe.confirms()));
        }
        is_management
    }
}
