//! What was asked for, what was acknowledged, and which contents of the store agree with that.

use std::collections::{BTreeMap, BTreeSet};

/// Contents: a contact, an element or an address, and what is kept for it.
pub type Held = BTreeMap<String, String>;

/// What one request changes: new values, or `None` where something is removed.
pub type Change = Vec<(String, Option<String>)>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Not answered.
    Open,
    Acknowledged,
    /// Answered with a temporary error: if the connection broke during the commit, it may be kept all the same.
    Refused,
}

/// The requests to one part of an account, in the order in which they were sent.
#[derive(Default)]
pub struct Ledger {
    /// What was kept when it was last read.
    kept: Held,
    sent: Vec<(Change, Outcome)>,
    answered: usize,
    /// What will be kept when everything that was sent takes effect.
    next: Held,
    /// Requests so far, over all rounds.
    pub used: u64,
    /// Those among them that were acknowledged.
    pub acknowledged: usize,
}

fn apply(held: &mut Held, change: &Change) {
    for (key, value) in change {
        match value {
            Some(value) => held.insert(key.clone(), value.clone()),
            None => held.remove(key),
        };
    }
}

impl Ledger {
    /// What the next request finds.
    pub fn next(&self) -> &Held {
        &self.next
    }

    /// How many requests are not answered.
    pub fn open(&self) -> usize {
        self.sent.len() - self.answered
    }

    /// A request that is sent now; its id.
    pub fn send(&mut self, change: Change) -> String {
        apply(&mut self.next, &change);
        self.sent.push((change, Outcome::Open));
        self.used += 1;
        (self.sent.len() - 1).to_string()
    }

    /// The request with this id was answered; those to one part of an account are handled one after the other.
    pub fn answer(&mut self, id: &str, acknowledged: bool) {
        assert_eq!(id, self.answered.to_string(), "answers come in the order of the requests");
        self.sent[self.answered].1 = if acknowledged { Outcome::Acknowledged } else { Outcome::Refused };
        self.answered += 1;
        self.acknowledged += usize::from(acknowledged);
    }

    /// Compares with what the store has now, and begins anew from there.
    pub fn compare(&mut self, what: &str, found: Held) {
        assert!(
            self.agrees(&found),
            "{what}: {found:?} is kept.\nAfter {:?}\nthere were {} requests, {} of them answered; acknowledged:\n{:?}",
            self.kept,
            self.sent.len(),
            self.answered,
            self.sent
                .iter()
                .filter(|sent| sent.1 == Outcome::Acknowledged)
                .map(|sent| &sent.0)
                .collect::<Vec<_>>()
        );
        (self.next, self.kept) = (found.clone(), found);
        self.sent.clear();
        self.answered = 0;
    }

    fn agrees(&self, found: &Held) -> bool {
        self.possible().contains(found)
    }

    /// What may be kept: everything acknowledged; of what was not answered, all up to some request; each request as a
    /// whole or not at all.
    fn possible(&self) -> BTreeSet<Held> {
        let mut now = BTreeSet::from([self.kept.clone()]);
        let mut ends = BTreeSet::new();
        for (change, outcome) in &self.sent {
            let after = now.iter().cloned().map(|mut held| {
                apply(&mut held, change);
                held
            });
            let mut after: BTreeSet<Held> = after.collect();
            match outcome {
                Outcome::Acknowledged => {}
                Outcome::Refused => after.append(&mut now),
                Outcome::Open => ends.append(&mut now),
            }
            now = after;
        }
        ends.append(&mut now);
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Ledger};

    fn held(a: u32, b: u32) -> Held {
        [("a", a), ("b", b)].map(|(key, value)| (key.to_owned(), value.to_string())).into()
    }

    /// Four requests that change two keys at once: the first is acknowledged, the second is answered as given.
    fn four(second: bool) -> Ledger {
        let mut ledger = Ledger::default();
        for number in 1..=4 {
            ledger.send(held(number, number).into_iter().map(|(key, value)| (key, Some(value))).collect());
        }
        ledger.answer("0", true);
        ledger.answer("1", second);
        ledger
    }

    #[test]
    fn what_was_acknowledged_or_sent_later_agrees_and_nothing_else_does() {
        let acknowledged = four(true);
        assert!((2..=4).all(|number| acknowledged.agrees(&held(number, number))));
        assert!(!acknowledged.agrees(&held(1, 1)), "the second was acknowledged");
        assert!(four(false).agrees(&held(1, 1)));
        assert!(!four(false).agrees(&held(3, 4)), "half of a request");
        assert!(!four(false).agrees(&Held::new()), "nothing is left");
        assert!(!four(false).agrees(&held(5, 5)), "was never sent");
    }
}
