//! What is exported of a user.

use serde::{Deserialize, Serialize};
use storage::{Kinds, ScramKeys, Subscription};

/// A user. XML is as the server keeps it: an element where `jabber:client` is in force. Characters that XML cannot carry
/// are written as U+FFFD. No `Debug`: there are secrets in it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub struct ExportUser {
    pub local: String,
    pub password: ExportPassword,
    /// When the account was made, UTC microseconds.
    pub created_us: Option<i64>,
    pub disabled: bool,
    pub contacts: Vec<ExportContact>,
    /// Subscription requests that wait for an answer: `presence` stanzas with `from`.
    pub requests: Vec<String>,
    /// Elements of private XML storage.
    pub private: Vec<String>,
    /// Items of privacy lists, those of one list together and in order.
    pub rules: Vec<ExportRule>,
    /// The default privacy list.
    pub default_list: Option<String>,
    pub vcard: Option<String>,
    /// Messages that wait, in order.
    pub messages: Vec<ExportMessage>,
    /// When the user was last online, UTC microseconds, and with which status.
    pub last: Option<(i64, String)>,
}

/// How a password is kept. No `Debug`: it may be a secret.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
pub enum ExportPassword {
    /// There is none, or another provider has it.
    #[default]
    None,
    /// The password itself.
    Plain(String),
    /// At most one for each hash.
    Keys(Vec<ScramKeys>),
    /// In the format of other software, as `storage::AccountSecret`.
    Foreign { format: String, text: String, salt: Option<String> },
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportContact {
    pub jid: String,
    pub name: Option<String>,
    pub subscription: Subscription,
    /// Whether the user's own request waits for an answer.
    pub ask: bool,
    pub approved: bool,
    pub groups: Vec<String>,
    /// Whether clients see it. If they do not, it is written only for what `ask` or `approved` say.
    pub in_roster: bool,
}

/// An item of a privacy list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRule {
    pub list: String,
    pub order: u32,
    /// `jid`, `group` or `subscription`, and its value; `None` for everybody.
    pub subject: Option<(String, String)>,
    pub allow: bool,
    pub kinds: Kinds,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportMessage {
    pub xml: String,
    /// When it was stored, UTC microseconds. A stamp of the domain (XEP-0203) says it in the file.
    pub stored_us: i64,
}
