//! When users were last online. Prosody itself keeps that in memory only (mod_lastactivity); in stores it stands with
//! the community's mod_lastlog (`event`, `timestamp`), its mod_lastlog2 (an entry by event), or since 13.0
//! mod_account_activity (`timestamp`).

use crate::{Kind, RawLast, RawUser, Reason};

use super::belongings::Belongings;
use super::lua::{Key, Table, Value};
use super::refusal::Refusal;

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    let mut read = |event: Option<&Key>, value: &Value| match time(event, value) {
        Ok(at_us) => user.last.push(RawLast { at_us, status: String::new() }),
        Err(refusal) => {
            let key = event.map_or_else(|| "lastlog".to_owned(), Key::shown);
            from.skipped.push(refusal.skip(Kind::Last, key));
        }
    };
    for table in ["lastlog", "account_activity"].iter().filter_map(|store| from.tables.remove(*store)) {
        let event =
            table.get("event").and_then(|event| event.text().ok()).map(|event| Key::Text(event.into_bytes()));
        read(event.as_ref(), &Value::Table(table));
    }
    if let Some(table) = from.tables.remove("lastlog2") {
        table.entries.iter().for_each(|(event, value)| read(Some(event), value));
    }
    // The last one counts.
    user.last.sort_by_key(|last| last.at_us);
}

fn time(event: Option<&Key>, value: &Value) -> Result<i64, Refusal> {
    if matches!(event, Some(Key::Text(event)) if event == b"registered") {
        return Err(Refusal::new(Reason::Empty, "the time of registration"));
    }
    let time = match value {
        Value::Table(table) => timestamp(table),
        value => value.time_us(),
    };
    time.ok_or_else(|| Refusal::value("without a time"))
}

fn timestamp(table: &Table) -> Option<i64> {
    table.get("timestamp").or_else(|| table.get("time"))?.time_us()
}

#[cfg(test)]
mod tests;
