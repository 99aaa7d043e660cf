//! Every statement there is, with its name. SQL that all dialects read alike is written here, once.

use crate::sqlite;
use crate::value::Value;

/// What is known of a statement at compile time.
pub(crate) struct Definition {
    /// For metrics and logs: `table.verb`.
    pub name: &'static str,
    /// Placeholders are `?`. What stands in braces is repeated with commas between, as often as the call says.
    pub sql: &'static str,
}

macro_rules! statements {
    ($($id:ident $heat:ident $name:literal $sql:expr;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Statement { $($id),* }

        impl Statement {
            /// All of them, in the order of their discriminants.
            pub(crate) const ALL: &[Self] = &[$(Self::$id),*];

            /// Its name and text.
            pub(crate) const fn definition(self) -> Definition {
                match self {
                    $(Self::$id => Definition { name: $name, sql: $sql }),*
                }
            }

            /// Whether it runs while the server serves; the plan of such a one is held to an index by a test.
            #[cfg(test)]
            pub(crate) const fn hot(self) -> bool {
                match self {
                    $(Self::$id => statements!(@$heat)),*
                }
            }
        }
    };
    (@hot) => { true };
    (@cold) => { false };
}

statements! {
    Begin cold "transaction.begin" sqlite::BEGIN;
    Commit cold "transaction.commit" "COMMIT";
    Rollback cold "transaction.rollback" "ROLLBACK";
    Savepoint cold "transaction.savepoint" "SAVEPOINT op";
    Release cold "transaction.release" "RELEASE SAVEPOINT op";
    RollbackTo cold "transaction.rollback_to" "ROLLBACK TO SAVEPOINT op";
    Checkpoint cold "transaction.checkpoint" sqlite::CHECKPOINT;

    Tables cold "schema.tables" sqlite::TABLES;
    AccountTables cold "schema.account_tables" sqlite::ACCOUNT_TABLES;
    SchemaVersion cold "schema.version" "SELECT coalesce(max(version), 0) FROM schema_version";
    SchemaRecord cold "schema.record" "INSERT INTO schema_version (version, name, applied_us) VALUES (?, ?, ?)";

    AccountInsert hot "account.insert" "INSERT INTO account (domain, local, created_us, enabled, hashes) \
        VALUES {(?, ?, ?, 1, ?)} ON CONFLICT (domain, local) DO NOTHING RETURNING id, domain, local";
    AccountLookup hot "account.lookup" "SELECT id, domain, local, created_us, enabled FROM account \
        WHERE domain = ? AND local = ?";
    AccountList hot "account.list" "SELECT id, domain, local, created_us, enabled FROM account \
        WHERE domain = ? AND local > ? ORDER BY local LIMIT ?";
    AccountCount hot "account.count" "SELECT count(*) FROM account WHERE domain = ?";
    AccountDomainAfter hot "account.domain_after" "SELECT min(domain) FROM account WHERE domain > ?";
    AccountEnable hot "account.enable" "UPDATE account SET enabled = ? WHERE id = ?";
    AccountHashes hot "account.hashes" "UPDATE account SET hashes = ? WHERE id = ?";
    AccountDelete hot "account.delete" "DELETE FROM account WHERE id IN ({?})";
    AccountIds hot "account.ids" "SELECT id FROM account WHERE domain = ? LIMIT ?";
    AccountExists hot "account.exists" "SELECT count(*) FROM account WHERE id = ?";
    // Sets of hashes (Hash::bit) without SHA-1, SHA-256, SHA-512; 0, no keys at all, is not among them.
    AccountLacks hot "account.lacks" "SELECT \
        EXISTS (SELECT 1 FROM account WHERE domain = ? AND hashes IN (2, 4, 6)), \
        EXISTS (SELECT 1 FROM account WHERE domain = ? AND hashes IN (1, 4, 5)), \
        EXISTS (SELECT 1 FROM account WHERE domain = ? AND hashes IN (1, 2, 3))";

    KeyInsert hot "account_key.insert" "INSERT INTO account_key \
        (account_id, hash, iterations, salt, stored_key, server_key) VALUES {(?, ?, ?, ?, ?, ?)}";
    KeyDelete hot "account_key.delete" "DELETE FROM account_key WHERE account_id = ?";
    KeyLookup hot "account_key.lookup" "SELECT a.id, a.domain, a.local, a.created_us, a.enabled, \
        k.hash, k.iterations, k.salt, k.stored_key, k.server_key \
        FROM account a LEFT JOIN account_key k ON k.account_id = a.id WHERE a.domain = ? AND a.local = ?";

    RosterLoad hot "roster.load" "SELECT r.version, i.jid, i.name, i.subscription, i.ask, i.approved, i.in_roster, \
        i.pending_in, i.item_groups, i.version \
        FROM roster r LEFT JOIN roster_item i ON i.account_id = r.account_id WHERE r.account_id = ?";
    RosterVersion hot "roster.version" "INSERT INTO roster (account_id, version) VALUES (?, ?) \
        ON CONFLICT (account_id) DO UPDATE SET version = excluded.version";
    RosterPut hot "roster_item.put" "INSERT INTO roster_item (account_id, jid_digest, jid, name, subscription, ask, \
        approved, in_roster, pending_in, item_groups, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
        ON CONFLICT (account_id, jid_digest) DO UPDATE SET name = excluded.name, subscription = excluded.subscription, \
        ask = excluded.ask, approved = excluded.approved, in_roster = excluded.in_roster, \
        pending_in = excluded.pending_in, item_groups = excluded.item_groups, version = excluded.version";
    RosterRemove hot "roster_item.remove" "DELETE FROM roster_item WHERE account_id = ? AND jid_digest = ?";

    OfflineInsert hot "offline.insert" "INSERT INTO offline_message (account_id, stored_us, expires_us, xml) \
        VALUES (?, ?, ?, ?) RETURNING id";
    OfflineInsertBelow hot "offline.insert_below" "INSERT INTO offline_message (account_id, stored_us, expires_us, xml) \
        SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM offline_message WHERE account_id = ? LIMIT 1 OFFSET ?) \
        RETURNING id";
    OfflineLoad hot "offline.load" "SELECT id, stored_us, xml FROM offline_message \
        WHERE account_id = ? AND id > ? AND (expires_us IS NULL OR expires_us > ?) ORDER BY id LIMIT ?";
    OfflineDelete hot "offline.delete" "DELETE FROM offline_message WHERE account_id = ? AND id IN ({?})";
    OfflineDeleteUpTo hot "offline.delete_up_to" "DELETE FROM offline_message WHERE account_id = ? AND id <= ?";
    OfflineCount hot "offline.count" "SELECT count(*) FROM offline_message WHERE account_id = ?";
    OfflineExpire hot "offline.expire" "DELETE FROM offline_message WHERE expires_us <= ?";
    OfflineExpireOne hot "offline.expire_account" "DELETE FROM offline_message WHERE account_id = ? AND expires_us <= ?";

    SettingGet hot "setting.get" "SELECT value FROM setting WHERE name = ?";
    SettingPut hot "setting.put" "INSERT INTO setting (name, value) VALUES (?, ?) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    SettingDelete hot "setting.delete" "DELETE FROM setting WHERE name = ?";

    PurgeTable cold "purge.table" "DELETE FROM <table> WHERE account_id IN ({?})";
    CountTable cold "purge.count" "SELECT count(*) FROM <table> WHERE account_id IN ({?})";
}

/// A statement's text, and how long it is worth keeping prepared.
pub(crate) enum Text {
    /// Prepared once per connection.
    Fixed(&'static str),
    /// Prepared for this call.
    Built(String),
}

/// A statement with what it is run with.
pub(crate) struct Call<'a> {
    pub statement: Statement,
    pub text: Text,
    pub args: &'a [Value<'a>],
}

impl Statement {
    /// The statement as it stands.
    pub(crate) fn with<'a>(self, args: &'a [Value<'a>]) -> Call<'a> {
        Call { statement: self, text: Text::Fixed(self.definition().sql), args }
    }

    /// The statement with what stands in braces `times` over.
    pub(crate) fn repeat<'a>(self, times: usize, args: &'a [Value<'a>]) -> Call<'a> {
        Call { statement: self, text: Text::Built(repeated(self.definition().sql, times)), args }
    }

    /// A statement on `<table>`, a name taken from the database's own schema, repeated as above.
    pub(crate) fn on<'a>(self, table: &str, times: usize, args: &'a [Value<'a>]) -> Call<'a> {
        let sql = self.definition().sql.replace("<table>", table);
        Call { statement: self, text: Text::Built(repeated(&sql, times)), args }
    }
}

fn repeated(sql: &str, times: usize) -> String {
    let parts = sql.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    let Some((head, (body, tail))) = parts else { return sql.to_owned() };
    let mut text = String::with_capacity(head.len() + tail.len() + times * (body.len() + 1));
    text.push_str(head);
    for n in 0..times {
        if n > 0 {
            text.push(',');
        }
        text.push_str(body);
    }
    text.push_str(tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_repeated() {
        assert_eq!(repeated("a IN ({?}) b", 3), "a IN (?,?,?) b");
        assert_eq!(repeated("VALUES {(?, ?)}", 2), "VALUES (?, ?),(?, ?)");
        assert_eq!(repeated("BEGIN", 3), "BEGIN");
    }

    #[test]
    fn names_differ() {
        let mut names: Vec<_> = Statement::ALL.iter().map(|s| s.definition().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Statement::ALL.len());
    }
}
