//! Which of a component's connections a sender's stanzas take: always the same one while any of them waits, so that they stay in
//! order.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use xmpp::Jid;

/// Senders are divided into so many lots, by a hash of their bare JIDs.
const LOTS: usize = 64;

#[derive(Clone, Copy, Default)]
struct Lot {
    /// The connection's number; 0: none yet.
    owner: u64,
    /// How many of its stanzas are not known to be sent.
    waiting: u32,
}

pub(super) struct Lots([Lot; LOTS]);

impl Default for Lots {
    fn default() -> Self {
        Self([Lot::default(); LOTS])
    }
}

/// The lot of a sender; stanzas without one share a lot.
fn lot(from: Option<&Jid>) -> usize {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    (KEY.hash_one(from.map(Jid::bare_str)) % LOTS as u64) as usize
}

impl Lots {
    /// The connection, one of those `open`, for a stanza from this sender, which waits for it from now on. A lot moves to where it
    /// belongs among those that are open as soon as none of its stanzas waits.
    pub fn assign(&mut self, from: Option<&Jid>, open: &[u64]) -> Option<u64> {
        let at = lot(from);
        let lot = self.0.get_mut(at)?;
        if lot.waiting == 0 || !open.contains(&lot.owner) {
            lot.owner = *open.get(at % open.len().max(1))?;
        }
        lot.waiting += 1;
        Some(lot.owner)
    }

    /// A stanza from this sender waits no more.
    pub fn release(&mut self, from: Option<&Jid>) {
        if let Some(lot) = self.0.get_mut(lot(from)) {
            lot.waiting = lot.waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_moves_only_when_nothing_of_it_waits() {
        let mut lots = Lots::default();
        let senders: Vec<Jid> =
            (0..500).map(|n| Jid::parse(&format!("u{n}@chess.example/x")).unwrap()).collect();
        let first: Vec<_> = senders.iter().map(|one| lots.assign(Some(one), &[1]).unwrap()).collect();
        assert!(first.iter().all(|owner| *owner == 1));
        assert!(senders.iter().all(|one| lots.assign(Some(one), &[1, 2, 3]) == Some(1)));
        for one in senders.iter().chain(&senders) {
            lots.release(Some(one));
        }
        let spread: Vec<_> = senders.iter().map(|one| lots.assign(Some(one), &[1, 2, 3]).unwrap()).collect();
        assert!([1, 2, 3].iter().all(|id| spread.contains(id)));
        // One resource or another, it is one sender.
        let other = Jid::parse("u0@chess.example/y").unwrap();
        assert_eq!(lots.assign(Some(&other), &[1, 2, 3]), Some(spread[0]));
        assert_eq!(lots.assign(None, &[]), None);
    }
}
