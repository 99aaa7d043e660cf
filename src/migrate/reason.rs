//! Why a record is not written.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $id:ident $words:literal $listed:literal;)*) => {
        /// Why a record is not written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Reason {
            $($(#[$doc])* $id),*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// As the report says it.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$id => $words),*
                }
            }

            /// Whether it may be one that was imported before: that this one cannot be taken does not mean that it is gone.
            pub const fn hides(self) -> bool {
                matches!(
                    self,
                    Self::BadJid | Self::BrokenXml | Self::UnknownValue | Self::BadText | Self::TooLarge | Self::Damaged
                )
            }

            /// Whether the report lists each record with its key, other than those that are as they should be.
            pub const fn is_listed(self) -> bool {
                match self {
                    $(Self::$id => $listed),*
                }
            }
        }
    };
}

reasons! {
    /// The same stands here already.
    Unchanged "unchanged" false;
    /// It was changed here since it was imported, or stood here before: what stands here is kept.
    Kept "conflicts: kept as it is here" true;
    /// A later one stands here.
    Older "older than what is here" false;
    /// It was delivered here since.
    Delivered "delivered here already" false;
    /// It has no place here yet; a later import takes it.
    NotTakenYet "not taken yet" false;
    /// Its domain was not chosen with `--domain`.
    DomainNotChosen "of a domain that was not chosen" false;
    /// Its kind was not chosen with `--kind`.
    KindNotChosen "of a kind that was not chosen" false;
    /// Its domain is none of this server's.
    DomainNotServed "of a domain that is not served here" false;
    /// It was imported, and is not in the source any more: it is deleted here.
    Gone "gone in the source, and deleted here" true;
    /// The source has no account for it.
    UnknownUser "of a user without an account" true;
    /// The account is another auth provider's, which alone keeps its password.
    KeptElsewhere "the password is kept by another auth provider" true;
    /// An address is not valid.
    BadJid "invalid address" true;
    /// There is another of the same key.
    Duplicate "duplicate" true;
    /// There is another whose key differs by case only, or by what stringprep makes equal.
    SameButForCase "the same but for case" true;
    /// XML that cannot be parsed.
    BrokenXml "broken XML" true;
    /// A value that the field does not have.
    UnknownValue "unknown value" true;
    /// Text that is not valid in its encoding.
    BadText "invalid text" true;
    /// It exceeds a limit.
    TooLarge "over a limit" true;
    /// It says nothing.
    Empty "empty" false;
    /// It is overtaken by what else the source has.
    Stale "overtaken" false;
    /// A group of a contact that the roster does not have.
    NoContact "a group of no contact" true;
    /// The user's own address in the roster.
    OwnAddress "the user's own address" true;
    /// A part of it was lost in the source already.
    Damaged "damaged in the source" true;
    /// A password that nobody could log in with.
    UnusablePassword "unusable password" true;
    /// `--verify`: it stands here otherwise, or not at all.
    Differs "different" true;
    /// The database refused it.
    Refused "refused by the database" true;
}
