//! The IQ table: each request to the server is matched to a handler and answered exactly once.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use xmpp::{Element, Jid, Stanza, StanzaError, StanzaType};

use crate::route::service::ServiceAddress;
use crate::session::intake::Guard;
use crate::session::lane::{Holds, Lane};
use crate::{Account, BoxFuture, Host, IqKind, Kernel, Packet, Resource};

/// The addressee of a request, and the subject of disco announcements.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// The domain.
    Host,
    /// An account: its bare JID, or no `to` at all.
    Account,
    /// A service, by its address.
    Service(Arc<str>),
}

/// A handler's answer: the payload of the result, if any, or an error.
pub type IqResult = Result<Option<Element>, StanzaError>;

pub(crate) type IqHandler = Arc<dyn Fn(IqRequest) -> BoxFuture<'static, IqResult> + Send + Sync>;

/// A handler, its owner, and which of the client's stanzas wait for its answer.
#[derive(Clone)]
pub(crate) struct IqEntry {
    pub owner: Arc<str>,
    pub holds: Holds,
    pub handler: IqHandler,
}

/// The error for strangers to an account, whether it exists or not.
#[derive(Clone, Copy)]
pub(crate) struct Stranger {
    /// Whether it also applies to requests to the account's resources.
    pub resources: bool,
    pub answer: fn(&Stanza) -> IqResult,
}

#[derive(PartialEq, Eq, Hash)]
pub(crate) struct IqKey {
    pub target: Target,
    pub kind: IqKind,
    pub ns: Box<str>,
    pub name: Box<str>,
}

#[derive(Hash)]
pub(crate) struct IqKeyRef<'a> {
    pub target: &'a Target,
    pub kind: IqKind,
    pub ns: &'a str,
    pub name: &'a str,
}

impl hashbrown::Equivalent<IqKey> for IqKeyRef<'_> {
    fn equivalent(&self, key: &IqKey) -> bool {
        *self.target == key.target && self.kind == key.kind && *self.ns == *key.ns && *self.name == *key.name
    }
}

/// A request as its handler sees it.
pub struct IqRequest {
    pub kernel: Arc<Kernel>,
    /// The host it is addressed to, or whose account it is.
    pub host: Arc<Host>,
    /// The account it is addressed to.
    pub account: Option<Arc<Account>>,
    /// The local client that sent it, if any.
    pub resource: Option<Resource>,
    /// The request.
    pub stanza: Stanza,
    /// While it lives, the stanza does not count as handled; the handler may pass it on.
    pub guard: Guard,
}

impl IqRequest {
    /// The sender's JID, if present.
    pub fn from(&self) -> Option<&Jid> {
        self.stanza.from()
    }

    /// Whether a client of the account's owner sent it. A plugin that sends from the account's address is not its owner.
    pub fn is_own(&self) -> bool {
        match (&self.account, &self.resource) {
            (Some(account), Some(resource)) => account.jid() == resource.account().jid(),
            _ => false,
        }
    }

    /// The account of a request that only its owner may make.
    ///
    /// # Errors
    /// `forbidden` for all others.
    pub fn own_account(&self) -> Result<Arc<Account>, StanzaError> {
        match &self.account {
            Some(account) if self.is_own() => Ok(account.clone()),
            _ => Err(StanzaError::forbidden()),
        }
    }
}

/// The client has sent more requests at once than it may have answers waiting.
fn too_many() -> StanzaError {
    StanzaError::resource_constraint().text("too many answers are waiting to be read")
}

pub(crate) fn request_kind(stanza: &Stanza) -> Option<IqKind> {
    match stanza.stanza_type() {
        StanzaType::Get => Some(IqKind::Get),
        StanzaType::Set => Some(IqKind::Set),
        _ => None,
    }
}

impl Kernel {
    /// A request to a domain, or an answer to one of this server's requests.
    pub(crate) async fn iq_to_host(self: &Arc<Self>, packet: Box<Packet>) {
        let target = packet.is_to_bare().then_some(Target::Host);
        self.answer(packet, target, None).await;
    }

    /// A stanza to a name without an account: it is answered as an account would answer a stranger, so that
    /// accounts cannot be enumerated.
    pub(crate) async fn to_nobody(self: &Arc<Self>, mut packet: Box<Packet>, host: &Arc<Host>) {
        packet.host = host.clone();
        let stranger = key(&packet, &Target::Account)
            .and_then(|key| packet.table()?.registered.strangers.get(&key).copied())
            .filter(|stranger| stranger.resources || packet.is_to_bare());
        let answer = match stranger {
            Some(stranger) => (stranger.answer)(&packet.stanza),
            None => Err(StanzaError::service_unavailable()),
        };
        self.answer_with(packet, answer).await;
    }

    /// A request to an account, or an answer to a request made in its name.
    pub(crate) async fn iq_to_account(self: &Arc<Self>, packet: Box<Packet>, account: Arc<Account>) {
        self.answer(packet, Some(Target::Account), Some(account)).await;
    }

    /// A request to a service; returned if the table has no handler for it.
    pub(crate) async fn iq_to_service(
        self: &Arc<Self>,
        packet: Box<Packet>,
        service: &ServiceAddress,
    ) -> Option<Box<Packet>> {
        if self.answered(&packet) {
            return None;
        }
        let target = packet.is_to_bare().then(|| Target::Service(service.domain().clone()));
        let Some(entry) = handler(&packet, target.as_ref()) else { return Some(packet) };
        self.ask(packet, entry, None).await;
        None
    }

    /// The only place where requests to the server are answered: with the handler's result or error, or with
    /// `service-unavailable` without a handler (RFC 6120 section 8.2.3, RFC 6121 section 8.5).
    async fn answer(
        self: &Arc<Self>,
        packet: Box<Packet>,
        target: Option<Target>,
        account: Option<Arc<Account>>,
    ) {
        if request_kind(&packet.stanza).is_none() {
            if !self.answered(&packet) {
                self.ignore(packet);
            }
            return;
        }
        match handler(&packet, target.as_ref()) {
            Some(entry) => self.ask(packet, entry, account).await,
            None => self.bounce(packet, StanzaError::service_unavailable()).await,
        }
    }

    /// Calls a handler. One that does not answer at once continues as a task, and the client's session reads
    /// on.
    async fn ask(self: &Arc<Self>, packet: Box<Packet>, entry: IqEntry, account: Option<Arc<Account>>) {
        let request = IqRequest {
            kernel: self.clone(),
            host: packet.host.clone(),
            account,
            resource: packet.client().cloned(),
            stanza: packet.stanza.clone(),
            guard: packet.guard(),
        };
        let client = packet.client().map(|client| client.session().clone());
        if client
            .as_ref()
            .is_some_and(|session| session.mailbox.is_in_bulk() && session.has_too_many_answers())
        {
            return self.bounce(packet, too_many()).await;
        }
        let mut answer = (entry.handler)(request);
        if client.as_ref().is_none_or(|session| session.is_free_for(&entry.owner))
            && let Poll::Ready(answer) = poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await
        {
            return self.answer_with(packet, answer).await;
        }
        let lane = client.map(|session| Lane::enter(&session, &entry.owner, entry.holds));
        self.runtime().tasks.spawn("iq", self.clone().answer_later(packet, answer, lane));
    }

    /// Waits for the handler's turn and its answer.
    fn answer_later(
        self: Arc<Self>,
        packet: Box<Packet>,
        answer: BoxFuture<'static, IqResult>,
        lane: Option<Lane>,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(lane) = &lane {
                lane.turn().await;
                lane.session().mailbox.few_answers().await;
            }
            let answer = match &lane {
                Some(lane) if lane.session().has_too_many_answers() => Err(too_many()),
                _ => answer.await,
            };
            self.answer_with(packet, answer).await;
            drop(lane); // what waits behind it must follow the answer
        })
    }

    async fn answer_with(self: &Arc<Self>, packet: Box<Packet>, answer: IqResult) {
        match answer {
            Ok(payload) => {
                let reply = packet.stanza.result_reply(payload.as_ref());
                self.reply(&packet, reply).await;
            }
            Err(error) => self.bounce(packet, error).await,
        }
    }
}

/// The handler of a request to this target.
fn handler(packet: &Packet, target: Option<&Target>) -> Option<IqEntry> {
    packet.table()?.registered.iq.get(&key(packet, target?)?).cloned()
}

fn key<'a>(packet: &'a Packet, target: &'a Target) -> Option<IqKeyRef<'a>> {
    let (kind, payload) = (request_kind(&packet.stanza)?, packet.stanza.payload()?);
    Some(IqKeyRef { target, kind, ns: payload.ns(), name: payload.name() })
}
