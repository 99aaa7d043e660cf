//! The built-in features, and how each is built from its options.

use std::sync::Arc;

use kernel::Module;
use serde_json::Value;
use settings::{Group, Key, Section};

use crate::{
    OptionError, admin_commands, blocking, carbons, commands, disco, last_activity, offline, options, ping,
    presence, private_xml, register, roster, session, time, vcard, version,
};

/// A feature as named in the configuration: `modules = { NAME = true | false | { options } }`.
pub struct Entry {
    /// Its name in the configuration, and its file in `src/modules`.
    pub name: &'static str,
    /// A one-sentence description.
    pub doc: &'static str,
    /// Whether it is on unless configured otherwise.
    pub on_by_default: bool,
    /// Builds it from its options, a JSON object; absent options have their defaults.
    pub build: Build,
    options: fn() -> Vec<Key>,
    limits: fn() -> Vec<Key>,
}

/// Builds a feature from its options.
pub type Build = fn(&Value) -> Result<Arc<dyn Module>, OptionError>;

static CATALOG: &[Entry] = &[
    Entry::new("session", "The session request that RFC 3921 clients send after binding.", session::build),
    Entry::new("roster", "Contact lists (RFC 6121).", roster::build).with_limits::<roster::RosterLimits>(),
    Entry::new("presence", "Presence and subscriptions (RFC 6121).", presence::build),
    Entry::new("offline", "Messages for accounts that are not online (XEP-0160).", offline::build)
        .with_options::<offline::Offline>(),
    Entry::new("blocking", "Blocked addresses (XEP-0191).", blocking::build)
        .with_options::<blocking::Blocking>(),
    Entry::new("carbons", "Copies of messages for a user's other clients (XEP-0280).", carbons::build),
    Entry::new("private_xml", "Clients' private data (XEP-0049).", private_xml::build)
        .with_options::<private_xml::PrivateXml>(),
    Entry::new("vcard", "User profiles (XEP-0054).", vcard::build).with_options::<vcard::VCard>(),
    Entry::new("last_activity", "When users were last available (XEP-0012).", last_activity::build),
    Entry::new("disco", "Service discovery (XEP-0030).", disco::build),
    Entry::new("commands", "Ad-hoc commands (XEP-0050), those that other modules offer.", commands::build),
    Entry::new(
        "admin_commands",
        "Commands for the domain's administrators (XEP-0133).",
        admin_commands::build,
    ),
    Entry::new("ping", "XMPP ping (XEP-0199).", ping::build),
    Entry::new("time", "Entity time (XEP-0202).", time::build),
    Entry::new("version", "Software version (XEP-0092).", version::build).with_options::<version::Version>(),
    Entry::new("register", "In-band registration (XEP-0077).", register::build)
        .with_options::<register::Register>()
        .off(),
];

/// All built-in features, in the order in which they register.
pub fn catalog() -> &'static [Entry] {
    CATALOG
}

impl Entry {
    /// A feature that is on by default, without options or limits.
    const fn new(name: &'static str, doc: &'static str, build: Build) -> Self {
        Self { name, doc, on_by_default: true, build, options: Vec::new, limits: Vec::new }
    }

    /// The same, but off by default.
    const fn off(self) -> Self {
        Self { on_by_default: false, ..self }
    }

    /// The same with options.
    const fn with_options<G: Group>(self) -> Self {
        Self { options: G::keys, ..self }
    }

    /// The same with limits, which appear among the other limits of the server and of a domain.
    const fn with_limits<G: Group>(self) -> Self {
        Self { limits: G::keys, ..self }
    }

    pub fn options(&self) -> Section {
        options::section((self.options)())
    }

    /// Its keys in `[limits]`.
    pub fn limits(&self) -> Vec<Key> {
        (self.limits)()
    }
}
