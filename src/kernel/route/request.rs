//! The server's own IQ requests and their answers.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use xmpp::{Element, Jid, Stanza, StanzaType};

use crate::{IqKind, Kernel, Origin, Packet};

/// Requests that may await an answer at once; further ones fail.
const PENDING: usize = 100_000;

/// Why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    Timeout,
    /// Too many requests await an answer already.
    TooMany,
}

/// Requests that await an answer, by id.
#[derive(Default)]
pub(crate) struct Pending(Mutex<HashMap<Box<str>, Asked>>);

/// The JID that must answer, and where the answer goes.
type Asked = (Jid, oneshot::Sender<Stanza>);

/// Removes the request if it is abandoned.
struct Waiting<'a> {
    pending: &'a Pending,
    id: Box<str>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pending.0.lock().remove(&self.id);
    }
}

impl Kernel {
    /// Sends a request to `to` and returns the answer, a result or an error stanza. `from` is a local domain,
    /// a service's address, or an account's bare JID; only an answer from `to` counts.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn request(
        self: &Arc<Self>,
        origin: Origin,
        (from, to): (&Jid, &Jid),
        kind: IqKind,
        payload: &Element,
        patience: Duration,
    ) -> Result<Stanza, RequestError> {
        let id = self.runtime().random.token(96);
        let (sender, answer) = oneshot::channel();
        {
            let mut pending = self.pending.0.lock();
            if pending.len() >= PENDING {
                return Err(RequestError::TooMany);
            }
            pending.insert(id.as_str().into(), (to.clone(), sender));
        }
        let _waiting = Waiting { pending: &self.pending, id: id.as_str().into() };
        let kind = match kind {
            IqKind::Get => StanzaType::Get,
            IqKind::Set => StanzaType::Set,
        };
        let stanza = Stanza::iq(kind, &id, Some(from), Some(to), Some(payload));
        let asked = async {
            self.send(origin, stanza).await;
            answer.await
        };
        match tokio::time::timeout(patience, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(RequestError::Timeout),
        }
    }

    /// Passes on an IQ result or error for the server itself; `true` if a request awaited it.
    pub(crate) fn answered(&self, packet: &Packet) -> bool {
        let stanza = &packet.stanza;
        if !matches!(stanza.stanza_type(), StanzaType::Result | StanzaType::Error) {
            return false;
        }
        let Some((id, from)) = stanza.id().zip(stanza.from()) else { return false };
        let mut pending = self.pending.0.lock();
        if pending.get(id).is_none_or(|(asked, _)| asked != from) {
            return false;
        }
        let waiting = pending.remove(id);
        drop(pending);
        waiting.is_some_and(|(_, sender)| sender.send(stanza.clone()).is_ok())
    }
}
