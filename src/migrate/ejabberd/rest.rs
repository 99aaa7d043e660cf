//! What belongs to no user.

use std::collections::BTreeMap;

use crate::{Kind, Leftover, MigrateError, Reason, Skipped};
use storage::source::Tables;

use super::schema::Schema;
use super::table::Table;
use crate::feeds::Feeds;

/// Tables that last and are not read. Those of what a running server holds (`sm`, `route`, `bosh`, `proxy65`, `muc_online_…`)
/// and those made of others (`vcard_search`, `roster_version`, `caps_features`) are not counted; rows of `pubsub_node_option`,
/// `…_owner`, `pubsub_state` and `pubsub_subscription_opt` are parts of their nodes.
const OTHERS: [(&str, Kind); 16] = [
    ("muc_room", Kind::Room),
    ("muc_registered", Kind::Room),
    ("muc_room_subscribers", Kind::Room),
    ("mix_channel", Kind::Room),
    ("mix_participant", Kind::Room),
    ("mix_subscription", Kind::Room),
    ("mix_pam", Kind::Other),
    ("sr_group", Kind::Other),
    ("sr_user", Kind::Other),
    ("motd", Kind::Other),
    ("push_session", Kind::Other),
    ("mqtt_pub", Kind::Other),
    ("oauth_token", Kind::Other),
    ("oauth_client", Kind::Other),
    ("invite_token", Kind::Other),
    ("auth_fast_tokens", Kind::Other),
];

/// About the most sums: beyond, domains are not told apart.
const SUMS: usize = 4096;

/// Sums of rows that belong to no user.
#[derive(Default)]
pub(super) struct Leftovers(BTreeMap<(String, Kind, Reason, String), Skipped>);

impl Leftovers {
    pub fn add(&mut self, host: &str, rows: Skipped) {
        if rows.rows == 0 {
            return;
        }
        let host = if self.0.len() < SUMS { host } else { "" };
        let key = (host.to_owned(), rows.kind, rows.reason, rows.key.clone());
        match self.0.get_mut(&key) {
            Some(sum) => sum.rows = sum.rows.saturating_add(rows.rows),
            None => drop(self.0.insert(key, rows)),
        }
    }

    /// Counts the rows with a key that is no address of a user.
    ///
    /// # Errors
    /// The database cannot be read any further.
    pub async fn ownerless(&mut self, key: &[u8], feeds: &mut Feeds<Table>) -> Result<(), MigrateError> {
        let host = String::from_utf8_lossy(key);
        while let Some((table, _)) = feeds.take(key).await? {
            self.add(&host, ownerless(table, host.is_empty()));
        }
        Ok(())
    }

    pub fn list(&self) -> Vec<Leftover> {
        let one = |((host, ..), rows): (&(String, Kind, Reason, String), &Skipped)| Leftover {
            host: host.clone(),
            rows: rows.clone(),
        };
        self.0.iter().map(one).collect()
    }
}

fn ownerless(table: Table, is_orphan: bool) -> Skipped {
    let (reason, detail) = (Reason::UnknownUser, "of a row that is gone");
    match table {
        Table::PepNode | Table::PepItem if is_orphan => Skipped::one(Kind::Pep, reason, table.name(), detail),
        // Of a pubsub service.
        Table::PepNode | Table::PepItem => named(Kind::Other, table.name(), 1),
        _ => Skipped::one(table.kind(), reason, table.name(), detail),
    }
}

fn named(kind: Kind, table: &str, rows: u64) -> Skipped {
    Skipped { key: table.to_owned(), ..Skipped::later(kind, rows) }
}

/// Counts the tables that are not read. Of which domain their rows are is told only where there is but one.
///
/// # Errors
/// The database cannot be read.
pub(super) async fn count(
    tables: &Tables,
    schema: &Schema,
    leftovers: &mut Leftovers,
) -> Result<(), MigrateError> {
    let host = schema.host.clone().unwrap_or_default();
    for (table, kind) in OTHERS {
        if schema.names.iter().any(|name| name == table) {
            leftovers.add(&host, named(kind, table, tables.count(table).await?));
        }
    }
    for found in schema.found.iter().filter(|found| schema.scan(found).is_none()) {
        let (table, kind) = (found.table.name(), found.table.kind());
        let rows = tables.count(table).await?;
        let why = "the table does not say of which domain";
        leftovers.add("", Skipped { rows, ..Skipped::one(kind, Reason::UnknownUser, table, why) });
    }
    Ok(())
}
