//! The schema as this build expects it, for what looks at whole tables: copying, and checking a database. A contract
//! test compares it with what the migrations make of each database.

/// How a column is read and bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    Bytes,
}

use Kind::{Bytes, Int, Text};

/// A table.
pub(crate) struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    /// The primary key.
    pub key: &'static [&'static str],
    /// The other indexes.
    pub indexes: &'static [Index],
}

/// An index that is not a primary key.
pub(crate) struct Index {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub unique: bool,
}

impl Table {
    /// The column that says to which account a row belongs; `None` for what belongs to none.
    pub(crate) fn owner(&self) -> Option<&'static str> {
        match self.name {
            "account" => Some("id"),
            _ => self.columns.iter().map(|(name, _)| *name).find(|name| *name == "account_id"),
        }
    }

    /// Whether its rows belong to a plugin on a domain (`plugin_owner.rs`).
    pub(crate) fn is_of_plugins(&self) -> bool {
        self.key.first() == Some(&"owner_digest")
    }

    /// Whether its `id` is given out by the database.
    pub(crate) fn counts(&self) -> bool {
        self.key == ["id"]
    }
}

/// All tables but `schema_version`, each behind those that it refers to.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "account",
        columns: &[
            ("id", Int),
            ("domain", Text),
            ("local", Text),
            ("created_us", Int),
            ("enabled", Int),
            ("hashes", Int),
            ("provider", Text),
        ],
        key: &["id"],
        indexes: &[
            Index { name: "account_name", columns: &["domain", "local"], unique: true },
            Index { name: "account_hashes", columns: &["domain", "hashes"], unique: false },
            Index { name: "account_provider", columns: &["domain", "provider", "local"], unique: false },
        ],
    },
    Table {
        name: "account_key",
        columns: &[
            ("account_id", Int),
            ("hash", Int),
            ("iterations", Int),
            ("salt", Bytes),
            ("stored_key", Bytes),
            ("server_key", Bytes),
        ],
        key: &["account_id", "hash"],
        indexes: &[],
    },
    Table {
        name: "account_secret",
        columns: &[("account_id", Int), ("format", Text), ("secret", Text), ("salt", Text)],
        key: &["account_id"],
        indexes: &[],
    },
    Table {
        name: "roster",
        columns: &[("account_id", Int), ("version", Int)],
        key: &["account_id"],
        indexes: &[],
    },
    Table {
        name: "roster_item",
        columns: &[
            ("account_id", Int),
            ("jid_digest", Bytes),
            ("jid", Text),
            ("name", Text),
            ("subscription", Int),
            ("ask", Int),
            ("approved", Int),
            ("in_roster", Int),
            ("pending_in", Text),
            ("item_groups", Text),
            ("version", Int),
        ],
        key: &["account_id", "jid_digest"],
        indexes: &[],
    },
    Table {
        name: "offline_message",
        columns: &[
            ("id", Int),
            ("account_id", Int),
            ("stored_us", Int),
            ("expires_us", Int),
            ("xml", Bytes),
            ("stranger", Int),
        ],
        key: &["id"],
        indexes: &[
            Index { name: "offline_message_account", columns: &["account_id", "id"], unique: false },
            Index { name: "offline_message_expiry", columns: &["expires_us"], unique: false },
        ],
    },
    Table {
        name: "private_xml",
        columns: &[
            ("account_id", Int),
            ("digest", Bytes),
            ("name", Text),
            ("namespace", Text),
            ("xml", Text),
        ],
        key: &["account_id", "digest"],
        indexes: &[],
    },
    Table {
        name: "vcard",
        columns: &[("account_id", Int), ("xml", Text)],
        key: &["account_id"],
        indexes: &[],
    },
    Table {
        name: "last_activity",
        columns: &[("account_id", Int), ("at_us", Int), ("status", Text)],
        key: &["account_id"],
        indexes: &[],
    },
    Table {
        name: "privacy_item",
        columns: &[
            ("account_id", Int),
            ("list_digest", Bytes),
            ("list", Text),
            ("item_order", Int),
            ("subject", Int),
            ("value", Text),
            ("allow", Int),
            ("kinds", Int),
        ],
        key: &["account_id", "list_digest", "item_order"],
        indexes: &[],
    },
    Table {
        name: "privacy_default",
        columns: &[("account_id", Int), ("list_digest", Bytes)],
        key: &["account_id"],
        indexes: &[],
    },
    Table {
        name: "imported",
        columns: &[
            ("account_id", Int),
            ("source", Int),
            ("password_here", Bytes),
            ("password_there", Bytes),
            ("records", Bytes),
        ],
        key: &["account_id", "source"],
        indexes: &[],
    },
    Table {
        name: "plugin_slot",
        columns: &[("account_id", Int), ("plugin", Text), ("value", Bytes)],
        key: &["account_id", "plugin"],
        indexes: &[Index { name: "plugin_slot_plugin", columns: &["plugin"], unique: false }],
    },
    Table {
        name: "plugin_usage",
        columns: &[("owner_digest", Bytes), ("plugin", Text), ("domain", Text), ("bytes", Int)],
        key: &["owner_digest"],
        indexes: &[
            Index { name: "plugin_usage_plugin", columns: &["plugin"], unique: false },
            Index { name: "plugin_usage_domain", columns: &["domain"], unique: false },
        ],
    },
    Table {
        name: "plugin_value",
        columns: &[("owner_digest", Bytes), ("item_key", Text), ("value", Bytes), ("expires_us", Int)],
        key: &["owner_digest", "item_key"],
        indexes: &[
            Index { name: "plugin_value_expiry", columns: &["expires_us"], unique: false },
            Index {
                name: "plugin_value_owner_expiry",
                columns: &["owner_digest", "expires_us"],
                unique: false,
            },
        ],
    },
    Table { name: "setting", columns: &[("name", Text), ("value", Bytes)], key: &["name"], indexes: &[] },
];
