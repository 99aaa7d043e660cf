//! What the command line and the server say to each other over the admin socket: arguments and replies.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `user.add`
#[derive(Serialize, Deserialize)]
pub struct AddUsers {
    /// Accounts and their passwords.
    pub rows: Vec<(String, String)>,
}

/// What became of the rows of `user.add`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedUsers {
    /// How many accounts were created.
    pub added: usize,
    /// Those that were not.
    pub refused: Vec<RefusedUser>,
}

/// A row that became no account.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedUser {
    /// Its place among the rows, counted from 0.
    pub row: usize,
    /// Why.
    pub message: String,
}

/// `user.passwd`
#[derive(Serialize, Deserialize)]
pub struct SetPassword {
    /// The account.
    pub jid: String,
    /// Its new password.
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
    /// Only those after this local part.
    #[serde(default)]
    pub after: Option<String>,
}

/// A page of accounts.
#[derive(Serialize, Deserialize)]
pub struct UserPage {
    /// Local parts in bytewise order.
    pub locals: Vec<String>,
    /// Whether there are more after them.
    pub more: bool,
}

/// An account, for `user.show`.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserShown {
    /// The account.
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
    /// Its name.
    pub domain: String,
    /// For `domain.remove`: delete its accounts as well.
    #[serde(default)]
    pub purge: bool,
}

/// A domain, for `domain.list`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainShown {
    /// Its name.
    pub domain: String,
    /// Who declared it: `file` or `command`.
    pub declared_by: String,
    /// Whether it is served.
    pub enabled: bool,
    /// Who said so.
    pub enabled_by: String,
    /// The plugins that decide there, in order.
    pub plugins: Vec<PluginOn>,
}

/// A plugin on a domain.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginOn {
    /// The plugin, or in `plugin.list` the domain.
    pub name: String,
    /// Who enabled it.
    pub enabled_by: String,
    /// Its settings, each with its value and who set it.
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
    /// The plugin.
    pub name: String,
    /// On these domains; on all if empty.
    pub domains: Vec<String>,
    /// Settings to change.
    pub set: Map<String, Value>,
    /// What it may use; empty: what it asks for.
    pub grants: Vec<String>,
}

/// What `plugin.enable` did.
#[derive(Serialize, Deserialize)]
pub struct EnabledPlugin {
    /// What the plugin may use now.
    pub grants: Vec<String>,
    /// Where it decides now.
    pub domains: Vec<String>,
}

/// `plugin.reload`, `plugin.remove`, `plugin.show`
#[derive(Serialize, Deserialize)]
pub struct OfPlugin {
    /// The plugin.
    pub name: String,
    /// For `plugin.reload`: another version, an absolute path.
    #[serde(default)]
    pub file: Option<String>,
}

/// A plugin, for `plugin.list` and `plugin.show`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginShown {
    pub name: String,
    /// The version that its manifest names; none while it is not loaded.
    pub version: Option<String>,
    /// Who declared it: `file` or `command`.
    pub declared_by: String,
    /// The component.
    pub file: String,
    /// Whose word the file is.
    pub file_by: String,
    /// What it may use.
    pub grants: Vec<String>,
    /// Where it decides.
    pub domains: Vec<PluginOn>,
}

/// A session, for `session.list`.
#[derive(Serialize, Deserialize)]
pub struct SessionShown {
    /// Its full JID.
    pub jid: String,
    /// `tcp`, `ws` or `bosh`.
    pub transport: String,
    /// `tls`, or none without.
    pub tls: Option<String>,
    /// The client's address.
    pub address: String,
    /// When it was bound (XEP-0082).
    pub since: String,
    /// `attached` or `detached`.
    pub state: String,
}

/// The server, for `status`.
#[derive(Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    pub process: u32,
    /// When it started (XEP-0082).
    pub since: String,
    /// Where it accepts.
    pub listen: Vec<Listening>,
    /// Domains that are served.
    pub domains: usize,
    /// Sessions, attached or detached.
    pub sessions: usize,
    /// Plugins that are loaded.
    pub plugins: usize,
}

/// A listener.
#[derive(Serialize, Deserialize)]
pub struct Listening {
    /// Its key in `[listen]`.
    pub kind: String,
    /// The address it is bound to.
    pub address: std::net::SocketAddr,
}
