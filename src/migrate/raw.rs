//! What a source has of one user: as it stands there, not yet checked. `intake` makes a [`Person`](crate::Person) of it.
//!
//! A source gives every row that it has read exactly once: here, or as [`Skipped`]. Texts are UTF-8 with whatever
//! characters; addresses are as they were stored; XML is a text of one element that declares what it uses.

use serde::{Deserialize, Serialize};
use storage::{Kinds, ScramKeys, Subscription};

use crate::{Kind, Reason};

/// A user of a source.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct RawUser {
    /// The local part, as stored.
    pub local: String,
    /// The source's name of the domain, as stored.
    pub host: String,
    /// Rows that are accounts. Without any, the other rows belong to a user that the source does not have.
    pub accounts: Vec<RawAccount>,
    pub contacts: Vec<RawContact>,
    pub requests: Vec<RawRequest>,
    /// Elements of private XML storage.
    pub private: Vec<String>,
    /// Items of privacy lists; those of one order in the order of the rows.
    pub rules: Vec<RawRule>,
    /// The names of default lists: the last one counts.
    pub default_lists: Vec<String>,
    /// Addresses that are blocked, where the source keeps them apart from privacy lists.
    pub blocked: Vec<String>,
    /// vCards, `<vCard xmlns='vcard-temp'/>`: the first one counts.
    pub vcards: Vec<String>,
    /// Messages that wait, in order.
    pub messages: Vec<RawMessage>,
    /// When the user was last online: the last one counts.
    pub last: Vec<RawLast>,
    /// Rows that the source itself could not make anything of.
    pub skipped: Vec<Skipped>,
}

/// A row that is an account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct RawAccount {
    /// The local part of this row, as stored, where that is not the user's.
    pub local: Option<String>,
    pub password: RawPassword,
    /// UTC microseconds.
    pub created_us: Option<i64>,
    /// Whether nobody may log in; `None` if the source does not say.
    pub disabled: Option<bool>,
}

/// A password, as a source keeps it. No `Debug`: it may be a secret.
#[derive(Clone, Default, Serialize, Deserialize)]
pub enum RawPassword {
    /// There is none.
    #[default]
    None,
    /// Keys, at most one for each hash.
    Keys(Vec<ScramKeys>),
    /// The password itself.
    Plain(String),
    /// A hash in a format of this name, with the salt or realm that stood beside it.
    Foreign { format: String, text: String, salt: Option<String> },
    /// Text that may be the password itself or a hash that says so by its form; hexadecimal MD5 is `a1hash` with this realm.
    Unknown {
        text: String,
        /// The realm, if it is not the host.
        realm: Option<String>,
    },
}

/// A contact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawContact {
    pub jid: String,
    pub name: Option<String>,
    /// Its subscription, or a value that is none.
    pub subscription: Result<Subscription, String>,
    /// Whether the user's own request waits for an answer.
    pub ask: bool,
    pub approved: bool,
    /// One for each row of a group.
    pub groups: Vec<String>,
}

/// A subscription request that waits for the user's answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RawRequest {
    /// Who asks; taken of the stanza if it is empty.
    pub jid: String,
    /// The stanza, if the source has kept it.
    pub stanza: Option<String>,
    /// A text of the request, if the source has kept that only.
    pub text: Option<String>,
}

/// An item of a privacy list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawRule {
    pub list: String,
    pub order: i64,
    /// `jid`, `group`, `subscription`; empty or `None`: everybody.
    pub subject: Option<String>,
    pub value: Option<String>,
    pub allow: bool,
    /// To which stanzas it applies.
    pub kinds: Kinds,
}

/// A message that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawMessage {
    pub xml: String,
    /// UTC microseconds; `None`: the stamp in the message.
    pub stored_us: Option<i64>,
}

/// When the user was last online.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawLast {
    /// UTC microseconds.
    pub at_us: i64,
    pub status: String,
}

/// Rows that nothing is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skipped {
    pub kind: Kind,
    pub reason: Reason,
    /// What the row is about, to find it in the source; never a password.
    pub key: String,
    /// More about why.
    pub detail: String,
    /// How many rows.
    pub rows: u64,
}

impl Skipped {
    /// One row.
    pub fn one(kind: Kind, reason: Reason, key: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, reason, key: key.into(), detail: detail.into(), rows: 1 }
    }

    /// Rows of a kind that has no place here yet.
    pub fn later(kind: Kind, rows: u64) -> Self {
        Self { kind, reason: Reason::NotTakenYet, key: String::new(), detail: String::new(), rows }
    }

    /// Parts of a node of personal eventing, of which a record of another kind was made that has no place for them.
    pub fn without_counterpart(kind: Kind, node: &str, rows: u64) -> Option<Self> {
        let why = "parts that have no counterpart in the older format";
        (rows > 0).then(|| Self { rows, ..Self::one(kind, Reason::NotTakenYet, node, why) })
    }
}

impl RawUser {
    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        let texts = |texts: &[String]| texts.iter().map(|text| text.len() + 24).sum::<usize>();
        let contact = |contact: &RawContact| {
            120 + contact.jid.len() + contact.name.as_ref().map_or(0, String::len) + texts(&contact.groups)
        };
        let rule = |rule: &RawRule| 120 + rule.list.len() + rule.value.as_ref().map_or(0, String::len);
        1024 + self.contacts.iter().map(contact).sum::<usize>()
            + self.requests.iter().map(|one| 100 + one.stanza.as_ref().map_or(0, String::len)).sum::<usize>()
            + self.rules.iter().map(rule).sum::<usize>()
            + self.messages.iter().map(|one| 50 + one.xml.len()).sum::<usize>()
            + texts(&self.private)
            + texts(&self.vcards)
            + texts(&self.blocked)
            + self.skipped.len() * 150
    }
}
