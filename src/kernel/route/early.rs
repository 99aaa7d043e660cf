//! Requests of clients that have not authenticated yet (XEP-0077).

use std::sync::Arc;

use xmpp::Stanza;

use crate::route::iq::{IqKeyRef, request_kind};
use crate::{BoxFuture, Host, IqResult, Kernel, SessionAbout, Target};

pub(crate) type EarlyHandler = Arc<dyn Fn(EarlyRequest) -> BoxFuture<'static, IqResult> + Send + Sync>;

/// A request before authentication, as its handler sees it.
pub struct EarlyRequest {
    pub kernel: Arc<Kernel>,
    /// The host that the stream is for.
    pub host: Arc<Host>,
    /// The client's connection.
    pub about: SessionAbout,
    /// The request.
    pub stanza: Stanza,
}

impl Kernel {
    /// Answers a request of an unauthenticated client; `None` if it is not a request, or no feature handles
    /// it.
    pub async fn early(
        self: &Arc<Self>,
        host: &Arc<Host>,
        about: SessionAbout,
        stanza: &Stanza,
    ) -> Option<Stanza> {
        let table = self.table(host)?;
        let (kind, payload) = (request_kind(stanza)?, stanza.payload()?);
        let to_host = stanza.to().is_none_or(|to| to.is_domain() && to.domain() == host.name());
        let key = IqKeyRef { target: &Target::Host, kind, ns: payload.ns(), name: payload.name() };
        let (_, handler) = table.registered.early.get(&key).filter(|_| to_host)?;
        let request =
            EarlyRequest { kernel: self.clone(), host: host.clone(), about, stanza: stanza.clone() };
        match handler(request).await {
            Ok(payload) => Some(stanza.result_reply(payload.as_ref())),
            Err(error) => stanza.error_reply(&error),
        }
    }

    /// Whether any feature handles requests before authentication.
    pub fn takes_early(&self, host: &Host) -> bool {
        self.table(host).is_some_and(|table| !table.registered.early.is_empty())
    }
}
