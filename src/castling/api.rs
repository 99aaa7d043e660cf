//! Arguments and replies of commands over the admin socket.

mod import;
mod links;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use import::{ApplyImport, ExportPage, ForeignPasswords, ImportedAccounts, RemoveImported};
pub use links::{AddComponent, ComponentShown, OfComponent, OfRemote, Reached};

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
    /// Whose accounts those are that are not the server's own, by local part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adopted: BTreeMap<String, Adopted>,
    /// On the last page, how many accounts of the domain still have their password in a format of other software.
    #[serde(default)]
    pub secrets: u64,
}

/// Where an account is that was adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The auth provider that it was adopted from.
    pub provider: String,
    /// Whether the domain's `auth` no longer names the provider.
    #[serde(default)]
    pub orphaned: bool,
}

/// `user.prune`: one page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PruneUsers {
    pub domain: String,
    /// Delete nothing.
    pub dry_run: bool,
    /// Delete accounts of providers that `auth` no longer names as well.
    pub orphaned: bool,
    /// Delete them even if they are most of all.
    #[serde(default)]
    pub force: bool,
    /// Only accounts after this one: its provider and local part.
    #[serde(default)]
    pub after: Option<(String, String)>,
}

/// A page of accounts that no provider has any more.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedPage {
    /// The adopted accounts that were looked at.
    #[serde(default)]
    pub looked_at: usize,
    pub users: Vec<PrunedUser>,
    /// The last account that was looked at, if more follow.
    pub next: Option<(String, String)>,
    /// Why the accounts of this page behind these were not deleted.
    #[serde(default)]
    pub failure: Option<String>,
}

/// An account that no provider has any more.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedUser {
    pub local: String,
    #[serde(flatten)]
    pub adopted: Adopted,
    /// Whether it was deleted, or would be in a dry run.
    pub deleted: bool,
}

/// The result of `user.del`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedUser {
    /// The auth provider that has the account and that it can be adopted from again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
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
    /// Without keys: the format of other software that its password is kept in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Where it is, if it is not the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adopted>,
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
    /// Its settings, each with its value and where it is set: `file`, `command` or `default`.
    pub config: Map<String, Value>,
}

/// `plugin.install`
#[derive(Serialize, Deserialize)]
pub struct InstallPlugin {
    /// The component, an absolute path.
    pub file: String,
    /// `None`: as in its manifest.
    pub name: Option<String>,
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
    /// Settings made by commands to remove.
    pub unset: Vec<String>,
    /// Grants; if empty, those that it has had, else those that it asks for.
    pub grants: Vec<String>,
}

/// The result of `plugin.enable`.
#[derive(Serialize, Deserialize)]
pub struct EnabledPlugin {
    /// The plugin's grants now.
    pub grants: Vec<String>,
    /// Where it is enabled now.
    pub domains: Vec<String>,
    /// Whether it is enabled on domains that are added later, too.
    #[serde(default)]
    pub everywhere: bool,
    /// What it says about its settings.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The result of `plugin.disable`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// What the operator should know.
    pub notes: Vec<String>,
}

/// `plugin.reload`, `plugin.remove`, `plugin.show`
#[derive(Default, Serialize, Deserialize)]
pub struct OfPlugin {
    pub name: String,
    /// For `plugin.reload`: another version, an absolute path.
    #[serde(default)]
    pub file: Option<String>,
    /// For `plugin.reload`: its grants; if empty, those that it has.
    #[serde(default)]
    pub grants: Vec<String>,
    /// For `plugin.reload`: settings to change, and settings made by commands to remove.
    #[serde(default)]
    pub set: Map<String, Value>,
    #[serde(default)]
    pub unset: Vec<String>,
    /// The domains of these settings; all if empty.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// A plugin, for `plugin.list` and `plugin.show`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginShown {
    pub name: String,
    /// From its manifest, as the next five; `None` if its component cannot be read.
    pub version: Option<String>,
    pub description: Option<String>,
    pub licence: Option<String>,
    /// SHA-256 of the component.
    pub digest: Option<String>,
    /// Size of the component.
    pub bytes: Option<u64>,
    /// Whether it protects: if it fails, stanzas are refused.
    pub guards: bool,
    /// `running`, `not loaded`, `not enabled`, `not installed`, `server not running`.
    pub state: String,
    /// Why it is not loaded.
    pub error: Option<String>,
    /// Whether it is enabled on domains that are added later, too.
    #[serde(default)]
    pub everywhere: bool,
    /// The domains that it is not in force on, for their settings.
    pub left_out: Vec<String>,
    /// Whether the server does not start without it.
    pub required: bool,
    /// Where it is declared: `file` or `command`.
    pub declared_by: String,
    /// The component's path.
    pub file: String,
    /// Where `file` is set: `file` or `command`.
    pub file_by: String,
    /// The path that the configuration file names, if `plugin reload` has replaced it.
    pub replaced: Option<String>,
    /// What it is called for.
    pub hooks: Vec<HookShown>,
    /// The grants that it asks for.
    pub asks: Vec<GrantShown>,
    pub grants: Vec<String>,
    /// Whether its grants have been decided on: they stay as they are when it is enabled.
    pub has_been_granted: bool,
    /// The grants in words.
    pub allowed: Vec<GrantShown>,
    /// Its settings where neither the file nor a command sets them.
    pub defaults: Map<String, Value>,
    /// The settings with which it would be enabled on all domains, each with its value and where it is set.
    pub settings: Map<String, Value>,
    /// The schema of its settings, as in its manifest.
    pub schema: Value,
    /// Where it is enabled.
    pub domains: Vec<PluginOn>,
    /// Domains on which it is not called at present, since it has failed for several senders.
    pub suspended: Vec<String>,
    /// Those on which it is not called until it is reloaded.
    pub parked: Vec<String>,
    /// How often this version has been suspended.
    pub suspensions: u64,
    /// Its counters and its last failure, as in `castling stats`.
    pub stats: Value,
}

/// A hook of a plugin.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookShown {
    pub hook: String,
    /// As in the manifest.
    pub interests: Value,
    /// `head` or `xml`.
    pub want: Value,
    /// What happens to a stanza when it fails.
    pub policy: String,
}

/// A grant, and what it allows.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantShown {
    pub grant: String,
    pub words: String,
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
