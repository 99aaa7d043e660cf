//! Items of privacy lists as plugins see them.

use storage::{Kinds, PrivacyItem, Subject};
use xmpp::{Jid, StanzaError};

use crate::bindings::castling::plugin::types::Subscription as WitSubscription;
use crate::bindings::waiting::castling::plugin::screening::{Rule, Subject as WitSubject};
use crate::directory::subscription;

const BITS: [(u32, Kinds); 4] =
    [(1, Kinds::MESSAGE), (2, Kinds::IQ), (4, Kinds::PRESENCE_IN), (8, Kinds::PRESENCE_OUT)];
/// Everything, which is more than the four kinds together.
const ALL: u32 = 31;

/// A plugin's rule as an item.
///
/// # Errors
/// What is told to whoever asks for it.
pub(crate) fn taken(rule: Rule) -> Result<PrivacyItem, StanzaError> {
    let subject = match rule.subject {
        WitSubject::Anyone => Subject::Anyone,
        WitSubject::Jid(jid) => Subject::Jid(
            Jid::parse(&jid).map_err(|error| StanzaError::jid_malformed().text(error.to_string()))?,
        ),
        WitSubject::Group(name) => Subject::Group(name),
        WitSubject::Subscription(of) => Subject::Subscription(match of {
            WitSubscription::None => storage::Subscription::None,
            WitSubscription::To => storage::Subscription::To,
            WitSubscription::From => storage::Subscription::From,
            WitSubscription::Both => storage::Subscription::Both,
        }),
    };
    let named = BITS.iter().filter(|(bit, _)| rule.kinds & bit != 0).map(|(_, kind)| *kind);
    let kinds = match rule.kinds {
        ALL => Some(Kinds::ALL),
        1..=15 => named.reduce(|all, kind| all | kind),
        _ => None,
    };
    let kinds = kinds.ok_or_else(StanzaError::bad_request)?;
    Ok(PrivacyItem { order: rule.order, subject, allow: rule.allow, kinds })
}

/// An item as a plugin sees it.
pub(crate) fn given(item: &PrivacyItem) -> Rule {
    let subject = match &item.subject {
        Subject::Anyone => WitSubject::Anyone,
        Subject::Jid(jid) => WitSubject::Jid(jid.to_string()),
        Subject::Group(name) => WitSubject::Group(name.clone()),
        Subject::Subscription(of) => WitSubject::Subscription(subscription(*of)),
    };
    let kinds = match item.kinds == Kinds::ALL {
        true => ALL,
        false => BITS.iter().filter(|(_, kind)| item.kinds.contains(*kind)).map(|(bit, _)| bit).sum(),
    };
    Rule { order: item.order, subject, allow: item.allow, kinds }
}
