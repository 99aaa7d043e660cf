//! Messages: which were sent and acknowledged, and which came.

use std::collections::{BTreeMap, BTreeSet};

use xmpp::{Element, ns};

/// The messages of one sender, over all rounds.
#[derive(Default)]
pub struct Letters {
    used: u64,
    /// By recipient, until it has read them.
    waiting: BTreeMap<String, BTreeSet<u64>>,
    /// Below which a recipient has read everything.
    read: BTreeMap<String, u64>,
    /// Recipients by number.
    sent: BTreeMap<u64, String>,
    /// How many were acknowledged.
    pub count: usize,
}

impl Letters {
    /// The next message, to one of these accounts; its number is put into `sent`.
    pub fn write(&mut self, to: &[&str], sent: &mut Vec<u64>) -> String {
        let number = self.used;
        self.used += 1;
        let to = to[usize::try_from(number).unwrap() % to.len()];
        self.sent.insert(number, to.to_owned());
        sent.push(number);
        format!("<message to='{to}' type='chat' id='{number}'><body>{number}</body></message>")
    }

    pub fn acknowledged(&mut self, numbers: &[u64], refused: &[u64]) {
        for number in numbers.iter().filter(|number| !refused.contains(number)) {
            self.waiting.entry(self.sent[number].clone()).or_default().insert(*number);
            self.count += 1;
        }
    }

    /// What came to a recipient of this sender's: everything acknowledged, each once, in order, and nothing anew.
    pub fn compare(&mut self, sender: &str, recipient: &str, came: &[u64]) {
        let about = format!("from {sender} to {recipient}");
        assert!(came.is_sorted_by(|a, b| a < b), "{about}: in order, and each once: {came:?}");
        let before = self.read.get(recipient).copied().unwrap_or_default();
        assert!(came.first().is_none_or(|first| *first >= before), "{about}: read before: {came:?}");
        let mine = |number: &u64| self.sent.get(number).is_some_and(|to| to == recipient);
        assert!(came.iter().all(mine), "{about}: never sent: {came:?}");
        let waiting = self.waiting.remove(recipient).unwrap_or_default();
        let missing: Vec<_> = waiting.iter().filter(|number| came.binary_search(number).is_err()).collect();
        assert!(missing.is_empty(), "{about}: acknowledged and not there: {missing:?}, only {came:?}");
        self.read.insert(recipient.to_owned(), self.used);
    }
}

/// Stored messages by the sender's account, each of which says when it was stored.
pub fn by_sender(messages: &[Element]) -> BTreeMap<String, Vec<u64>> {
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for message in messages {
        let stamps = message.children().filter(|child| child.is("delay", ns::DELAY)).count();
        assert_eq!(stamps, 1, "{}", message.to_xml(""));
        let body = message.find("body", ns::CLIENT).unwrap().text_content();
        assert_eq!(message.get("id"), Some(&*body), "{}", message.to_xml(""));
        let sender = message.get("from").unwrap().split('/').next().unwrap();
        found.entry(sender.to_owned()).or_default().push(body.parse().unwrap());
    }
    found
}
