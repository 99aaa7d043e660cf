//! Parts of an account that clients change and read by requests.

use std::collections::BTreeSet;

use xmpp::{Element, ns};

use super::ledger::{Change, Held};
use crate::raw::Raw;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Roster,
    VCard,
    PrivateXml,
    BlockList,
}

/// Contacts, and blocked addresses, that come and go.
const CONTACTS: u64 = 30;
const BLOCKED: u64 = 20;

/// Names and namespaces of private elements, which are all set in one request.
const PRIVATE: [&str; 3] = ["one", "two", "three"];

impl Subject {
    pub const ALL: [Self; 4] = [Self::Roster, Self::VCard, Self::PrivateXml, Self::BlockList];

    /// The payload of the request with this number, and what it changes in what is held.
    pub fn request(self, number: u64, held: &Held) -> (String, Change) {
        match self {
            Self::Roster => roster(number, held),
            Self::VCard => {
                let fields = vcard(number);
                let value = fields.iter().map(|(name, text)| format!("<{name}>{text}</{name}>"));
                let xml = format!("<vCard xmlns='{}'>{}</vCard>", ns::VCARD, value.collect::<String>());
                (xml, fields.into_iter().map(|(name, text)| (name.to_owned(), Some(text))).collect())
            }
            Self::PrivateXml => {
                let one = |name| format!("<{name} xmlns='urn:example:{name}'>{number}</{name}>");
                let xml = format!("<query xmlns='{}'>{}</query>", ns::PRIVATE, PRIVATE.map(one).concat());
                (xml, PRIVATE.map(|name| (name.to_owned(), Some(number.to_string()))).into())
            }
            Self::BlockList => block_list(number, held),
        }
    }

    /// What the server has.
    pub fn read(self, raw: &mut Raw) -> Held {
        match self {
            Self::Roster => {
                let query = get(raw, &format!("<query xmlns='{}'/>", ns::ROSTER));
                query.map_or_else(Held::new, |query| query.children().map(contact).collect())
            }
            Self::VCard => {
                let vcard = get(raw, &format!("<vCard xmlns='{}'/>", ns::VCARD));
                let fields = vcard.iter().flat_map(|vcard| vcard.children());
                fields.map(|field| (field.name().to_owned(), field.text_content())).collect()
            }
            Self::PrivateXml => {
                let mut held = Held::new();
                for name in PRIVATE {
                    let query = format!(
                        "<query xmlns='{}'><{name} xmlns='urn:example:{name}'/></query>",
                        ns::PRIVATE
                    );
                    let text = get(raw, &query).unwrap().children().next().unwrap().text_content();
                    // An element that is not stored comes back empty.
                    if !text.is_empty() {
                        held.insert(name.to_owned(), text);
                    }
                }
                held
            }
            Self::BlockList => {
                let list = get(raw, &format!("<blocklist xmlns='{}'/>", ns::BLOCKING)).unwrap();
                list.children().map(|item| (item.get("jid").unwrap().to_owned(), String::new())).collect()
            }
        }
    }
}

/// Adds a contact, changes it, or removes one.
fn roster(number: u64, held: &Held) -> (String, Change) {
    let jid = |number| format!("c{}@far.example", number % CONTACTS);
    let query = |item| format!("<query xmlns='{}'>{item}</query>", ns::ROSTER);
    let old = jid(number * 7);
    if number % 3 == 2 && held.contains_key(&old) {
        return (query(format!("<item jid='{old}' subscription='remove'/>")), vec![(old, None)]);
    }
    let (jid, group) = (jid(number), format!("group {number}"));
    let item =
        format!("<item jid='{jid}' name='{number}'><group>{group}</group><group>{number}</group></item>");
    (query(item), vec![(jid, Some(shown(&number.to_string(), [group, number.to_string()])))])
}

fn shown(name: &str, groups: impl IntoIterator<Item = String>) -> String {
    let groups: BTreeSet<String> = groups.into_iter().collect();
    format!("{name} in {groups:?}")
}

fn contact(item: &Element) -> (String, String) {
    let groups = item.children().map(Element::text_content);
    (item.get("jid").unwrap().to_owned(), shown(item.get("name").unwrap(), groups))
}

/// Fields that fill more than a page of the database.
fn vcard(number: u64) -> [(&'static str, String); 3] {
    [("FN", number.to_string()), ("NOTE", format!("{number},").repeat(2000)), ("TITLE", number.to_string())]
}

/// Blocks two addresses, unblocks one, or all.
fn block_list(number: u64, held: &Held) -> (String, Change) {
    let jid = |number| format!("b{}@far.example", number % BLOCKED);
    let item = |jid: &String| format!("<item jid='{jid}'/>");
    if number % 16 == 15 {
        let all = held.keys().map(|jid| (jid.clone(), None)).collect();
        return (format!("<unblock xmlns='{}'/>", ns::BLOCKING), all);
    }
    let old = jid(number * 7);
    if number % 3 == 2 && held.contains_key(&old) {
        let xml = format!("<unblock xmlns='{}'>{}</unblock>", ns::BLOCKING, item(&old));
        return (xml, vec![(old, None)]);
    }
    let both = [jid(number), jid(number + 5)];
    let xml = format!("<block xmlns='{}'>{}</block>", ns::BLOCKING, both.each_ref().map(item).concat());
    (xml, both.map(|jid| (jid, Some(String::new()))).into())
}

/// What is answered to a request; `None`: nothing is stored.
fn get(raw: &mut Raw, payload: &str) -> Option<Element> {
    raw.send(&format!("<iq type='get' id='read'>{payload}</iq>"));
    let answer = raw.stanza();
    let item_not_found = answer
        .find("error", ns::CLIENT)
        .is_some_and(|error| error.find("item-not-found", ns::STANZAS).is_some());
    let right = answer.get("id") == Some("read") && (answer.get("type") == Some("result") || item_not_found);
    assert!(right, "{}", answer.to_xml(""));
    answer.children().next().filter(|_| !item_not_found).cloned()
}
