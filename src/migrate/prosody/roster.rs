//! Rosters and waiting subscription requests: the store `roster` (core.rostermanager of Prosody).

use crate::{Kind, RawContact, RawRequest, RawUser, Skipped};
use storage::Subscription;

use super::belongings::Belongings;
use super::lua::{Key, Table, Value};
use super::refusal::Refusal;
use super::stanza;

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    if let Some(table) = from.take_table("roster") {
        for (key, value) in table.entries {
            entry(&key, &value, &mut from.skipped, user);
        }
    }
}

fn entry(key: &Key, value: &Value, skipped: &mut Vec<Skipped>, user: &mut RawUser) {
    match (key, value) {
        // Of the roster as a whole: its version, and who asks.
        (Key::Bool(false), Value::Table(about)) => match about.get("pending") {
            Some(Value::Table(pending)) => requests(pending, skipped, user),
            Some(_) => skipped.push(Refusal::value("not a table").skip(Kind::Request, "roster: pending")),
            None => {}
        },
        // Where they stood before 0.10, unless it is a contact of that name.
        (Key::Text(name), Value::Table(pending))
            if name == b"pending" && !matches!(pending.get("subscription"), Some(Value::Text(_))) =>
        {
            requests(pending, skipped, user);
        }
        (_, Value::Nil) => {
            skipped.push(Refusal::new(crate::Reason::Empty, "").skip(Kind::Roster, key.shown()))
        }
        (_, Value::Table(item)) => match contact(key, item, skipped) {
            Ok(contact) => user.contacts.push(contact),
            Err(refusal) => skipped.push(refusal.skip(Kind::Roster, key.shown())),
        },
        _ => skipped.push(Refusal::value("not a contact").skip(Kind::Roster, key.shown())),
    }
}

fn contact(key: &Key, item: &Table, skipped: &mut Vec<Skipped>) -> Result<RawContact, Refusal> {
    // Prosody sends it in an attribute as it is, which comes out without tabs and line feeds.
    let (jid, name) = (key.text()?, item.text("name")?.map(|name| name.replace(['\t', '\n', '\r'], " ")));
    let subscription = match item.text("subscription")? {
        None => Ok(Subscription::None),
        Some(word) => Subscription::ALL.into_iter().find(|known| known.as_str() == word).ok_or(word),
    };
    let says = |field: &str, word: &str| matches!(item.get(field), Some(Value::Text(text)) if text == word.as_bytes());
    let approved = says("approved", "true") || item.get("approved") == Some(&Value::Bool(true));
    let groups = groups(key, item, skipped);
    Ok(RawContact { jid, name, subscription, ask: says("ask", "subscribe"), approved, groups })
}

/// A set: names are keys, or values of a list.
fn groups(contact: &Key, item: &Table, skipped: &mut Vec<Skipped>) -> Vec<String> {
    let (key, mut names) = (contact.shown(), Vec::new());
    let groups = match item.get("groups") {
        Some(Value::Table(groups)) => groups,
        None => return names,
        Some(_) => {
            skipped.push(Refusal::value("groups that are no table").skip(Kind::Group, key));
            return names;
        }
    };
    for (name, value) in &groups.entries {
        let name = match name {
            Key::Index(_) => value.text(),
            name if value.is_true() => name.text(),
            _ => Err(Refusal::new(crate::Reason::Empty, "not in the group")),
        };
        match name {
            Ok(name) => names.push(name),
            Err(refusal) => skipped.push(refusal.skip(Kind::Group, &key)),
        }
    }
    names
}

/// Who asks, with the stanza where it was kept.
fn requests(pending: &Table, skipped: &mut Vec<Skipped>, user: &mut RawUser) {
    for (key, value) in &pending.entries {
        match request(key, value) {
            Ok(request) => user.requests.push(request),
            Err(refusal) => skipped.push(refusal.skip(Kind::Request, key.shown())),
        }
    }
}

fn request(key: &Key, value: &Value) -> Result<RawRequest, Refusal> {
    let jid = key.text()?;
    let stanza = match value {
        Value::Bool(true) => None,
        Value::Table(_) | Value::Xml(_) => Some(stanza::xml(value)?),
        _ => return Err(Refusal::value("neither a stanza nor true")),
    };
    Ok(RawRequest { jid, stanza, text: None })
}

#[cfg(test)]
mod tests;
