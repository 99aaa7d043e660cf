//! The IQ table: requests to the server find a handler, and get exactly one answer.

use std::sync::Arc;

use xmpp::{Element, Jid, Stanza, StanzaError, StanzaType};

use crate::{Account, BoxFuture, Host, IqKind, Kernel, Packet, Session};

/// Whom a request is addressed to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// The domain.
    Host,
    /// An account: its bare JID, or no `to` at all.
    Account,
}

/// What a handler answers: the payload of the result, if it has one, or an error.
pub type IqResult = Result<Option<Element>, StanzaError>;

pub(crate) type IqHandler = Arc<dyn Fn(IqRequest) -> BoxFuture<'static, IqResult> + Send + Sync>;

#[derive(PartialEq, Eq, Hash)]
pub(crate) struct IqKey {
    pub target: Target,
    pub kind: IqKind,
    pub ns: Box<str>,
    pub name: Box<str>,
}

#[derive(Hash)]
struct IqKeyRef<'a> {
    target: Target,
    kind: IqKind,
    ns: &'a str,
    name: &'a str,
}

impl hashbrown::Equivalent<IqKey> for IqKeyRef<'_> {
    fn equivalent(&self, key: &IqKey) -> bool {
        self.target == key.target && self.kind == key.kind && *self.ns == *key.ns && *self.name == *key.name
    }
}

/// A request as its handler sees it.
pub struct IqRequest {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// The host it is addressed to, or whose account it is.
    pub host: Arc<Host>,
    /// The account it is addressed to.
    pub account: Option<Arc<Account>>,
    /// The local session it came from, if it did.
    pub session: Option<Arc<Session>>,
    /// The request.
    pub stanza: Stanza,
}

impl IqRequest {
    /// Who asks, if the stanza says so.
    pub fn from(&self) -> Option<&Jid> {
        self.stanza.from()
    }

    /// Does the account's owner ask?
    pub fn is_own(&self) -> bool {
        match (&self.account, self.stanza.from()) {
            (Some(account), Some(from)) => account.jid().as_str() == from.bare_str(),
            _ => false,
        }
    }

    /// The account of a request that only its owner may make.
    ///
    /// # Errors
    /// `forbidden` for everybody else.
    pub fn own_account(&self) -> Result<Arc<Account>, StanzaError> {
        match &self.account {
            Some(account) if self.is_own() => Ok(account.clone()),
            _ => Err(StanzaError::forbidden()),
        }
    }
}

fn request_kind(stanza: &Stanza) -> Option<IqKind> {
    match stanza.stanza_type() {
        StanzaType::Get => Some(IqKind::Get),
        StanzaType::Set => Some(IqKind::Set),
        _ => None,
    }
}

impl Kernel {
    /// A request to a domain.
    pub(crate) async fn iq_to_host(self: &Arc<Self>, packet: Packet) {
        let target = packet.is_to_bare().then_some(Target::Host);
        self.answer(packet, target, None).await;
    }

    /// A request to an account.
    pub(crate) async fn iq_to_account(self: &Arc<Self>, packet: Packet, account: Arc<Account>) {
        self.answer(packet, Some(Target::Account), Some(account)).await;
    }

    /// The one place that answers requests to the server: with the handler's result or error, or with
    /// `service-unavailable` when there is no handler (RFC 6120 section 8.2.3, RFC 6121 section 8.5).
    async fn answer(self: &Arc<Self>, packet: Packet, target: Option<Target>, account: Option<Arc<Account>>) {
        let Some(kind) = request_kind(&packet.stanza) else { return self.ignore(packet) };
        let handler = target.and_then(|target| {
            let payload = packet.stanza.payload()?;
            let key = IqKeyRef { target, kind, ns: payload.ns(), name: payload.name() };
            packet.table()?.iq.get(&key).cloned()
        });
        let Some(handler) = handler else {
            return self.bounce(packet, StanzaError::service_unavailable()).await;
        };
        let request = IqRequest {
            kernel: self.clone(),
            host: packet.host.clone(),
            account,
            session: packet.session().cloned(),
            stanza: packet.stanza.clone(),
        };
        match handler(request).await {
            Ok(payload) => {
                let reply = packet.stanza.result_reply(payload.as_ref());
                self.reply(&packet, reply).await;
            }
            Err(error) => self.bounce(packet, error).await,
        }
    }
}
