//! Contacts, their groups, and requests that wait: the tables `rosterusers` and `rostergroups`.

use std::collections::HashMap;

use crate::{Kind, RawContact, RawRequest, RawUser, Reason, Skipped};
use storage::Subscription;

use super::remark;
use crate::row::Row;

/// The roster of a user.
#[derive(Default)]
pub(super) struct Roster {
    items: Vec<Item>,
    /// Address and group.
    groups: Vec<(String, String)>,
}

struct Item {
    contact: RawContact,
    /// Whether the contact's own request waits.
    asks: bool,
    /// Whether the user's does.
    asked: bool,
    message: String,
}

impl Roster {
    pub fn item(&mut self, mut row: Row, skipped: &mut Vec<Skipped>) {
        let (jid, is_bad) = row.lossy("jid");
        if is_bad {
            return skipped.push(Skipped::one(Kind::Roster, Reason::BadText, jid, "jid"));
        }
        let (name, is_repaired) = row.lossy("nick");
        if is_repaired {
            skipped.push(remark(
                Kind::Roster,
                Reason::BadText,
                &jid,
                "invalid characters of the name are replaced",
            ));
        }
        let code = row.code("ask");
        let (asked, asks) = ask(&code).unwrap_or_else(|| {
            let detail = format!("ask {code:?}: taken for none");
            skipped.push(remark(Kind::Roster, Reason::UnknownValue, &jid, detail));
            (false, false)
        });
        let contact = RawContact {
            jid,
            name: Some(name).filter(|name| !name.is_empty()),
            subscription: subscription(row.code("subscription")),
            ask: asked,
            approved: row.flag("approved"),
            groups: Vec::new(),
        };
        self.items.push(Item { contact, asks, asked, message: row.lossy("askmessage").0 });
    }

    pub fn group(&mut self, mut row: Row, skipped: &mut Vec<Skipped>) {
        let (jid, is_bad) = row.lossy("jid");
        match row.text("grp") {
            Ok(group) if !is_bad => self.groups.push((jid, group)),
            _ => skipped.push(Skipped::one(Kind::Group, Reason::BadText, jid, "")),
        }
    }

    /// Groups go by the text of the address; where contacts have the same, to the last of them.
    pub fn finish(mut self, user: &mut RawUser) {
        let places: HashMap<String, usize> =
            self.items.iter().enumerate().map(|(at, item)| (item.contact.jid.clone(), at)).collect();
        for (jid, group) in std::mem::take(&mut self.groups) {
            match places.get(&jid).and_then(|at| self.items.get_mut(*at)) {
                Some(item) => item.contact.groups.push(group),
                None => user.skipped.push(Skipped::one(Kind::Group, Reason::NoContact, jid, group)),
            }
        }
        for item in self.items {
            if item.asks {
                user.requests.push(RawRequest {
                    jid: item.contact.jid.clone(),
                    stanza: None,
                    text: Some(item.message.clone()).filter(|text| !text.is_empty()),
                });
            }
            if !item.is_only_request() {
                user.contacts.push(item.contact);
            }
        }
    }
}

impl Item {
    /// ejabberd makes a row for a request from someone who is no contact.
    fn is_only_request(&self) -> bool {
        let contact = &self.contact;
        let says_nothing = contact.name.is_none() && contact.groups.is_empty() && !contact.approved;
        self.asks && !self.asked && says_nothing && contact.subscription == Ok(Subscription::None)
    }
}

/// Whether the user's own request waits, and whether the contact's does.
fn ask(code: &str) -> Option<(bool, bool)> {
    Some(match code {
        // Before 2.0, `S` and `U` were those of a user who had asked to subscribe, or to be unsubscribed.
        "" | "N" | "U" => (false, false),
        "O" | "S" => (true, false),
        "I" => (false, true),
        "B" => (true, true),
        _ => return None,
    })
}

fn subscription(code: String) -> Result<Subscription, String> {
    match code.as_str() {
        "" | "N" => Ok(Subscription::None),
        "T" => Ok(Subscription::To),
        "F" => Ok(Subscription::From),
        "B" => Ok(Subscription::Both),
        _ => Err(code),
    }
}
