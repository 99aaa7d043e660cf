//! What a user has, by kind.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident $word:literal;)*) => {
        /// A kind of records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Kind {
            $($(#[$doc])* $id),*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// Its name on the command line and in the report.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$id => $word),*
                }
            }
        }
    };
}

kinds! {
    /// Accounts with their passwords.
    Account "account";
    /// Contacts.
    Roster "roster";
    /// A contact's membership in a group. Goes with the contact.
    Group "group";
    /// Subscription requests that wait for the user's answer. They go with the roster.
    Request "request";
    /// Elements of private XML storage (XEP-0049).
    Private "private";
    /// Items of privacy lists and block lists, and the choice of a default list (XEP-0016, XEP-0191).
    Privacy "privacy";
    /// vCards (XEP-0054).
    VCard "vcard";
    /// Messages that wait for the user.
    Offline "offline";
    /// When the user was last online (XEP-0012).
    Last "last";
    /// Messages of archives, and archiving preferences (XEP-0313).
    Archive "archive";
    /// Nodes and items of personal eventing (XEP-0163) but for what has a place here.
    Pep "pep";
    /// Rooms (XEP-0045).
    Room "room";
    /// Whatever else a source has.
    Other "other";
}

impl Kind {
    /// Whether there is a place for it here.
    pub const fn is_taken(self) -> bool {
        !matches!(self, Self::Archive | Self::Pep | Self::Room | Self::Other)
    }

    /// Whether it is among the kinds that were chosen; if none was, all are.
    pub fn is_chosen(self, kinds: &[Self]) -> bool {
        kinds.is_empty() || kinds.contains(&self.chosen_as())
    }

    /// The kind that is chosen with `--kind` to have it.
    pub const fn chosen_as(self) -> Self {
        match self {
            Self::Group | Self::Request => Self::Roster,
            other => other,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let can_be_chosen = |kind: &&Self| kind.is_taken() && kind.chosen_as() == **kind;
        Self::ALL.iter().filter(can_be_chosen).find(|kind| kind.word() == word).copied().ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().filter(can_be_chosen).map(|kind| kind.word()).collect();
            format!("{word:?} is no kind; the kinds are {}", words.join(", "))
        })
    }
}
