//! Contract tests: written against the repositories, so that each database can run them; in `sqlite` and `server`, what
//! only some have.
//!
//! They run on SQLite, or on the database server that [`SERVER`] names, each test in a database of its own.

mod accounts;
mod adopted;
mod bed;
mod check;
mod copy;
mod deletion;
mod gate;
mod imports;
mod last_activity;
mod offline;
mod outage;
mod plugin_slots;
mod plugin_values;
mod privacy;
mod private;
mod records;
mod rosters;
mod secrets;
mod server;
mod source;
mod sqlite;
mod vcards;
mod writer;

use runtime::Runtime;
use xmpp::Jid;

use crate::{
    AccountId, Hash, Kept, Kinds, NewAccount, Options, PrivacyChange, PrivacyItem, RosterItem, ScramKeys,
    Store, Subject, Subscription,
};
use bed::Bed;

/// 2026-11-24T08:00:00Z
const NOW: i64 = 1_795_507_200_000_000;

fn keys(hash: Hash, seed: u8) -> ScramKeys {
    let length = match hash {
        Hash::Sha1 => 20,
        Hash::Sha256 => 32,
        Hash::Sha512 => 64,
    };
    ScramKeys {
        hash,
        iterations: 4096,
        salt: vec![seed; 16],
        stored_key: vec![seed.wrapping_add(1); length],
        server_key: vec![seed.wrapping_add(2); length],
    }
}

fn new_account(domain: &str, local: &str, hashes: &[Hash]) -> NewAccount {
    let keys = hashes.iter().map(|hash| keys(*hash, 9)).collect();
    NewAccount { domain: domain.into(), local: local.into(), kept: Kept::Keys(keys), created_us: NOW }
}

fn item(order: u32, subject: Subject, allow: bool, kinds: Kinds) -> PrivacyItem {
    PrivacyItem { order, subject, allow, kinds }
}

/// A change that stores items and makes the list the default.
fn default_list(list: &str, put: &[PrivacyItem]) -> PrivacyChange {
    PrivacyChange { list: list.into(), put: put.to_vec(), default: Some(true), ..PrivacyChange::default() }
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn friend(address: &str, version: u64) -> RosterItem {
    RosterItem { subscription: Subscription::Both, in_roster: true, version, ..RosterItem::new(jid(address)) }
}
