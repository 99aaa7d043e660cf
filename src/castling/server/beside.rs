//! How a configuration is put in force.

use std::collections::BTreeSet;

use crate::config::{Config, Plugin};

/// Additional parameters of a configuration change.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// The server starts: what a plugin lacks keeps it from nothing. The plugins whose trouble the log names already.
    pub at_start: Option<&'a BTreeSet<String>>,
    /// A plugin that is reloaded even if nothing about it has changed.
    pub again: Option<&'a str>,
    /// Domains whose accounts are deleted once the change is in force: until then they are closed and not
    /// retired.
    pub purged: &'a [String],
    /// What is in force.
    pub before: Option<&'a Config>,
    /// A command changes only what it says: the components and certificates that were read stay in use.
    pub by_command: bool,
}

impl Beside<'_> {
    /// Whether a plugin keeps the component that was read, whatever became of the file.
    pub fn keeps(&self, name: &str, plugin: &Plugin) -> bool {
        let before = self.before.and_then(|config| config.plugins.get(name));
        self.by_command && self.again != Some(name) && before.is_some_and(|before| before.file == plugin.file)
    }
}
