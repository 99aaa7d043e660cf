//! Privacy lists (XEP-0016) of mod_privacy and the community's mod_privacy_lists, and the block list (XEP-0191).

use crate::{Kind, RawRule, RawUser, Reason, Skipped};
use storage::Kinds;

use super::belongings::Belongings;
use super::lua::{Key, Table, Value};
use super::refusal::Refusal;

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    if let Some(table) = from.take_table("blocklist") {
        blocklist(&table, &mut from.skipped, user);
    }
    if let Some(table) = from.take_table("privacy") {
        privacy(&table, &mut from.skipped, user);
    }
}

/// Addresses are keys. `false` is about the list as a whole.
fn blocklist(table: &Table, skipped: &mut Vec<Skipped>, user: &mut RawUser) {
    for (key, value) in &table.entries {
        match key.text() {
            _ if *key == Key::Bool(false) => {}
            Ok(jid) if value.is_true() => user.blocked.push(jid),
            Ok(_) => {
                skipped.push(Refusal::new(Reason::Empty, "not blocked").skip(Kind::Privacy, key.shown()))
            }
            Err(refusal) => skipped.push(refusal.skip(Kind::Privacy, key.shown())),
        }
    }
}

fn privacy(table: &Table, skipped: &mut Vec<Skipped>, user: &mut RawUser) {
    for (key, value) in &table.entries {
        match (key, value) {
            (Key::Text(name), Value::Table(table)) if name == b"lists" => lists(table, skipped, user),
            (Key::Text(name), value) if name == b"default" => match value.text() {
                Ok(name) => user.default_lists.push(name),
                Err(refusal) => skipped.push(refusal.skip(Kind::Privacy, "default")),
            },
            _ => skipped.push(Refusal::value("not a list").skip(Kind::Privacy, key.shown())),
        }
    }
}

/// By name, or before 0.8 in a row.
fn lists(lists: &Table, skipped: &mut Vec<Skipped>, user: &mut RawUser) {
    for (key, list) in &lists.entries {
        let read = list.table().ok_or_else(|| Refusal::value("not a list")).and_then(|list| {
            let name = match key {
                Key::Text(_) => Some(key.text()?),
                _ => list.text("name")?,
            };
            let items = list.get("items").and_then(Value::table);
            let items = items.ok_or_else(|| Refusal::new(Reason::Empty, "a list without items"))?;
            Ok((name.ok_or_else(|| Refusal::value("a list without a name"))?, items))
        });
        match read {
            Ok((name, items)) => rules(&name, items, skipped, user),
            Err(refusal) => skipped.push(refusal.skip(Kind::Privacy, key.shown())),
        }
    }
}

fn rules(list: &str, items: &Table, skipped: &mut Vec<Skipped>, user: &mut RawUser) {
    if items.entries.is_empty() {
        skipped.push(Refusal::new(Reason::Empty, "a list without items").skip(Kind::Privacy, list));
    }
    for (key, item) in &items.entries {
        let read =
            item.table().ok_or_else(|| Refusal::value("not an item")).and_then(|item| rule(list, item));
        match read {
            Ok(rule) => user.rules.push(rule),
            Err(refusal) => skipped.push(refusal.skip(Kind::Privacy, format!("{list}: {}", key.shown()))),
        }
    }
}

fn rule(list: &str, item: &Table) -> Result<RawRule, Refusal> {
    let order =
        item.get("order").and_then(Value::number).filter(|order| order.fract() == 0.0 && order.abs() < 1e15);
    let allow = match item.text("action")?.as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Refusal::value("neither allow nor deny")),
    };
    Ok(RawRule {
        list: list.to_owned(),
        order: order.ok_or_else(|| Refusal::value("an order that is no whole number"))? as i64,
        subject: item.text("type")?,
        value: item.text("value")?,
        allow,
        kinds: kinds(item),
    })
}

/// None of the four is all of them, and more.
fn kinds(item: &Table) -> Kinds {
    let named = [
        ("message", Kinds::MESSAGE),
        ("iq", Kinds::IQ),
        ("presence-in", Kinds::PRESENCE_IN),
        ("presence-out", Kinds::PRESENCE_OUT),
    ];
    let chosen = named.into_iter().filter(|(name, _)| item.is_true(name)).map(|(_, kinds)| kinds);
    chosen.reduce(|all, kinds| all | kinds).unwrap_or(Kinds::ALL)
}

#[cfg(test)]
mod tests;
