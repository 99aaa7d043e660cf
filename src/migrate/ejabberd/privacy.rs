//! Privacy lists (XEP-0016): the tables `privacy_list` and `privacy_list_data`.

use std::collections::HashMap;

use crate::{Kind, RawRule, Reason, Skipped};
use storage::Kinds;

use crate::row::Row;

/// The lists of a user, by number.
#[derive(Default)]
pub(super) struct Lists(HashMap<i64, List>);

struct List {
    name: String,
    has_items: bool,
}

impl Lists {
    pub fn list(&mut self, mut row: Row, skipped: &mut Vec<Skipped>) {
        let (name, is_bad) = row.lossy("name");
        match row.integer("id") {
            _ if is_bad => {
                skipped.push(Skipped::one(Kind::Privacy, Reason::BadText, name, "the list's name"))
            }
            Some(id) => drop(self.0.insert(id, List { name, has_items: false })),
            None => skipped.push(Skipped::one(Kind::Privacy, Reason::UnknownValue, name, "the list's id")),
        }
    }

    pub fn item(&mut self, mut row: Row, rules: &mut Vec<RawRule>, skipped: &mut Vec<Skipped>) {
        let id = row.integer("id");
        let Some(list) = id.and_then(|id| self.0.get_mut(&id)) else {
            let id = id.map_or_else(|| "NULL".to_owned(), |id| id.to_string());
            let why = "its list could not be read";
            return skipped.push(Skipped::one(Kind::Privacy, Reason::Damaged, format!("list {id}"), why));
        };
        list.has_items = true;
        match rule(row, &list.name) {
            Ok(rule) => rules.push(rule),
            Err((reason, what)) => skipped.push(Skipped::one(Kind::Privacy, reason, &list.name, what)),
        }
    }

    /// A list without items is not stored here; ejabberd does not make any. Items of one list and order, which it allows,
    /// come in whatever order the database likes, and are put in one that stays the same when they are imported again.
    pub fn finish(self, rules: &mut [RawRule], skipped: &mut Vec<Skipped>) {
        for alike in rules.chunk_by_mut(|a, b| (&a.list, a.order) == (&b.list, b.order)) {
            alike.sort_by(|a, b| (&a.subject, &a.value, a.allow).cmp(&(&b.subject, &b.value, b.allow)));
        }
        let mut empty: Vec<_> = self.0.into_values().filter(|list| !list.has_items).collect();
        empty.sort_by(|a, b| a.name.cmp(&b.name));
        let one = |list: List| Skipped::one(Kind::Privacy, Reason::Empty, list.name, "a list without items");
        skipped.extend(empty.into_iter().map(one));
    }
}

fn rule(mut row: Row, list: &str) -> Result<RawRule, (Reason, String)> {
    let unknown = |what: String| (Reason::UnknownValue, what);
    let value = row.text("value").map_err(|_| (Reason::BadText, "value".to_owned()))?;
    let subject = match row.code("t").as_str() {
        "n" | "" => None,
        "j" => Some("jid"),
        "g" => Some("group"),
        "s" => Some("subscription"),
        other => return Err(unknown(format!("t {other:?}"))),
    };
    let allow = match row.code("action").as_str() {
        "a" => true,
        "d" => false,
        other => return Err(unknown(format!("action {other:?}"))),
    };
    Ok(RawRule {
        list: list.to_owned(),
        order: row.integer("ord").ok_or_else(|| unknown("ord is no whole number".to_owned()))?,
        subject: subject.map(str::to_owned),
        value: subject.map(|_| value),
        allow,
        kinds: kinds(&mut row),
    })
}

/// All kinds by name are fewer than all stanzas: they are stored as four flags, not as `match_all`.
fn kinds(row: &mut Row) -> Kinds {
    if row.flag("match_all") {
        return Kinds::ALL;
    }
    let named = [
        ("match_message", Kinds::MESSAGE),
        ("match_iq", Kinds::IQ),
        ("match_presence_in", Kinds::PRESENCE_IN),
        ("match_presence_out", Kinds::PRESENCE_OUT),
    ];
    let set = named.into_iter().filter(|(column, _)| row.flag(column)).map(|(_, kinds)| kinds);
    set.reduce(|a, b| a | b).unwrap_or(Kinds::ALL)
}
