//! The tables that are read user by user.

use crate::Kind;

/// A table. Those of one user are read in this order: a table that refers to another one comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Users,
    Last,
    Roster,
    Groups,
    VCard,
    PrivacyDefault,
    PrivacyList,
    PrivacyItem,
    Private,
    Spool,
    Archive,
    ArchivePrefs,
    PepNode,
    PepItem,
}

/// Whose a table's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// That of the columns `username` and, in the new schema, `server_host`.
    User,
    /// The address in the column `host`.
    Host,
    /// That of the row of another table with the same value in this column.
    Of(Table, &'static str),
}

/// What is known of a table.
pub(super) struct Shape {
    pub name: &'static str,
    pub kind: Kind,
    pub owner: Owner,
    /// The columns without which it is not ejabberd's table.
    pub needed: &'static [&'static str],
    /// Columns that some versions do not have.
    pub optional: &'static [&'static str],
    /// By what rows of one user are ordered, where there is such a column.
    pub then: &'static [&'static str],
}

impl Table {
    pub const ALL: [Self; 14] = [
        Self::Users,
        Self::Last,
        Self::Roster,
        Self::Groups,
        Self::VCard,
        Self::PrivacyDefault,
        Self::PrivacyList,
        Self::PrivacyItem,
        Self::Private,
        Self::Spool,
        Self::Archive,
        Self::ArchivePrefs,
        Self::PepNode,
        Self::PepItem,
    ];

    pub fn shape(self) -> &'static Shape {
        match self {
            Self::Users => &USERS,
            Self::Last => &LAST,
            Self::Roster => &ROSTER,
            Self::Groups => &GROUPS,
            Self::VCard => &VCARD,
            Self::PrivacyDefault => &PRIVACY_DEFAULT,
            Self::PrivacyList => &PRIVACY_LIST,
            Self::PrivacyItem => &PRIVACY_ITEM,
            Self::Private => &PRIVATE,
            Self::Spool => &SPOOL,
            Self::Archive => &ARCHIVE,
            Self::ArchivePrefs => &ARCHIVE_PREFS,
            Self::PepNode => &PEP_NODE,
            Self::PepItem => &PEP_ITEM,
        }
    }

    pub fn name(self) -> &'static str {
        self.shape().name
    }

    pub fn kind(self) -> Kind {
        self.shape().kind
    }
}

const fn of_user(name: &'static str, kind: Kind, needed: &'static [&'static str]) -> Shape {
    Shape { name, kind, owner: Owner::User, needed, optional: &[], then: &[] }
}

/// SCRAM since 16.03; `type`, and so several rows of one user, since 25.03.
const USERS: Shape = Shape {
    optional: &["serverkey", "salt", "iterationcount", "type", "created_at"],
    then: &["type"],
    ..of_user("users", Kind::Account, &["password"])
};
const LAST: Shape = Shape { optional: &["state"], ..of_user("last", Kind::Last, &["seconds"]) };
/// `approved` since 26.03.
const ROSTER: Shape = Shape {
    optional: &["askmessage", "approved"],
    then: &["jid"],
    ..of_user("rosterusers", Kind::Roster, &["jid", "nick", "subscription", "ask"])
};
const GROUPS: Shape =
    Shape { then: &["jid", "grp"], ..of_user("rostergroups", Kind::Group, &["jid", "grp"]) };
const VCARD: Shape = of_user("vcard", Kind::VCard, &["vcard"]);
const PRIVACY_DEFAULT: Shape = of_user("privacy_default_list", Kind::Privacy, &["name"]);
const PRIVACY_LIST: Shape =
    Shape { then: &["id"], ..of_user("privacy_list", Kind::Privacy, &["name", "id"]) };
const PRIVACY_ITEM: Shape = Shape {
    name: "privacy_list_data",
    kind: Kind::Privacy,
    owner: Owner::Of(Table::PrivacyList, "id"),
    needed: &["id", "t", "value", "action", "ord", "match_all", "match_iq", "match_message"],
    optional: &["match_presence_in", "match_presence_out"],
    then: &["id", "ord"],
};
const PRIVATE: Shape =
    Shape { then: &["namespace"], ..of_user("private_storage", Kind::Private, &["namespace", "data"]) };
const SPOOL: Shape =
    Shape { optional: &["created_at"], then: &["seq"], ..of_user("spool", Kind::Offline, &["xml", "seq"]) };
const ARCHIVE: Shape = Shape { optional: &["kind"], ..of_user("archive", Kind::Archive, &[]) };
const ARCHIVE_PREFS: Shape = of_user("archive_prefs", Kind::Archive, &[]);
const PEP_NODE: Shape = Shape {
    name: "pubsub_node",
    kind: Kind::Pep,
    owner: Owner::Host,
    needed: &["node", "nodeid"],
    optional: &[],
    then: &["nodeid"],
};
const PEP_ITEM: Shape = Shape {
    name: "pubsub_item",
    kind: Kind::Pep,
    owner: Owner::Of(Table::PepNode, "nodeid"),
    needed: &["nodeid", "itemid", "payload"],
    optional: &["modification"],
    then: &["nodeid", "modification"],
};
