//! Items as the server has them.

use castling_plugin::Subscription as HostSubscription;
use castling_plugin::screening::{Rule, Subject as HostSubject};

use crate::{Item, Kinds, Subject, Subscription};

const BITS: [u32; 4] = [1, 2, 4, 8];
/// Everything, which is more than the four kinds together.
const ALL: u32 = 31;

/// An item as a rule.
pub fn rule(item: Item) -> Rule {
    let Kinds { message, iq, presence_in, presence_out } = item.kinds;
    let named = BITS.iter().zip([message, iq, presence_in, presence_out]).filter(|(_, named)| *named);
    let kinds = named.fold(0, |kinds, (bit, _)| kinds | bit);
    let subject = match item.subject {
        Subject::Anyone => HostSubject::Anyone,
        Subject::Jid(jid) => HostSubject::Jid(jid),
        Subject::Group(name) => HostSubject::Group(name),
        Subject::Subscription(subscription) => HostSubject::Subscription(match subscription {
            Subscription::None => HostSubscription::None,
            Subscription::To => HostSubscription::To,
            Subscription::From => HostSubscription::From,
            Subscription::Both => HostSubscription::Both,
        }),
    };
    Rule { order: item.order, subject, allow: item.allow, kinds: if kinds == 0 { ALL } else { kinds } }
}

/// A rule as an item.
pub fn item(rule: Rule) -> Item {
    let [message, iq, presence_in, presence_out] = BITS.map(|bit| rule.kinds != ALL && rule.kinds & bit != 0);
    let subject = match rule.subject {
        HostSubject::Anyone => Subject::Anyone,
        HostSubject::Jid(jid) => Subject::Jid(jid),
        HostSubject::Group(name) => Subject::Group(name),
        HostSubject::Subscription(subscription) => Subject::Subscription(match subscription {
            HostSubscription::None => Subscription::None,
            HostSubscription::To => Subscription::To,
            HostSubscription::From => Subscription::From,
            HostSubscription::Both => Subscription::Both,
        }),
    };
    let kinds = Kinds { message, iq, presence_in, presence_out };
    Item { order: rule.order, subject, allow: rule.allow, kinds }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_comes_back_as_it_was() {
        for bits in 0..16u32 {
            let kinds = Kinds {
                message: bits & 1 != 0,
                iq: bits & 2 != 0,
                presence_in: bits & 4 != 0,
                presence_out: bits & 8 != 0,
            };
            let subject = Subject::Subscription(Subscription::ALL[bits as usize % 4]);
            let one = Item { order: bits, subject, allow: bits % 3 == 0, kinds };
            let there = rule(one.clone());
            assert_eq!(there.kinds, if bits == 0 { 31 } else { bits });
            assert_eq!(item(there), one);
        }
    }
}
