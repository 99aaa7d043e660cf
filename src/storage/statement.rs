//! All statements, with their names. Where the dialects agree, or `dialect.rs` translates, the text is written once; what
//! another database needs stands behind it.

use std::sync::LazyLock;

use crate::dialect::Dialect;
use crate::value::Value;

/// What is known of a statement at compile time.
pub(crate) struct Definition {
    /// For metrics and logs: `table.verb`.
    pub name: &'static str,
    /// Placeholders are `?`. The part in braces is repeated, separated by commas, as often as the call says.
    sql: &'static str,
    postgres: Option<&'static str>,
    mariadb: Option<&'static str>,
}

impl Definition {
    /// The text before it is repeated and its placeholders are numbered.
    fn sql(&self, dialect: Dialect) -> &'static str {
        let own = match dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => self.postgres,
            Dialect::Mariadb => self.mariadb,
        };
        own.unwrap_or(self.sql)
    }
}

macro_rules! statements {
    ($($id:ident $heat:ident $name:literal $sql:expr
        $(, postgres $postgres:expr)? $(, mariadb $mariadb:expr)?;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Statement { $($id),* }

        impl Statement {
            /// All of them, in the order of their discriminants.
            pub(crate) const ALL: &[Self] = &[$(Self::$id),*];

            /// Its name and text.
            pub(crate) const fn definition(self) -> Definition {
                match self {
                    $(Self::$id => Definition {
                        name: $name,
                        sql: $sql,
                        postgres: statements!(@own $($postgres)?),
                        mariadb: statements!(@own $($mariadb)?),
                    }),*
                }
            }

            /// Whether it runs while the server serves: its plan must use an index.
            pub(crate) const fn hot(self) -> bool {
                match self {
                    $(Self::$id => statements!(@$heat)),*
                }
            }
        }
    };
    (@hot) => { true };
    (@cold) => { false };
    (@own) => { None };
    (@own $sql:expr) => { Some($sql) };
}

statements! {
    // On SQLite it takes the write lock at once, since a read lock cannot always be upgraded.
    Begin cold "transaction.begin" "BEGIN IMMEDIATE", postgres "BEGIN", mariadb "START TRANSACTION";
    Commit cold "transaction.commit" "COMMIT";
    Rollback cold "transaction.rollback" "ROLLBACK";
    Savepoint cold "transaction.savepoint" "SAVEPOINT op";
    Release cold "transaction.release" "RELEASE SAVEPOINT op";
    RollbackTo cold "transaction.rollback_to" "ROLLBACK TO SAVEPOINT op";
    // Moves the log into the main file and truncates it.
    Checkpoint cold "transaction.checkpoint" "PRAGMA wal_checkpoint(TRUNCATE)";

    Tables cold "schema.tables" "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        postgres "SELECT table_name::text FROM information_schema.tables \
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name",
        mariadb "SELECT table_name FROM information_schema.tables \
    WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY table_name";
    // Those with a column `account_id`.
    AccountTables cold "schema.account_tables" "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
    ON c.name = 'account_id' WHERE m.type = 'table' ORDER BY m.name",
        postgres "SELECT table_name::text FROM information_schema.columns \
    WHERE table_schema = current_schema() AND column_name = 'account_id' ORDER BY table_name",
        mariadb "SELECT table_name FROM information_schema.columns \
    WHERE table_schema = database() AND column_name = 'account_id' ORDER BY table_name";
    // One server migrates, others wait ten seconds: until the end of the transaction, or of the connection.
    MigrationPatience cold "schema.patience" "SELECT 1", postgres "SET LOCAL lock_timeout = '10s'",
        mariadb "SET SESSION lock_wait_timeout = 10";
    // The number is the name.
    MigrationLock cold "schema.lock" "SELECT 1", postgres "SELECT pg_advisory_xact_lock(7164210)::text",
        mariadb "SELECT CAST(GET_LOCK(concat('castling:', md5(database())), 10) AS SIGNED)";
    MigrationUnlock cold "schema.unlock" "SELECT 1",
        mariadb "SELECT CAST(RELEASE_LOCK(concat('castling:', md5(database()))) AS SIGNED)";
    SchemaVersion cold "schema.version" "SELECT coalesce(max(version), 0) FROM schema_version";
    SchemaRecord cold "schema.record" "INSERT INTO schema_version (version, name, applied_us) VALUES (?, ?, ?)";

    AccountInsert hot "account.insert" "INSERT INTO account (domain, local, created_us, enabled, hashes) \
        VALUES {(?, ?, ?, 1, ?)} ON CONFLICT (domain, local) DO NOTHING RETURNING id, domain, local",
        mariadb "INSERT IGNORE INTO account (domain, local, created_us, enabled, hashes) \
        VALUES {(?, ?, ?, 1, ?)} RETURNING id, domain, local";
    // An existing account keeps its provider, and its keys if it has none.
    AccountAdopt hot "account.adopt" "INSERT INTO account (domain, local, created_us, enabled, hashes, provider) \
        VALUES (?, ?, ?, 1, 0, ?) ON CONFLICT (domain, local) DO NOTHING",
        mariadb "INSERT IGNORE INTO account (domain, local, created_us, enabled, hashes, provider) \
        VALUES (?, ?, ?, 1, 0, ?)";
    AccountLookup hot "account.lookup" "SELECT id, domain, local, created_us, enabled, provider FROM account \
        WHERE domain = ? AND local = ?";
    AccountLoad hot "account.load" "SELECT a.id, a.domain, a.local, a.created_us, a.enabled, a.provider, t.at_us, t.status, \
        i.list, i.item_order, i.subject, i.value, i.allow, i.kinds FROM account a \
        LEFT JOIN last_activity t ON t.account_id = a.id LEFT JOIN privacy_default d ON d.account_id = a.id \
        LEFT JOIN privacy_item i ON i.account_id = d.account_id AND i.list_digest = d.list_digest \
        WHERE a.domain = ? AND a.local = ? ORDER BY i.item_order";
    AccountList hot "account.list" "SELECT id, domain, local, created_us, enabled, provider FROM account \
        WHERE domain = ? AND local > ? ORDER BY local LIMIT ?";
    AccountAdopted hot "account.adopted" "SELECT id, domain, local, created_us, enabled, provider FROM account \
        WHERE domain = ? AND provider = ? AND local > ? ORDER BY local LIMIT ?";
    AccountProvider hot "account.provider" "SELECT min(provider) FROM account WHERE domain = ? AND provider > ?";
    AccountCount hot "account.count" "SELECT count(*) FROM account WHERE domain = ?";
    AccountEnable hot "account.enable" "UPDATE account SET enabled = ? WHERE id = ?";
    AccountGive hot "account.give" "UPDATE account SET provider = ? WHERE id = ?";
    AccountHashes hot "account.hashes" "UPDATE account SET hashes = ? WHERE id = ?";
    AccountDelete hot "account.delete" "DELETE FROM account WHERE id IN ({?})";
    AccountIds hot "account.ids" "SELECT id FROM account WHERE domain = ? LIMIT ?";
    AccountExists hot "account.exists" "SELECT count(*) FROM account WHERE id = ?";
    // Locks the account's row.
    AccountHold hot "account.hold" "UPDATE account SET hashes = hashes WHERE id = ?";
    // Sets of hashes (Hash::bit) without SHA-1, SHA-256, SHA-512; 8, a secret that has none (ONE_WAY), is each of them.
    // Neither 0, no keys at all, nor 16, a password that all can be derived from (REVERSIBLE), is among them.
    AccountLacks hot "account.lacks" "SELECT \
        EXISTS (SELECT 1 FROM account WHERE domain = ? AND hashes IN (2, 4, 6, 8)), \
        EXISTS (SELECT 1 FROM account WHERE domain = ? AND hashes IN (1, 4, 5, 8)), \
        EXISTS (SELECT 1 FROM account WHERE domain = ? AND hashes IN (1, 2, 3, 8))";
    AccountSecrets hot "account.secrets" "SELECT count(*) FROM account WHERE domain = ? AND hashes IN (8, 16)";

    KeyInsert hot "account_key.insert" "INSERT INTO account_key \
        (account_id, hash, iterations, salt, stored_key, server_key) VALUES {(?, ?, ?, ?, ?, ?)}";
    KeyDelete hot "account_key.delete" "DELETE FROM account_key WHERE account_id = ?";
    KeyLookup hot "account_key.lookup" "SELECT a.id, a.domain, a.local, a.created_us, a.enabled, a.provider, \
        k.hash, k.iterations, k.salt, k.stored_key, k.server_key, s.format, s.secret, s.salt, a.hashes \
        FROM account a LEFT JOIN account_key k ON k.account_id = a.id \
        LEFT JOIN account_secret s ON s.account_id = a.id WHERE a.domain = ? AND a.local = ?";

    SecretInsert hot "account_secret.insert" "INSERT INTO account_secret (account_id, format, secret, salt) \
        VALUES {(?, ?, ?, ?)}";
    SecretDelete hot "account_secret.delete" "DELETE FROM account_secret WHERE account_id = ?";
    // An absent salt is as an empty one.
    SecretDeleteSame hot "account_secret.delete_same" "DELETE FROM account_secret \
        WHERE account_id = ? AND format = ? AND secret = ? AND coalesce(salt, '') = ?";

    RosterLoad hot "roster.load" "SELECT r.version, i.jid, i.name, i.subscription, i.ask, i.approved, i.in_roster, \
        i.pending_in, i.item_groups, i.version \
        FROM roster r LEFT JOIN roster_item i ON i.account_id = r.account_id WHERE r.account_id = ?";
    RosterVersion hot "roster.version" "INSERT INTO roster (account_id, version) VALUES {(?, ?)} \
        ON CONFLICT (account_id) DO UPDATE SET version = excluded.version";
    RosterPut hot "roster_item.put" "INSERT INTO roster_item (account_id, jid_digest, jid, name, subscription, ask, \
        approved, in_roster, pending_in, item_groups, version) VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)} \
        ON CONFLICT (account_id, jid_digest) DO UPDATE SET name = excluded.name, subscription = excluded.subscription, \
        ask = excluded.ask, approved = excluded.approved, in_roster = excluded.in_roster, \
        pending_in = excluded.pending_in, item_groups = excluded.item_groups, version = excluded.version";
    RosterRemove hot "roster_item.remove" "DELETE FROM roster_item \
        WHERE account_id = ? AND jid_digest IN ({?})";

    OfflineInsert hot "offline.insert" "INSERT INTO offline_message (account_id, stored_us, expires_us, xml) \
        VALUES (?, ?, ?, ?) RETURNING id";
    OfflineInsertBelow hot "offline.insert_below" "INSERT INTO offline_message (account_id, stored_us, expires_us, xml) \
        SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM offline_message WHERE account_id = ? LIMIT 1 OFFSET ?) \
        RETURNING id";
    OfflineInsertFrom hot "offline.insert_from" "INSERT INTO offline_message (account_id, stored_us, expires_us, xml, stranger) \
        SELECT ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM roster_item \
            WHERE account_id = ? AND jid_digest = ? AND in_roster = 1) THEN 0 ELSE 1 END \
        WHERE NOT EXISTS (SELECT 1 FROM offline_message WHERE account_id = ? LIMIT 1 OFFSET ?) \
        AND (EXISTS (SELECT 1 FROM roster_item WHERE account_id = ? AND jid_digest = ? AND in_roster = 1) OR NOT EXISTS \
            (SELECT 1 FROM offline_message WHERE account_id = ? AND stranger = 1 LIMIT 1 OFFSET ?)) RETURNING id";
    OfflineLoad hot "offline.load" "SELECT id, stored_us, xml FROM offline_message \
        WHERE account_id = ? AND id > ? AND (expires_us IS NULL OR expires_us > ?) ORDER BY id LIMIT ?";
    OfflineDelete hot "offline.delete" "DELETE FROM offline_message WHERE account_id = ? AND id IN ({?})";
    OfflineDeleteUpTo hot "offline.delete_up_to" "DELETE FROM offline_message WHERE account_id = ? AND id <= ?";
    OfflineCount hot "offline.count" "SELECT count(*) FROM offline_message WHERE account_id = ?";
    OfflineExpire hot "offline.expire" "DELETE FROM offline_message WHERE expires_us <= ?";
    OfflineExpireOne hot "offline.expire_account" "DELETE FROM offline_message WHERE account_id = ? AND expires_us <= ?";

    PrivateGet hot "private_xml.get" "SELECT xml FROM private_xml WHERE account_id = ? AND digest = ?";
    PrivateAll hot "private_xml.all" "SELECT name, namespace, xml FROM private_xml WHERE account_id = ?";
    PrivateOthers hot "private_xml.others" "SELECT count(*), coalesce(sum(octet_length(xml)), 0) FROM private_xml \
        WHERE account_id = ? AND digest <> ?",
        mariadb "SELECT count(*), CAST(coalesce(sum(octet_length(xml)), 0) AS SIGNED) FROM private_xml \
        WHERE account_id = ? AND digest <> ?";
    PrivatePut hot "private_xml.put" "INSERT INTO private_xml (account_id, digest, name, namespace, xml) \
        VALUES {(?, ?, ?, ?, ?)} ON CONFLICT (account_id, digest) DO UPDATE SET xml = excluded.xml";
    PrivateRemove hot "private_xml.remove" "DELETE FROM private_xml WHERE account_id = ? AND digest IN ({?})";

    VCardGet hot "vcard.get" "SELECT xml FROM vcard WHERE account_id = ?";
    VCardPut hot "vcard.put" "INSERT INTO vcard (account_id, xml) VALUES {(?, ?)} \
        ON CONFLICT (account_id) DO UPDATE SET xml = excluded.xml";
    VCardRemove hot "vcard.remove" "DELETE FROM vcard WHERE account_id IN ({?})";

    LastActivityGet hot "last_activity.get" "SELECT at_us, status FROM last_activity WHERE account_id = ?";
    LastActivityPut hot "last_activity.put" "INSERT INTO last_activity (account_id, at_us, status) VALUES {(?, ?, ?)} \
        ON CONFLICT (account_id) DO UPDATE SET at_us = excluded.at_us, status = excluded.status \
        WHERE last_activity.at_us <= excluded.at_us",
        mariadb "INSERT INTO last_activity (account_id, at_us, status) VALUES {(?, ?, ?)} ON DUPLICATE KEY UPDATE \
        status = IF(at_us <= VALUES(at_us), VALUES(status), status), at_us = GREATEST(at_us, VALUES(at_us))";

    PrivacyNames hot "privacy_item.names" "SELECT min(list) FROM privacy_item WHERE account_id = ? \
        GROUP BY list_digest";
    PrivacyList hot "privacy_item.list" "SELECT list, item_order, subject, value, allow, kinds FROM privacy_item \
        WHERE account_id = ? AND list_digest = ? ORDER BY item_order";
    PrivacyItemPut hot "privacy_item.put" "INSERT INTO privacy_item \
        (account_id, list_digest, list, item_order, subject, value, allow, kinds) \
        VALUES {(?, ?, ?, ?, ?, ?, ?, ?)} ON CONFLICT (account_id, list_digest, item_order) DO UPDATE SET \
        subject = excluded.subject, value = excluded.value, allow = excluded.allow, kinds = excluded.kinds";
    PrivacyItemRemove hot "privacy_item.remove" "DELETE FROM privacy_item \
        WHERE account_id = ? AND list_digest = ? AND item_order IN ({?})";
    PrivacyRemove hot "privacy_item.remove_list" "DELETE FROM privacy_item WHERE account_id = ? AND list_digest = ?";
    PrivacyDefault hot "privacy_default.list" "SELECT i.list, i.item_order, i.subject, i.value, i.allow, i.kinds \
        FROM privacy_default d JOIN privacy_item i ON i.account_id = d.account_id AND i.list_digest = d.list_digest \
        WHERE d.account_id = ? ORDER BY i.item_order";
    PrivacyDefaultCount hot "privacy_default.count" "SELECT count(*) FROM account a WHERE a.domain = ? \
        AND EXISTS (SELECT 1 FROM privacy_default d WHERE d.account_id = a.id)";
    PrivacyDefaultPut hot "privacy_default.put" "INSERT INTO privacy_default (account_id, list_digest) \
        SELECT account_id, list_digest FROM privacy_item WHERE account_id = ? AND list_digest = ? LIMIT 1 \
        ON CONFLICT (account_id) DO UPDATE SET list_digest = excluded.list_digest";
    PrivacyDefaultDelete hot "privacy_default.delete" "DELETE FROM privacy_default WHERE account_id = ?";
    PrivacyDefaultDeleteEmpty hot "privacy_default.delete_empty" "DELETE FROM privacy_default \
        WHERE account_id = ? AND list_digest = ? \
        AND NOT EXISTS (SELECT 1 FROM privacy_item WHERE account_id = ? AND list_digest = ?)";

    PluginUsageGet hot "plugin_usage.get" "SELECT bytes FROM plugin_usage WHERE owner_digest = ?";
    // On SQLite there is only one writer.
    PluginUsageLock hot "plugin_usage.lock" "SELECT bytes FROM plugin_usage WHERE owner_digest = ?",
        postgres "SELECT bytes FROM plugin_usage WHERE owner_digest = ? FOR UPDATE",
        mariadb "SELECT bytes FROM plugin_usage WHERE owner_digest = ? FOR UPDATE";
    PluginUsageInsert hot "plugin_usage.insert" "INSERT INTO plugin_usage (owner_digest, plugin, domain, bytes) \
        VALUES (?, ?, ?, 0) ON CONFLICT (owner_digest) DO NOTHING",
        mariadb "INSERT IGNORE INTO plugin_usage (owner_digest, plugin, domain, bytes) VALUES (?, ?, ?, 0)";
    PluginUsageSet hot "plugin_usage.set" "UPDATE plugin_usage SET bytes = ? WHERE owner_digest = ?";
    PluginUsageDelete hot "plugin_usage.delete" "DELETE FROM plugin_usage WHERE owner_digest = ?";
    PluginUsageOfPlugin hot "plugin_usage.of_plugin" "SELECT owner_digest FROM plugin_usage WHERE plugin = ? LIMIT 1";
    PluginUsageOfDomain hot "plugin_usage.of_domain" "SELECT owner_digest FROM plugin_usage WHERE domain = ? LIMIT 1";

    PluginValueGet hot "plugin_value.get" "SELECT value FROM plugin_value \
        WHERE owner_digest = ? AND item_key = ? AND (expires_us IS NULL OR expires_us > ?)";
    PluginValueRead hot "plugin_value.read" "SELECT value, expires_us FROM plugin_value \
        WHERE owner_digest = ? AND item_key = ?";
    PluginValueKeys hot "plugin_value.keys" "SELECT item_key FROM plugin_value WHERE owner_digest = ? \
        AND item_key >= ? AND item_key < ? AND (expires_us IS NULL OR expires_us > ?) ORDER BY item_key LIMIT ?";
    PluginValuePut hot "plugin_value.put" "INSERT INTO plugin_value (owner_digest, item_key, value, expires_us) \
        VALUES (?, ?, ?, ?) ON CONFLICT (owner_digest, item_key) DO UPDATE SET \
        value = excluded.value, expires_us = excluded.expires_us";
    PluginValueDelete hot "plugin_value.delete" "DELETE FROM plugin_value \
        WHERE owner_digest = ? AND item_key IN ({?})";
    PluginValueSome hot "plugin_value.some" "SELECT item_key, octet_length(value) FROM plugin_value \
        WHERE owner_digest = ? ORDER BY item_key LIMIT ?";
    PluginValueExpired hot "plugin_value.expired" "SELECT item_key, octet_length(value) FROM plugin_value \
        WHERE owner_digest = ? AND expires_us <= ? ORDER BY expires_us LIMIT ?";
    PluginValueExpiring hot "plugin_value.expiring" "SELECT owner_digest FROM plugin_value \
        WHERE expires_us <= ? ORDER BY expires_us LIMIT 1";

    PluginSlotAll hot "plugin_slot.all" "SELECT plugin, value FROM plugin_slot WHERE account_id = ? ORDER BY plugin";
    PluginSlotPut hot "plugin_slot.put" "INSERT INTO plugin_slot (account_id, plugin, value) VALUES (?, ?, ?) \
        ON CONFLICT (account_id, plugin) DO UPDATE SET value = excluded.value";
    PluginSlotDelete hot "plugin_slot.delete" "DELETE FROM plugin_slot WHERE plugin = ? AND account_id IN ({?})";
    PluginSlotOfPlugin hot "plugin_slot.of_plugin" "SELECT account_id FROM plugin_slot WHERE plugin = ? LIMIT ?";

    // What an importer compares, of many accounts at once.
    AccountFind hot "account.find" "SELECT id, domain, local, created_us, enabled, provider, hashes FROM account \
        WHERE domain = ? AND local IN ({?})";
    KeysOf hot "account_key.of" "SELECT hash, iterations, salt, stored_key, server_key, account_id \
        FROM account_key WHERE account_id IN ({?})";
    SecretsOf hot "account_secret.of" "SELECT s.format, s.secret, s.salt, a.hashes, a.id FROM account_secret s \
        JOIN account a ON a.id = s.account_id WHERE s.account_id IN ({?})";
    RostersOf hot "roster.of" "SELECT r.version, i.jid, i.name, i.subscription, i.ask, i.approved, i.in_roster, \
        i.pending_in, i.item_groups, i.version, r.account_id \
        FROM roster r LEFT JOIN roster_item i ON i.account_id = r.account_id WHERE r.account_id IN ({?})";
    PrivateOf hot "private_xml.of" "SELECT name, namespace, xml, account_id FROM private_xml WHERE account_id IN ({?})";
    ListsOf hot "privacy_item.of" "SELECT list, item_order, subject, value, allow, kinds, account_id FROM privacy_item \
        WHERE account_id IN ({?}) ORDER BY account_id, list_digest, item_order";
    DefaultsOf hot "privacy_default.of" "SELECT list_digest, account_id FROM privacy_default WHERE account_id IN ({?})";
    VCardsOf hot "vcard.of" "SELECT xml, account_id FROM vcard WHERE account_id IN ({?})";
    OfflineOf hot "offline.of" "SELECT id, stored_us, xml, account_id FROM offline_message WHERE account_id IN ({?})";
    OfflineInsertMany hot "offline.insert_many" "INSERT INTO offline_message (account_id, stored_us, xml) VALUES {(?, ?, ?)}";
    LastActivityOf hot "last_activity.of" "SELECT at_us, status, account_id FROM last_activity WHERE account_id IN ({?})";
    ImportedOf hot "imported.of" "SELECT password_here, password_there, records, account_id FROM imported \
        WHERE source = ? AND account_id IN ({?})";
    ImportedPut hot "imported.put" "INSERT INTO imported (account_id, source, password_here, password_there, records) \
        VALUES {(?, ?, ?, ?, ?)} ON CONFLICT (account_id, source) DO UPDATE SET password_here = excluded.password_here, \
        password_there = excluded.password_there, records = excluded.records";
    ImportedAccounts hot "imported.accounts" "SELECT a.id, a.local FROM account a \
        JOIN imported i ON i.account_id = a.id AND i.source = ? WHERE a.domain = ? AND a.local > ? ORDER BY a.local LIMIT ?";
    ImportedPassword hot "imported.password" "UPDATE imported SET password_here = ? WHERE account_id = ? AND password_here = ?";

    SettingGet hot "setting.get" "SELECT value FROM setting WHERE name = ?";
    SettingPut hot "setting.put" "INSERT INTO setting (name, value) VALUES (?, ?) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    SettingDelete hot "setting.delete" "DELETE FROM setting WHERE name = ?";

    Look cold "database.look" "SELECT 1";
    CopyWrite cold "copy.write" "SELECT 1";

    PurgeTable cold "purge.table" "DELETE FROM <table> WHERE account_id IN ({?})";
    CountTable cold "purge.count" "SELECT count(*) FROM <table> WHERE account_id IN ({?})";
}

/// Texts that never change, by dialect and statement: those of a call without repetition.
static SQLITE: LazyLock<Vec<String>> = LazyLock::new(|| fixed(Dialect::Sqlite));
static POSTGRES: LazyLock<Vec<String>> = LazyLock::new(|| fixed(Dialect::Postgres));
static MARIADB: LazyLock<Vec<String>> = LazyLock::new(|| fixed(Dialect::Mariadb));

fn fixed(dialect: Dialect) -> Vec<String> {
    Statement::ALL.iter().map(|statement| dialect.text(statement.definition().sql(dialect), 1)).collect()
}

/// A statement's text, and whether it stays prepared.
pub(crate) enum Text {
    /// Prepared once per connection.
    Fixed(&'static str),
    /// The same: there are few such texts (`repeat.rs`).
    Built(String),
    /// Not prepared; it has no arguments.
    Once(String),
}

/// How a statement's text comes from its definition.
pub(crate) enum Shape<'a> {
    Fixed,
    /// On `<table>`, a name from the database's own schema; the part in braces so many times.
    Built {
        table: Option<&'a str>,
        times: usize,
    },
    /// A text of its own, for what looks at whole tables or at the database itself.
    Own(String),
}

/// A statement with its arguments.
pub(crate) struct Call<'a> {
    pub statement: Statement,
    pub shape: Shape<'a>,
    pub args: &'a [Value<'a>],
}

impl Call<'_> {
    pub(crate) fn text(&self, dialect: Dialect) -> Text {
        let statement = self.statement;
        let sql = statement.definition().sql(dialect);
        match &self.shape {
            Shape::Fixed | Shape::Built { table: None, times: 1 } => Text::Fixed(statement.fixed(dialect)),
            Shape::Built { table: Some(table), times } => {
                Text::Built(dialect.text(&sql.replace("<table>", table), *times))
            }
            Shape::Built { table: None, times } => Text::Built(dialect.text(sql, *times)),
            Shape::Own(sql) if self.args.is_empty() => Text::Once(sql.clone()),
            Shape::Own(sql) => Text::Built(sql.clone()),
        }
    }
}

impl Statement {
    /// Its text without repetition.
    pub(crate) fn fixed(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => &SQLITE[self as usize],
            Dialect::Postgres => &POSTGRES[self as usize],
            Dialect::Mariadb => &MARIADB[self as usize],
        }
    }

    /// The statement unchanged.
    pub(crate) fn with<'a>(self, args: &'a [Value<'a>]) -> Call<'a> {
        Call { statement: self, shape: Shape::Fixed, args }
    }

    /// The statement with the part in braces repeated `times` times.
    pub(crate) fn repeat<'a>(self, times: usize, args: &'a [Value<'a>]) -> Call<'a> {
        Call { statement: self, shape: Shape::Built { table: None, times }, args }
    }

    /// The statement on `<table>`, a name from the database's own schema, repeated as above.
    pub(crate) fn on<'a>(self, table: &'a str, times: usize, args: &'a [Value<'a>]) -> Call<'a> {
        Call { statement: self, shape: Shape::Built { table: Some(table), times }, args }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ() {
        let mut names: Vec<_> = Statement::ALL.iter().map(|s| s.definition().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Statement::ALL.len());
    }
}
