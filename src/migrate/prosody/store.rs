//! Prosody's stores, by name.

use crate::Kind;

/// What is made of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Read: a table for each user.
    Table,
    /// Read: items for each user.
    Items,
    /// Counted only.
    Rows,
}

/// The nodes of personal eventing (XEP-0163) whose items are read.
pub const VCARD4: &str = "pep_urn:xmpp:vcard4";
pub const AVATAR_DATA: &str = "pep_urn:xmpp:avatar:data";
pub const AVATAR_METADATA: &str = "pep_urn:xmpp:avatar:metadata";
pub const BOOKMARKS: &str = "pep_urn:xmpp:bookmarks:1";
pub const OLD_BOOKMARKS: &str = "pep_storage:bookmarks";

/// The kind of what is in a store.
pub fn kind(store: &str) -> Kind {
    match store {
        "accounts" | "account_details" => Kind::Account,
        "roster" => Kind::Roster,
        "private" => Kind::Private,
        "privacy" | "blocklist" => Kind::Privacy,
        "vcard" => Kind::VCard,
        "offline" => Kind::Offline,
        // Of the community modules of these names, and since 13.0 of mod_account_activity.
        "lastlog" | "lastlog2" | "account_activity" => Kind::Last,
        "archive" | "archive2" | "archive_prefs" => Kind::Archive,
        "config" | "persistent" | "state" | "muc_log" | "vcard_muc" => Kind::Room,
        "pep" => Kind::Pep,
        store if store.starts_with("pep_") => Kind::Pep,
        _ => Kind::Other,
    }
}

/// What is made of a store of a user.
pub fn content(store: &str) -> Content {
    match store {
        "pep" => Content::Table,
        "offline" | VCARD4 | AVATAR_DATA | AVATAR_METADATA | BOOKMARKS | OLD_BOOKMARKS => Content::Items,
        _ => match kind(store) {
            Kind::Archive | Kind::Pep | Kind::Room | Kind::Other => Content::Rows,
            _ => Content::Table,
        },
    }
}

/// Whether a host that has such a store is one of users. Components have other stores.
pub fn is_of_users(store: &str) -> bool {
    !matches!(kind(store), Kind::Room | Kind::Other)
}
