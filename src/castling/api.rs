//! Arguments and replies of commands over the admin socket.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `user.add`
#[derive(Serialize, Deserialize)]
pub struct AddUsers {
    /// Accounts and their passwords.
    pub rows: Vec<(String, String)>,
}

/// The result of `user.add`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedUsers {
    pub added: usize,
    /// Rows that were refused.
    pub refused: Vec<RefusedUser>,
}

/// A refused row.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedUser {
    /// Its index among the rows.
    pub row: usize,
    /// The reason.
    pub message: String,
}

/// `user.passwd`
#[derive(Serialize, Deserialize)]
pub struct SetPassword {
    pub jid: String,
    pub password: String,
}

/// `user.del`, `user.show`, `session.kick`
#[derive(Serialize, Deserialize)]
pub struct OfJid {
    /// An account, or a session's full JID.
    pub jid: String,
}

/// `user.list`: one page.
#[derive(Serialize, Deserialize)]
pub struct ListUsers {
    pub domain: String,
    /// Only accounts after this local part.
    #[serde(default)]
    pub after: Option<String>,
}

/// A page of accounts.
#[derive(Serialize, Deserialize)]
pub struct UserPage {
    /// Local parts in bytewise order.
    pub locals: Vec<String>,
    /// Whether more follow.
    pub more: bool,
}

/// An account, for `user.show`.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserShown {
    pub jid: String,
    /// When it was created (XEP-0082).
    pub created: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// The SCRAM hashes it has keys for.
    pub scram: Vec<String>,
}

/// `domain.add`, `domain.enable`, `domain.disable`, `domain.remove`
#[derive(Serialize, Deserialize)]
pub struct OfDomain {
    pub domain: String,
    /// For `domain.remove`: delete its accounts as well.
    #[serde(default)]
    pub purge: bool,
}

/// A domain, for `domain.list`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainShown {
    pub domain: String,
    /// Where it is declared: `file` or `command`.
    pub declared_by: String,
    /// Whether it is served.
    pub enabled: bool,
    /// Where that is set: `file` or `command`.
    pub enabled_by: String,
    /// The plugins enabled there, in order.
    pub plugins: Vec<PluginOn>,
}

/// A plugin on a domain.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginOn {
    /// The plugin, or in `plugin.list` the domain.
    pub name: String,
    /// Where it is enabled: `file` or `command`.
    pub enabled_by: String,
    /// Its settings, each with its value and where it is set.
    pub config: Map<String, Value>,
}

/// `plugin.install`
#[derive(Serialize, Deserialize)]
pub struct InstallPlugin {
    /// The component, an absolute path.
    pub file: String,
    pub name: String,
}

/// `plugin.enable` and `plugin.disable`
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SwitchPlugin {
    pub name: String,
    /// On these domains; on all if empty.
    pub domains: Vec<String>,
    /// Settings to change.
    pub set: Map<String, Value>,
    /// Grants; if empty, those the plugin requests.
    pub grants: Vec<String>,
}

/// The result of `plugin.enable`.
#[derive(Serialize, Deserialize)]
pub struct EnabledPlugin {
    /// The plugin's grants now.
    pub grants: Vec<String>,
    /// Where it is enabled now.
    pub domains: Vec<String>,
}

/// `plugin.reload`, `plugin.remove`, `plugin.show`
#[derive(Serialize, Deserialize)]
pub struct OfPlugin {
    pub name: String,
    /// For `plugin.reload`: another version, an absolute path.
    #[serde(default)]
    pub file: Option<String>,
}

/// A plugin, for `plugin.list` and `plugin.show`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginShown {
    pub name: String,
    /// The version given in its manifest; `None` while it is not loaded.
    pub version: Option<String>,
    /// Where it is declared: `file` or `command`.
    pub declared_by: String,
    /// The component's path.
    pub file: String,
    /// Where `file` is set: `file` or `command`.
    pub file_by: String,
    pub grants: Vec<String>,
    /// Where it is enabled.
    pub domains: Vec<PluginOn>,
}

/// A session, for `session.list`.
#[derive(Serialize, Deserialize)]
pub struct SessionShown {
    pub jid: String,
    /// `tcp`, `ws` or `bosh`.
    pub transport: String,
    /// `tls`, or `None` for a plain connection.
    pub tls: Option<String>,
    /// The client's address.
    pub address: String,
    /// When it was bound (XEP-0082).
    pub since: String,
    /// `attached` or `detached`.
    pub state: String,
}

/// The server's state, for `status`.
#[derive(Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    pub process: u32,
    /// When it started (XEP-0082).
    pub since: String,
    /// Its listeners.
    pub listen: Vec<Listening>,
    /// The number of served domains.
    pub domains: usize,
    /// The number of sessions, attached or detached.
    pub sessions: usize,
    /// The number of loaded plugins.
    pub plugins: usize,
    /// For how long the database has been away; `None` while it answers and takes writes.
    #[serde(default)]
    pub database_away_seconds: Option<u64>,
}

/// A listener.
#[derive(Serialize, Deserialize)]
pub struct Listening {
    /// Its key in `[listen]`.
    pub kind: String,
    /// The address it is bound to.
    pub address: std::net::SocketAddr,
}
