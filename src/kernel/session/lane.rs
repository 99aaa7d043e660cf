//! Requests answered while their session reads on, and what waits behind them.

use std::sync::Arc;

use xmpp::Kind;

use crate::session::Session;

/// Which stanzas of the same client wait until a pending request has been answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Requests to the same feature: they see the changes of the one before.
    #[default]
    Requests,
    /// Those, and presence: the request changes who sees it.
    Presence,
    /// Everything: the request changes what is let through.
    Everything,
}

impl Holds {
    fn holds(self, kind: Kind) -> bool {
        self == Self::Everything || (self == Self::Presence && kind == Kind::Presence)
    }
}

/// The pending requests of one session.
#[derive(Default)]
pub(crate) struct Lanes {
    open: Vec<Request>,
    next: u32,
}

struct Request {
    number: u32,
    owner: Arc<str>,
    holds: Holds,
}

impl Lanes {
    fn enter(&mut self, owner: &Arc<str>, holds: Holds) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.push(Request { number, owner: owner.clone(), holds });
        number
    }

    fn is_free_for(&self, owner: &Arc<str>) -> bool {
        !self.open.iter().any(|request| request.owner == *owner)
    }

    fn leave(&mut self, number: u32) {
        self.open.retain(|request| request.number != number);
        if self.open.is_empty() {
            self.open = Vec::new();
        }
    }

    /// Whether this request is the first of its feature's. Requests are in order of arrival.
    fn is_first(&self, number: u32) -> bool {
        let Some(own) = self.open.iter().find(|request| request.number == number) else { return true };
        self.open.iter().find(|request| request.owner == own.owner).is_none_or(|first| first.number == number)
    }

    fn hold(&self, kind: Kind) -> bool {
        self.open.iter().any(|request| request.holds.holds(kind))
    }
}

/// A request's place among those of its session, removed when this is dropped.
pub(crate) struct Lane {
    session: Arc<Session>,
    number: u32,
}

impl Lane {
    /// Registers a request to a feature that is answered while its session reads on.
    pub fn enter(session: &Arc<Session>, owner: &Arc<str>, holds: Holds) -> Self {
        let number = session.intake.lanes(|lanes| lanes.enter(owner, holds));
        Self { session: session.clone(), number }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Waits until the requests before this one have been answered.
    pub async fn turn(&self) {
        self.session.intake.until_lanes(|lanes| lanes.is_first(self.number)).await;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.session.intake.lanes(|lanes| lanes.leave(self.number));
        self.session.intake.settled.notify_waiters();
    }
}

impl Session {
    /// Whether so many answers wait that further requests must be refused.
    pub(crate) fn has_too_many_answers(&self) -> bool {
        self.mailbox.has_too_many_answers(&self.host().options().limits)
    }

    /// Whether no request to this feature is pending. Called only for the session's own stanzas, one at a
    /// time.
    pub(crate) fn is_free_for(&self, owner: &Arc<str>) -> bool {
        self.intake.lanes(|lanes| lanes.is_free_for(owner))
    }

    /// Waits until no pending request holds up a stanza of this kind.
    pub(crate) async fn unheld(&self, kind: Kind) {
        self.intake.until_lanes(|lanes| !lanes.hold(kind)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_to_one_feature_take_turns() {
        let mut lanes = Lanes::default();
        let (roster, vcard) = (Arc::from("roster"), Arc::from("vcard"));
        let one = lanes.enter(&roster, Holds::Presence);
        assert!(!lanes.is_free_for(&roster) && lanes.is_free_for(&vcard));
        let other = lanes.enter(&vcard, Holds::Requests);
        let two = lanes.enter(&roster, Holds::Requests);
        assert_eq!([one, other, two].map(|number| lanes.is_first(number)), [true, true, false]);
        assert!(lanes.hold(Kind::Presence) && !lanes.hold(Kind::Message));
        lanes.leave(one);
        assert!(lanes.is_first(two) && !lanes.hold(Kind::Presence));
        let three = lanes.enter(&roster, Holds::Everything);
        assert!(!lanes.is_first(three) && lanes.hold(Kind::Message) && lanes.hold(Kind::Iq));
    }
}
