//! Tables of which nothing is taken: they are counted.

use storage::source::Tables;

use crate::{Kind, Leftover, MigrateError, Skipped};

/// Tables that have no place here: announcements, absence notes, shared rosters, the last presence.
const TABLES: [&str; 8] = [
    "motd-message",
    "motd-times",
    "vacation-settings",
    "published-roster",
    "published-roster-groups",
    "disco-items",
    "status",
    "verify",
];

pub(super) async fn count(tables: &Tables, prefix: &str) -> Result<Vec<Leftover>, MigrateError> {
    let names = tables.names().await?;
    let mut found = Vec::new();
    let all = TABLES.into_iter().map(|table| format!("{prefix}{table}"));
    for table in all.filter(|table| names.contains(table)) {
        let rows = tables.count(&table).await?;
        if rows > 0 {
            let rows = Skipped { key: table, ..Skipped::later(Kind::Other, rows) };
            found.push(Leftover { host: String::new(), rows });
        }
    }
    Ok(found)
}
