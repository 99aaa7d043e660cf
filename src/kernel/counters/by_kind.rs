//! Counters of stanzas.

use runtime::Counter;
use xmpp::Kind;

/// The kinds of stanzas, in the order in which they are counted.
pub const KINDS: [Kind; 3] = [Kind::Message, Kind::Presence, Kind::Iq];

/// A counter for each kind of stanza.
#[derive(Debug, Default)]
pub struct ByKind([Counter; KINDS.len()]);

impl ByKind {
    /// Counts one stanza.
    pub fn inc(&self, kind: Kind) {
        self.add(kind, 1);
    }

    /// Counts so many stanzas.
    pub fn add(&self, kind: Kind, count: u64) {
        let [message, presence, iq] = &self.0;
        let counter = match kind {
            Kind::Message => message,
            Kind::Presence => presence,
            Kind::Iq => iq,
        };
        counter.add(count);
    }

    /// In the order of [`KINDS`].
    pub fn get(&self) -> [u64; KINDS.len()] {
        self.0.each_ref().map(Counter::get)
    }

    /// Of all kinds.
    pub fn sum(&self) -> u64 {
        self.get().iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_in_its_place() {
        let counts = ByKind::default();
        for (more, kind) in KINDS.into_iter().enumerate() {
            counts.add(kind, 10);
            (0..more).for_each(|_| counts.inc(kind));
        }
        assert_eq!((counts.get(), counts.sum()), ([10, 11, 12], 33));
    }
}
