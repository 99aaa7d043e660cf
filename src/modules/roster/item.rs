//! Roster items: what a client may set, and how an item is shown (RFC 6121 section 2.1.2).

use kernel::Roster;
use storage::RosterItem;
use xmpp::{Composer, Content, Jid, Node, StanzaError, ns};

use crate::refused::Refused;
use crate::roster::RosterLimits;

/// Maximum bytes of a name or of a group's name.
const NAME_BYTES: usize = 1023;
/// Overhead of a contact and of a group, without their names.
const EACH: usize = 64;
/// Strangers' requests may take this fraction of the limit of contacts.
const REQUESTS: usize = 4;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Add or change the contact.
    Kept(Details),
    /// Remove the contact.
    Removed(Jid),
}

/// What a client sets of a contact.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub jid: Jid,
    pub name: Option<String>,
    pub groups: Vec<String>,
}

/// Reads a roster set of the account `own` (section 2.3.3).
pub(crate) fn read(query: Node<'_>, own: &Jid) -> Result<Wanted, StanzaError> {
    let mut children = query.children();
    let (Some(item), None) = (children.next(), children.next()) else {
        return Err(StanzaError::bad_request().text("a roster set must contain exactly one <item/>"));
    };
    if !item.is("item", ns::ROSTER) {
        return Err(StanzaError::bad_request().text("a roster set must contain exactly one <item/>"));
    }
    let jid =
        item.attr("jid").ok_or_else(|| StanzaError::bad_request().text("<item/> needs a 'jid' attribute"))?;
    let jid = Jid::parse(&jid).map_err(|error| StanzaError::jid_malformed().text(error.to_string()))?.bare();
    if jid == *own {
        return Err(StanzaError::not_allowed().text("you cannot add yourself to your roster"));
    }
    if item.attr("subscription").as_deref() == Some("remove") {
        return Ok(Wanted::Removed(jid));
    }
    let name = item.attr("name").filter(|name| !name.is_empty()).map(String::from);
    if name.as_ref().is_some_and(|name| name.len() > NAME_BYTES) {
        return Err(StanzaError::not_acceptable().text(format!("the name is longer than {NAME_BYTES} bytes")));
    }
    Ok(Wanted::Kept(Details { jid, name, groups: groups(item)? }))
}

fn groups(item: Node<'_>) -> Result<Vec<String>, StanzaError> {
    let mut groups: Vec<String> = Vec::new();
    for group in item.children().filter(|child| child.is("group", ns::ROSTER)) {
        let name = group.text();
        if name.is_empty() || name.len() > NAME_BYTES {
            let text = format!("a group name must have 1 to {NAME_BYTES} bytes");
            return Err(StanzaError::not_acceptable().text(text));
        }
        groups.push(name.into_owned());
    }
    let mut sorted: Vec<&String> = groups.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).any(|pair| pair.first() == pair.last()) {
        true => Err(StanzaError::bad_request().text("duplicate group")),
        false => Ok(groups),
    }
}

/// The item for `details`: subscription and requests stay unchanged.
pub(crate) fn kept(roster: &Roster, details: Details, limits: &RosterLimits) -> Result<RosterItem, Refused> {
    let mut item = item_or_new(roster, &details.jid);
    item.name = details.name;
    item.groups = details.groups;
    item.in_roster = true;
    fits(roster, &item, limits)?;
    Ok(item)
}

/// The item for a contact, or a new one.
pub(crate) fn item_or_new(roster: &Roster, jid: &Jid) -> RosterItem {
    roster.get(jid).map_or_else(|| RosterItem::new(jid.clone()), |item| RosterItem::clone(item))
}

/// Checks that the roster has room for the new item. Requests of strangers take no room from the account's
/// own contacts, and a change that shrinks the roster always fits.
///
/// # Errors
/// `resource-constraint`.
pub(crate) fn fits(roster: &Roster, item: &RosterItem, limits: &RosterLimits) -> Result<(), Refused> {
    let full = |text: String| Err(StanzaError::resource_constraint().text(text).into());
    let old = roster.get(&item.jid);
    let (before, after) = (old.map_or(0, |old| weight(old)), weight(item));
    if old.is_none_or(|old| old.in_roster != item.in_roster) {
        let contacts = limits.roster_items.bound();
        let places = if item.in_roster { contacts } else { (contacts / REQUESTS).max(1) };
        if roster.items().filter(|other| other.in_roster == item.in_roster).count() >= places {
            return full(match item.in_roster {
                true => format!("the contact list is full ({places} contacts)"),
                false => "too many subscription requests are pending".into(),
            });
        }
    }
    if after > before {
        let all: usize = roster.items().map(|item| weight(item)).sum();
        if all - before + after > limits.roster_bytes.bound() {
            return full(format!("the contact list is full ({} bytes)", limits.roster_bytes.bound()));
        }
    }
    Ok(())
}

/// The approximate size of an item's element, in bytes.
pub(crate) fn weight(item: &RosterItem) -> usize {
    let name = item.name.as_ref().map_or(0, String::len);
    let groups: usize = item.groups.iter().map(|group| group.len() + EACH).sum();
    item.jid.as_str().len() + name + groups + EACH
}

/// Items as clients see them.
///
/// # Errors
/// `internal-server-error` if together they are larger than the server may write.
pub(crate) fn list<'a>(items: impl Iterator<Item = &'a RosterItem> + Clone) -> Result<Content, StanzaError> {
    let mut list = Composer::new(ns::ROSTER, items.clone().map(weight).sum());
    for item in items {
        write(&mut list, item);
    }
    finished(list)
}

/// That a contact is no longer in the roster.
///
/// # Errors
/// As [`list`].
pub(crate) fn removed(jid: &Jid) -> Result<Content, StanzaError> {
    let mut list = Composer::new(ns::ROSTER, jid.as_str().len() + EACH);
    list.begin("item").attr("jid", jid.as_str()).attr("subscription", "remove");
    finished(list)
}

fn finished(list: Composer) -> Result<Content, StanzaError> {
    list.finish().map_err(|_| StanzaError::internal_server_error())
}

fn write(list: &mut Composer, item: &RosterItem) {
    list.begin("item")
        .attr("jid", item.jid.as_str())
        .opt_attr("name", item.name.as_deref())
        .attr("subscription", item.subscription.as_str())
        .opt_attr("ask", item.ask.then_some("subscribe"))
        .opt_attr("approved", item.approved.then_some("true"));
    for group in &item.groups {
        list.begin("group").text(group).end();
    }
    list.end();
}

#[cfg(test)]
mod tests {
    use storage::Subscription;
    use xmpp::{Condition, Stanza};

    use super::*;

    fn set(items: &str) -> Result<Wanted, Condition> {
        let own = Jid::parse("anna@chess.example").unwrap();
        let xml = format!("<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{items}</query></iq>");
        let stanza = Stanza::parse_str(&xml).unwrap();
        read(stanza.payload().unwrap(), &own).map_err(|error| error.condition)
    }

    #[test]
    fn what_a_set_may_say() {
        let jid = Jid::parse("bert@chess.example").unwrap();
        let kept = |name: Option<&str>, groups: &[&str]| {
            let groups = groups.iter().map(|&group| group.to_owned()).collect();
            Ok(Wanted::Kept(Details { jid: jid.clone(), name: name.map(str::to_owned), groups }))
        };
        assert_eq!(set("<item jid='bert@chess.example'/>"), kept(None, &[]));
        assert_eq!(set("<item jid='Bert@chess.example/x' name=''/>"), kept(None, &[]));
        let full = "<item jid='bert@chess.example' name='B' subscription='both' ask='subscribe' approved='true'>\
                    <group>b</group><group>a</group></item>";
        assert_eq!(set(full), kept(Some("B"), &["b", "a"]));
        let gone = "<item jid='bert@chess.example' subscription='remove'><group/></item>";
        assert_eq!(set(gone), Ok(Wanted::Removed(jid.clone())));
    }

    #[test]
    fn what_a_set_may_not_say() {
        let long = "x".repeat(NAME_BYTES + 1);
        for (items, condition) in [
            ("", Condition::BadRequest),
            ("<item/>", Condition::BadRequest),
            ("<item jid='a@b'/><item jid='c@d'/>", Condition::BadRequest),
            ("<thing xmlns='urn:example'/>", Condition::BadRequest),
            ("<item jid='@'/>", Condition::JidMalformed),
            ("<item jid='anna@chess.example/phone'/>", Condition::NotAllowed),
            ("<item jid='anna@chess.example' subscription='remove'/>", Condition::NotAllowed),
            (&format!("<item jid='a@b' name='{long}'/>"), Condition::NotAcceptable),
            ("<item jid='a@b'><group/></item>", Condition::NotAcceptable),
            (&format!("<item jid='a@b'><group>{long}</group></item>"), Condition::NotAcceptable),
            (
                "<item jid='a@b'><group>x</group><group>y</group><group>x</group></item>",
                Condition::BadRequest,
            ),
        ] {
            assert_eq!(set(items), Err(condition), "{items}");
        }
    }

    #[test]
    fn how_an_item_looks() {
        let mut item = RosterItem::new(Jid::parse("bert@chess.example").unwrap());
        let shown = |item: &RosterItem| {
            let items = list([item].into_iter()).unwrap();
            xmpp::Element::new("query", ns::ROSTER).content(&items).to_xml(ns::ROSTER)
        };
        assert_eq!(shown(&item), "<query><item jid='bert@chess.example' subscription='none'/></query>");
        item.name = Some("B & C".into());
        item.subscription = Subscription::From;
        item.ask = true;
        item.approved = true;
        item.groups = vec!["a".into()];
        item.pending_in = Some("<presence/>".into());
        assert_eq!(
            shown(&item),
            "<query><item jid='bert@chess.example' name='B &amp; C' subscription='from' ask='subscribe' \
             approved='true'><group>a</group></item></query>"
        );
    }
}
