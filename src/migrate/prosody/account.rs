//! Accounts: the stores `accounts` and `account_details`.

use crate::{Kind, RawAccount, RawPassword, RawUser, Reason, Skipped};
use storage::{Hash, ScramKeys};

use super::belongings::Belongings;
use super::lua::{Key, Table, Value};

/// What is understood of `accounts`, and what says nothing that is kept here.
const FIELDS: [&str; 9] = [
    "password",
    "iteration_count",
    "salt",
    "stored_key",
    "server_key",
    "disabled",
    "created",
    "updated",
    "disabled_meta",
];

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    let registered = details(from);
    if let Some(table) = from.take_table("accounts") {
        from.count(Kind::Other, others(&table, &FIELDS));
        let created_us = table.get("created").and_then(Value::time_us).or(registered);
        let disabled = Some(table.is_true("disabled"));
        user.accounts.push(RawAccount { local: None, password: password(&table), created_us, disabled });
    }
}

/// When the user has registered. What else is known of that, such as an address, has no place here.
fn details(from: &mut Belongings) -> Option<i64> {
    let table = from.take_table("account_details")?;
    from.count(Kind::Other, others(&table, &["registered"]));
    let registered = table.get("registered")?.time_us();
    let reason = match registered {
        Some(_) if from.tables.contains_key("accounts") => return registered,
        Some(_) => Reason::UnknownUser,
        None => Reason::UnknownValue,
    };
    from.skipped.push(Skipped::one(Kind::Account, reason, "account_details", "the time of registration"));
    None
}

fn others(table: &Table, known: &[&str]) -> u64 {
    let is_known =
        |key: &Key| matches!(key, Key::Text(text) if known.iter().any(|known| known.as_bytes() == text));
    table.entries.iter().filter(|(key, _)| !is_known(key)).count() as u64
}

/// As mod_auth_internal_hashed reads it: a password that is there counts more than keys.
fn password(table: &Table) -> RawPassword {
    match table.text("password") {
        Ok(Some(password)) if !password.is_empty() => RawPassword::Plain(password),
        _ => keys(table).map_or(RawPassword::None, |keys| RawPassword::Keys(vec![keys])),
    }
}

/// Keys of SCRAM (RFC 5802 §3): the keys are hexadecimal, and their length tells the hash. The salt is a text, usually
/// a UUID; not decoded, its bytes are the salt.
fn keys(table: &Table) -> Option<ScramKeys> {
    let stored_key = hexadecimal(table.get("stored_key")?)?;
    let server_key = hexadecimal(table.get("server_key")?)?;
    let Some(Value::Text(salt)) = table.get("salt") else { return None };
    let iterations = table.get("iteration_count")?.number()?;
    let hash = match stored_key.len() {
        20 => Hash::Sha1,
        32 => Hash::Sha256,
        64 => Hash::Sha512,
        _ => return None,
    };
    let whole = iterations.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&iterations);
    let usable = whole && server_key.len() == stored_key.len() && !salt.is_empty();
    usable.then(|| ScramKeys {
        hash,
        iterations: iterations as u32,
        salt: salt.clone(),
        stored_key,
        server_key,
    })
}

fn hexadecimal(value: &Value) -> Option<Vec<u8>> {
    let Value::Text(text) = value else { return None };
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests;
