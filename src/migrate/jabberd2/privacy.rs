//! Privacy lists.

use storage::Kinds;

use crate::{Kind, RawRule, RawUser, Reason, Skipped};

/// A row of `privacy-items`.
pub(super) struct Item {
    pub list: String,
    pub subject: String,
    pub value: Option<String>,
    pub deny: bool,
    pub order: i64,
    pub block: i64,
}

pub(super) fn take(user: &mut RawUser, item: Item) {
    // As jabberd2 reads it: by the first letter; whatever else is everybody.
    let subject = match item.subject.chars().next() {
        Some('j') => Some("jid"),
        Some('g') => Some("group"),
        Some('s') => Some("subscription"),
        _ => None,
    };
    if subject.is_some() && item.value.as_ref().is_none_or(String::is_empty) {
        let key = format!("{}: {}", item.list, item.subject);
        user.skipped.push(Skipped::one(Kind::Privacy, Reason::UnknownValue, key, "no value"));
        return;
    }
    user.rules.push(RawRule {
        list: item.list,
        order: item.order,
        subject: subject.map(str::to_owned),
        value: item.value,
        allow: !item.deny,
        kinds: kinds(item.block),
    });
}

/// One bit each; none, like all of them, is everything.
fn kinds(block: i64) -> Kinds {
    let each = [(1, Kinds::MESSAGE), (2, Kinds::PRESENCE_IN), (4, Kinds::PRESENCE_OUT), (8, Kinds::IQ)];
    let named: Vec<_> = each.into_iter().filter(|(bit, _)| block & bit != 0).map(|(_, kind)| kind).collect();
    match named[..] {
        [] | [_, _, _, _] => Kinds::ALL,
        _ => named.into_iter().reduce(|one, other| one | other).unwrap_or(Kinds::ALL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits() {
        assert_eq!([0, 15, 16].map(kinds), [Kinds::ALL; 3]);
        assert_eq!(kinds(1), Kinds::MESSAGE);
        assert_eq!(kinds(6), Kinds::PRESENCE_IN | Kinds::PRESENCE_OUT);
        assert_eq!(kinds(8), Kinds::IQ);
    }
}
