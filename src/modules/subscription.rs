//! RFC 6121 appendix A: the subscription states and their transitions; section 3.4: pre-approval.
//!
//! Pure functions: [`outbound`] and [`inbound`] return the next state, and whether the stanza is passed on.

use storage::{RosterItem, Subscription};
use xmpp::StanzaType;

/// A presence stanza that manages a subscription (RFC 6121 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A request.
    Subscribe,
    /// Its approval.
    Subscribed,
    /// The end of one's own subscription.
    Unsubscribe,
    /// A denial, or the end of the other's subscription.
    Unsubscribed,
}

impl Action {
    pub const TYPES: [StanzaType; 4] =
        [StanzaType::Subscribe, StanzaType::Subscribed, StanzaType::Unsubscribe, StanzaType::Unsubscribed];

    pub fn of(stanza_type: StanzaType) -> Option<Self> {
        match stanza_type {
            StanzaType::Subscribe => Some(Action::Subscribe),
            StanzaType::Subscribed => Some(Action::Subscribed),
            StanzaType::Unsubscribe => Some(Action::Unsubscribe),
            StanzaType::Unsubscribed => Some(Action::Unsubscribed),
            _ => None,
        }
    }
}

/// The state between an account and a contact: the nine states of appendix A.1, and pre-approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubscriptionState {
    /// The account sees the contact's presence.
    pub to: bool,
    /// The contact sees the account's presence.
    pub from: bool,
    /// "Pending Out": the account has sent a request. Never together with `to`.
    pub pending_out: bool,
    /// "Pending In": the contact has sent a request. Never together with `from`.
    pub pending_in: bool,
    /// A request of the contact is approved in advance.
    pub approved: bool,
}

/// The result of a stanza sent by the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outbound {
    /// The state afterwards.
    pub state: SubscriptionState,
    /// Whether it is routed to the contact.
    pub route: bool,
}

/// The result of a stanza from the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inbound {
    /// The state afterwards.
    pub state: SubscriptionState,
    /// Whether it is delivered to the account's resources.
    pub deliver: bool,
    /// Whether the server answers `subscribed` for the account.
    pub approve: bool,
}

impl SubscriptionState {
    /// The state of a roster item; without one, the state "None".
    pub fn of(item: Option<&RosterItem>) -> Self {
        let Some(item) = item else { return Self::default() };
        let to = matches!(item.subscription, Subscription::To | Subscription::Both);
        let from = matches!(item.subscription, Subscription::From | Subscription::Both);
        Self {
            to,
            from,
            pending_out: item.ask && !to,
            pending_in: item.pending_in.is_some() && !from,
            approved: item.approved,
        }
    }

    /// `subscription` of the roster item.
    pub fn subscription(self) -> Subscription {
        match (self.to, self.from) {
            (false, false) => Subscription::None,
            (true, false) => Subscription::To,
            (false, true) => Subscription::From,
            (true, true) => Subscription::Both,
        }
    }

    /// Whether there is nothing to store.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Appendix A.2: the account sends `action` to the contact.
pub(crate) fn outbound(action: Action, before: SubscriptionState) -> Outbound {
    let mut state = before;
    let route = match action {
        Action::Subscribe => {
            state.pending_out = !before.to;
            true
        }
        Action::Unsubscribe => {
            state.to = false;
            state.pending_out = false;
            true
        }
        Action::Subscribed => {
            state.from |= before.pending_in;
            state.pending_in = false;
            // section 3.4.1: no request is pending yet
            state.approved |= !before.pending_in && !before.from;
            before.pending_in
        }
        Action::Unsubscribed => {
            state.from = false;
            state.pending_in = false;
            state.approved = false;
            before.from || before.pending_in
        }
    };
    Outbound { state, route }
}

/// Appendix A.3: the contact's `action` has arrived for the account.
pub(crate) fn inbound(action: Action, before: SubscriptionState) -> Inbound {
    let mut state = before;
    let mut approve = false;
    let deliver = match action {
        Action::Subscribe => {
            approve = before.from || before.approved;
            state.from = approve;
            state.pending_in = !approve;
            !approve && !before.pending_in
        }
        Action::Unsubscribe => {
            state.from = false;
            state.pending_in = false;
            before.from || before.pending_in
        }
        Action::Subscribed => {
            state.to |= before.pending_out;
            state.pending_out = false;
            before.pending_out
        }
        Action::Unsubscribed => {
            state.to = false;
            state.pending_out = false;
            before.to || before.pending_out
        }
    };
    Inbound { state, deliver, approve }
}

#[cfg(test)]
mod tests;
