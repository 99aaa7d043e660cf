//! The features there are, and how each is built from its options.

use std::sync::Arc;

use kernel::Module;
use serde_json::Value;

use crate::{OptionDoc, OptionError, disco, offline, ping, presence, roster, session, time, version};

/// A feature as the configuration names it: `modules = { NAME = true | false | { options } }`.
pub struct Entry {
    /// Its name in the configuration: its file in `src/modules`.
    pub name: &'static str,
    /// Is it on where the configuration does not say?
    pub on_by_default: bool,
    /// Builds it from its options, a JSON object; what is left out has its default.
    pub build: fn(&Value) -> Result<Arc<dyn Module>, OptionError>,
    /// Its options with their defaults.
    pub options: fn() -> Vec<OptionDoc>,
}

const ON: bool = true;

static CATALOG: &[Entry] = &[
    Entry { name: "session", on_by_default: ON, build: session::build, options: Vec::new },
    Entry { name: "roster", on_by_default: ON, build: roster::build, options: Vec::new },
    Entry { name: "presence", on_by_default: ON, build: presence::build, options: Vec::new },
    Entry { name: "offline", on_by_default: ON, build: offline::build, options: offline::docs },
    Entry { name: "disco", on_by_default: ON, build: disco::build, options: Vec::new },
    Entry { name: "ping", on_by_default: ON, build: ping::build, options: Vec::new },
    Entry { name: "time", on_by_default: ON, build: time::build, options: Vec::new },
    Entry { name: "version", on_by_default: ON, build: version::build, options: version::docs },
];

/// All built-in features, in the order in which they register.
pub fn catalog() -> &'static [Entry] {
    CATALOG
}
