//! Rosters (XEP-0227 §3.4, RFC 6121 §2).

use crate::{Kind, RawContact, RawUser, Reason, Skipped};
use storage::Subscription;
use xmpp::Node;

/// Reads a `query` of `jabber:iq:roster`.
pub(crate) fn read(query: Node<'_>, user: &mut RawUser) {
    for item in query.children() {
        match (item.name(), item.attr("jid")) {
            ("item", Some(jid)) => user.contacts.push(contact(item, jid.into_owned())),
            ("item", None) => {
                let name = item.attr("name").unwrap_or_default();
                user.skipped.push(Skipped::one(
                    Kind::Roster,
                    Reason::BadJid,
                    name,
                    "a contact without an address",
                ));
            }
            (name, _) => {
                user.skipped.push(Skipped::one(Kind::Roster, Reason::UnknownValue, name, "not a contact"))
            }
        }
    }
}

fn contact(item: Node<'_>, jid: String) -> RawContact {
    let subscription = subscription(item);
    // With a subscription to the contact there is nothing left to ask for: jabberd2 forgets to say so.
    let may_ask = !matches!(subscription, Ok(Subscription::To | Subscription::Both));
    let is_true = |name| item.attr(name).is_some_and(|value| matches!(value.trim(), "true" | "1"));
    RawContact {
        jid,
        name: item.attr("name").map(std::borrow::Cow::into_owned),
        subscription,
        ask: may_ask && item.attr("ask").is_some_and(|ask| ask == "subscribe"),
        approved: is_true("approved"),
        groups: item
            .children()
            .filter(|child| child.name() == "group")
            .map(|group| group.text().into_owned())
            .collect(),
    }
}

/// Without the attribute there is none.
fn subscription(item: Node<'_>) -> Result<Subscription, String> {
    let Some(value) = item.attr("subscription").filter(|value| !value.is_empty()) else {
        return Ok(Subscription::None);
    };
    Subscription::ALL.into_iter().find(|known| known.as_str() == value).ok_or_else(|| value.into_owned())
}
