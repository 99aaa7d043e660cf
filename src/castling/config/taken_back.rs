//! What a change for all domains takes back of what was decided for single ones.

use super::change::Enabling;
use super::load::Loaded;

impl Loaded {
    /// What enabling a plugin, or changing its settings, on all domains changes on those for which something else was decided, for the
    /// operator. `enables`: whether it is enabled.
    pub fn taken_back(&self, name: &str, enabling: &Enabling<'_>, enables: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if !enabling.domains.is_empty() {
            return notes;
        }
        let mut note = |what: &str, domains: Vec<&str>| {
            if !domains.is_empty() {
                notes.push(format!("{what} {}", domains.join(", ")));
            }
        };
        let of_command = self.overlay.plugin(name).map(|change| &change.domains);
        let of_command = || of_command.into_iter().flatten();
        let disabled = of_command().filter(|(_, here)| enables && here.enabled == Some(false));
        note("it had been disabled and is enabled now on", disabled.map(|(on, _)| on.as_str()).collect());
        for key in enabling.set.keys() {
            let set = of_command().filter(|(_, here)| here.config.contains_key(key));
            let set = set.map(|(on, _)| on.as_str()).collect();
            note(&format!("{key} had been set by command, and is replaced, on"), set);
            let in_file = self
                .config
                .domains
                .iter()
                .filter(|domain| domain.config.get(name).is_some_and(|table| table.contains_key(key)));
            let in_file = in_file.map(|domain| domain.name.as_str()).collect();
            note(&format!("{key} is set in the file, and overridden, on"), in_file);
        }
        for key in enabling.unset {
            let set = of_command().filter(|(_, here)| here.config.contains_key(key));
            note(&format!("{key} is removed as well on"), set.map(|(on, _)| on.as_str()).collect());
        }
        notes
    }
}
