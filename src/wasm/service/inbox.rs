//! What waits for a service: how much, and of whom. A sender who has filled its share is refused; others are not.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use xmpp::{Jid, Kind, Stanza};

use crate::service::Lanes;

/// Messages and requests of one sender that wait at a time, an unanswered request included; fewer than a session may have unsettled, so
/// that a service which does not answer holds up nothing else of its sender.
const STANZAS: usize = 50;
/// Presence comes in bursts: a probe and a presence for each contact at the address.
const PRESENCE: usize = 1_000;
/// Bytes of one sender, unless it is a single stanza.
const BYTES: usize = 512 * 1024;
/// All senders of another server or a component together have so many times the share of one.
const OF_A_DOMAIN: usize = 10;
/// All of one service.
const ALL_STANZAS: usize = 10_000;
const ALL_BYTES: usize = 16 * 1024 * 1024;

/// The stanzas that wait for one plugin's address on one domain.
pub(crate) struct Inbox {
    /// They are told in order, those of each sender one after the other.
    pub lanes: Arc<Lanes>,
    shares: Mutex<Shares>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { lanes: Arc::new(Lanes::unbounded()), shares: Mutex::default() }
    }
}

#[derive(Default)]
struct Shares {
    senders: HashMap<Jid, Share>,
    /// Of other servers and components.
    domains: HashMap<Jid, Share>,
    all: Share,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    stanzas: usize,
    presence: usize,
    bytes: usize,
}

impl Share {
    fn of(stanza: &Stanza) -> Self {
        let is_presence = usize::from(stanza.kind() == Kind::Presence);
        Self { stanzas: 1 - is_presence, presence: is_presence, bytes: stanza.size() }
    }

    fn with(self, more: Self) -> Self {
        Self {
            stanzas: self.stanzas + more.stanzas,
            presence: self.presence + more.presence,
            bytes: self.bytes + more.bytes,
        }
    }

    fn without(self, less: Self) -> Self {
        Self {
            stanzas: self.stanzas - less.stanzas,
            presence: self.presence - less.presence,
            bytes: self.bytes - less.bytes,
        }
    }

    /// Whether this is within so many times the share of one sender.
    fn fits(self, times: usize) -> bool {
        let is_single = self.stanzas + self.presence <= 1;
        self.stanzas <= STANZAS * times
            && self.presence <= PRESENCE * times
            && (is_single || self.bytes <= BYTES * times)
    }

    fn fits_all(self) -> bool {
        self.stanzas + self.presence <= ALL_STANZAS && self.bytes <= ALL_BYTES
    }
}

/// Room for one stanza, until it has been told, and answered if it is a request.
pub(crate) struct Place {
    inbox: Arc<Inbox>,
    sender: Jid,
    domain: Option<Jid>,
    share: Share,
}

impl Inbox {
    /// Room for a stanza of this sender (a bare JID); `domain`: that of the server or component that is answerable for it. `None`:
    /// its share is used up, or all of it.
    pub fn room(self: &Arc<Self>, sender: Jid, domain: Option<Jid>, stanza: &Stanza) -> Option<Place> {
        let share = Share::of(stanza);
        let mut shares = self.shares.lock();
        let of = |map: &HashMap<Jid, Share>, key: &Jid| map.get(key).copied().unwrap_or_default().with(share);
        let (own, all) = (of(&shares.senders, &sender), shares.all.with(share));
        let theirs = domain.as_ref().map(|domain| of(&shares.domains, domain));
        if !own.fits(1) || theirs.is_some_and(|theirs| !theirs.fits(OF_A_DOMAIN)) || !all.fits_all() {
            return None;
        }
        shares.senders.insert(sender.clone(), own);
        if let (Some(domain), Some(theirs)) = (&domain, theirs) {
            shares.domains.insert(domain.clone(), theirs);
        }
        shares.all = all;
        drop(shares);
        Some(Place { inbox: self.clone(), sender, domain, share })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shares = self.inbox.shares.lock();
        let less = |map: &mut HashMap<Jid, Share>, key: &Jid| {
            let left = map.get(key).copied().unwrap_or_default().without(self.share);
            match left == Share::default() {
                true => drop(map.remove(key)),
                false => drop(map.insert(key.clone(), left)),
            }
        };
        less(&mut shares.senders, &self.sender);
        if let Some(domain) = &self.domain {
            less(&mut shares.domains, domain);
        }
        shares.all = shares.all.without(self.share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse_str(xml).unwrap()
    }

    #[test]
    fn one_sender_takes_no_room_from_another() {
        let inbox = Arc::new(Inbox::default());
        let message = stanza("<message><body>x</body></message>");
        let room = |sender: &str| inbox.room(jid(sender), None, &message);
        let places: Vec<_> = std::iter::from_fn(|| room("a@x")).collect();
        assert_eq!(places.len(), STANZAS);
        let presence = inbox.room(jid("a@x"), None, &stanza("<presence/>"));
        assert!(presence.is_some(), "presence has a share of its own");
        assert!(room("b@x").is_some());
        drop((places, presence));
        assert!(room("a@x").is_some(), "there is room again");
        assert_eq!(inbox.shares.lock().all, Share::default());
        assert!(inbox.shares.lock().senders.is_empty());
    }

    #[test]
    fn a_domain_that_invents_senders_has_a_share_as_well() {
        let inbox = Arc::new(Inbox::default());
        let message = stanza("<message><body>x</body></message>");
        let room = |number: usize| inbox.room(jid(&format!("{number}@y")), Some(jid("y")), &message);
        let places: Vec<_> = (0..).map_while(room).collect();
        assert_eq!(places.len(), STANZAS * OF_A_DOMAIN);
        assert!(inbox.room(jid("b@x"), None, &message).is_some());
    }

    #[test]
    fn a_large_stanza_has_room_when_nothing_else_waits() {
        let inbox = Arc::new(Inbox::default());
        let large = stanza(&format!("<message><body>{}</body></message>", "x".repeat(BYTES)));
        let first = inbox.room(jid("a@x"), None, &large);
        assert!(first.is_some() && inbox.room(jid("a@x"), None, &large).is_none());
        drop(first);
        assert!(inbox.room(jid("a@x"), None, &large).is_some());
    }
}
