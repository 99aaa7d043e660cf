//! XEP-0280: Message Carbons. The resources of an account that have asked for it get copies of its messages:
//! of what another resource has sent (`<sent/>`), and of what another has received (`<received/>`).
//!
//! A resource gets a message once: as it is, or as one copy. Messages from an account to itself are therefore
//! copied only once it is known which resources took them.

mod copied;
mod eligible;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{
    About, Account, Interest, IqKind, IqRequest, IqResult, Kernel, Matter, Module, Order, Packet, Recipient,
    Registrar, Resource, Stage, State, Target, Verdict, Way,
};
use serde_json::Value;
use xmpp::{Element, Jid, Kind, Stanza, StanzaError, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};
use copied::Copied;

struct Carbons;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Carbons))
}

impl Module for Carbons {
    fn about(&self) -> About {
        About { name: "carbons".into(), specifications: vec![("XEP-0280", "1.0.1"), ("XEP-0297", "1.0")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::CARBONS);
        registrar.feature(Target::Host, ns::CARBONS_RULES);
        let kept = Kept { enabled: registrar.state(), copied: registrar.state() };
        for (name, on) in [("enable", true), ("disable", false)] {
            registrar.to_strangers(
                IqKind::Set,
                name,
                ns::CARBONS,
                false,
                |_| Err(StanzaError::not_allowed()),
            );
            registrar.iq(Target::Account, IqKind::Set, name, ns::CARBONS, move |request| {
                std::future::ready(kept.switch(&request, on))
            });
        }
        let messages = Interest::types(Kind::Message, &eligible::TYPES);
        registrar.hook(Stage::Send, Order::Record, messages.clone(), move |kernel, packet| {
            kept.sent(kernel, packet);
            Verdict::Continue
        });
        registrar.hook(Stage::Delivered, Order::Record, messages.clone(), move |kernel, packet| {
            kept.delivered(kernel, packet);
            Verdict::Continue
        });
        registrar.hook(Stage::Undelivered, Order::Early, messages, move |kernel, packet| {
            kept.undelivered(kernel, packet)
        });
    }
}

/// The direction of a message, as seen by the account whose resources get copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Sent,
    Received,
}

impl Direction {
    /// The name of the element that wraps a copy.
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }

    /// The JID at the other end of the conversation.
    fn peer(self, message: &Stanza) -> Option<&Jid> {
        match self {
            Self::Sent => message.to(),
            Self::Received => message.from(),
        }
    }
}

/// Whether a resource gets copies.
#[derive(Default)]
struct Enabled(AtomicBool);

/// State kept with resources and accounts.
#[derive(Clone, Copy)]
struct Kept {
    enabled: State<Resource, Enabled>,
    /// Present once any of the account's resources has enabled carbons.
    copied: State<Account, Copied>,
}

impl Kept {
    /// Sections 4 and 5; enabling twice is not an error (section 10.1).
    fn switch(&self, request: &IqRequest, on: bool) -> IqResult {
        let own = request.resource.as_ref().filter(|_| request.is_own());
        let resource = own.ok_or_else(StanzaError::not_allowed)?;
        self.copied.of(resource.account());
        self.enabled.of(resource).0.store(on, Ordering::Release);
        Ok(None)
    }

    /// Whether any resource of the account has ever enabled carbons.
    fn is_wanted(&self, account: &Account) -> bool {
        self.copied.peek(account).is_some()
    }

    fn gets_copies(&self, resource: &Resource) -> bool {
        self.enabled.peek(resource).is_some_and(|enabled| enabled.0.load(Ordering::Acquire))
    }

    /// Section 8: a client is sending a message.
    fn sent(&self, kernel: &Kernel, packet: &Packet) {
        let Some(client) = packet.client() else { return };
        let account = client.account();
        if !self.is_wanted(account) {
            return; // the usual case
        }
        if packet.stanza.to().is_some_and(|to| !to.same_bare(account.jid())) {
            self.copy(kernel, account, &packet.stanza, Direction::Sent, |resource| resource != client);
        }
    }

    /// Section 7: resources have taken a message.
    fn delivered(&self, kernel: &Kernel, packet: &Packet) {
        if packet.notes.redelivered {
            return; // copies were made the first time
        }
        for recipient in packet.recipients.iter() {
            if self.is_wanted(&recipient.account) && !recipient.taken_by().is_empty() {
                self.delivered_to(kernel, packet, recipient);
            }
        }
    }

    fn delivered_to(&self, kernel: &Kernel, packet: &Packet, recipient: &Recipient) {
        let Recipient { to, account, .. } = recipient;
        let message = addressed(&packet.stanza, to);
        let missed = |resource: &Resource| !recipient.taken_by().contains(resource);
        if let Some(client) = own_client(packet, account) {
            self.copy(kernel, account, &message, Direction::Sent, |one| one != client && missed(one));
            return;
        }
        let matter = Matter::of(Way::In, &message);
        let admits =
            |resource: &Resource| message.from().is_none_or(|from| kernel.admits_at(resource, matter, from));
        self.copy(kernel, account, &message, Direction::Received, |one| missed(one) && admits(one));
    }

    /// A message from an account to itself may find none of its resources ready: the others still get copies.
    fn undelivered(&self, kernel: &Kernel, packet: &Packet) -> Verdict {
        let Some(account) = packet.recipient() else { return Verdict::Continue };
        if let Some(client) = own_client(packet, account) {
            let message = addressed(&packet.stanza, account.jid());
            self.copy(kernel, account, &message, Direction::Sent, |resource| resource != client);
        }
        Verdict::Continue
    }

    /// Copies a message to those of the account's resources in `wanted` that have carbons enabled.
    fn copy(
        &self,
        kernel: &Kernel,
        account: &Account,
        message: &Stanza,
        direction: Direction,
        wanted: impl Fn(&Resource) -> bool,
    ) {
        let Some(copied) = self.copied.peek(account) else { return };
        if !eligible::is_eligible(message, direction, || copied.is_answered_by(message, direction)) {
            return;
        }
        let mut copy = None;
        for resource in account.resources() {
            if self.gets_copies(&resource) && wanted(&resource) {
                let copy = copy.get_or_insert_with(|| wrap(account.jid(), message, direction));
                if copy.payload().is_some() {
                    kernel.show(&resource, copy.clone().with_to(Some(resource.jid().clone())));
                }
            }
        }
        if copy.is_some() {
            copied.note(message, direction);
        }
    }
}

/// The client that sent the packet, if it belongs to this account.
fn own_client<'a>(packet: &'a Packet, account: &Account) -> Option<&'a Resource> {
    packet.client().filter(|client| client.account().id() == account.id())
}

/// The message with the recipient's address: one to several accounts, or without an address, has no `to`
/// itself.
fn addressed(message: &Stanza, to: &Jid) -> Stanza {
    match message.to() {
        Some(_) => message.clone(),
        None => message.clone().with_to(Some(to.clone())),
    }
}

/// The copy, still without `to`; without a payload if the message is too large to be wrapped.
fn wrap(account: &Jid, message: &Stanza, direction: Direction) -> Stanza {
    let forwarded = Element::new("forwarded", ns::FORWARD).stanza(message);
    let copy = Element::new(direction.name(), ns::CARBONS).child(forwarded);
    Stanza::message(message.stanza_type(), Some(account), None).append(&copy).shared()
}
