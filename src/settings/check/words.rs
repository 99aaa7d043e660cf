//! The messages of the checker.

use serde_json::Value;

use crate::guess::nearest;
use crate::kind::{listed, shown};
use crate::path::last;
use crate::section::{Key, Section};
use crate::{Complaint, Given, Kind, Problem, join};

use super::Checker;

impl Checker {
    /// The name of a value in messages.
    fn name<'a>(&self, path: &'a str) -> &'a str {
        if self.whole_paths { path } else { last(path) }
    }

    fn say(&mut self, path: &str, what: impl AsRef<str>, remedy: impl Into<String>) {
        let name = self.name(path);
        let message = match name {
            "" => format!("the settings {}", what.as_ref().replacen("has", "have", 1)),
            name => format!("`{name}` {}", what.as_ref()),
        };
        self.report(path, Complaint::new(message, remedy));
    }

    pub(super) fn out_of_range(&mut self, path: &str, remedy: String) {
        self.say(path, "is out of range", remedy);
    }

    pub(super) fn not_held(&mut self, path: &str, what: &str) {
        self.say(path, what, "write a finite number that fits in 64 bits");
    }

    pub(super) fn server_wide(&mut self, path: &str) {
        self.say(path, "applies to the whole server", "move it to [limits]");
    }

    pub(super) fn not_a_choice(&mut self, given: &Value, values: &[Value], path: &str) {
        self.say(path, format!("cannot be {}", shown(given)), format!("write one of {}", listed(values)));
    }

    /// Reports a number of elements, keys or characters outside `least` to `most`.
    pub(super) fn count(&mut self, count: usize, least: usize, most: usize, unit: &str, path: &str) {
        let wanted = match count {
            _ if count < least => format!("write at least {least}"),
            _ if count > most => format!("write at most {most}"),
            _ => return,
        };
        let unit = if count == 1 { unit.trim_end_matches('s') } else { unit };
        self.say(path, format!("has {count} {unit}"), wanted);
    }

    pub(super) fn missing(&mut self, key: &Key, path: &str) {
        let path = join(path, &key.name);
        self.say(&path, "is missing", format!("add {} = {}", key.name, key.kind.example()));
    }

    pub(super) fn wrong_type(&mut self, kind: &Kind, found: &Given, path: &str) {
        let remedy = match last(path) {
            "" => "write key = value".to_owned(),
            name if matches!(kind, Kind::Sections(_)) => format!("write [[{name}]], with two brackets"),
            name if name.ends_with(']') => format!("write {}", kind.example()),
            name => format!("write {name} = {}", kind.example()),
        };
        self.say(path, format!("must be {}, not {}", kind.in_words(), found.in_words()), remedy);
    }

    pub(super) fn unknown(&mut self, name: &str, section: &Section, path: &str) {
        let noun = section.noun;
        let shown = if self.whole_paths { path } else { name };
        let message = format!("unknown {noun} `{shown}`");
        let names: Vec<&str> = section.keys.iter().map(|key| &*key.name).collect();
        let problem = match (nearest(name, &names), self.owner(name)) {
            (Some(near), _) => Problem::new(path, Complaint::new(message, format!("did you mean `{near}`?"))),
            (None, Some(owner)) => misplaced(name, path, &owner),
            (None, None) if names.is_empty() => {
                let remedy = format!("remove it; no {noun}s are allowed here");
                Problem::new(path, Complaint::new(message, remedy))
            }
            (None, None) => {
                let remedy = format!("remove it, or use one of: {}", names.join(", "));
                Problem::new(path, Complaint::new(message, remedy))
            }
        };
        self.problems.push(problem);
    }

    /// The header of the only table of the document that has a key of this name; empty for the top level.
    fn owner(&self, name: &str) -> Option<String> {
        let mut owners = Vec::new();
        owners_below(self.root.as_ref()?, name, "", &mut owners);
        let [owner] = owners.as_slice() else { return None };
        Some(owner.clone())
    }
}

fn owners_below(section: &Section, name: &str, path: &str, owners: &mut Vec<String>) {
    if section.key(name).is_some() {
        owners.push(path.to_owned());
    }
    for key in &section.keys {
        let parent = path.trim_matches(['[', ']']);
        let dot = if parent.is_empty() { "" } else { "." };
        match &key.kind {
            Kind::Section(inner) => {
                owners_below(inner, name, &format!("[{parent}{dot}{}]", key.name), owners);
            }
            Kind::Sections(inner) => {
                owners_below(inner, name, &format!("[[{parent}{dot}{}]]", key.name), owners);
            }
            _ => {}
        }
    }
}

/// A key in another table than its own. A table ends where the next one begins, so one that belongs to the outer table
/// has to stand above the inner one.
fn misplaced(name: &str, path: &str, owner: &str) -> Problem {
    let bare = owner.trim_matches(['[', ']']);
    let table = path.strip_suffix(name).unwrap_or(path).trim_end_matches('.');
    let header = without_indexes(table);
    let belongs = if bare.is_empty() { "the top level".to_owned() } else { owner.to_owned() };
    let message = format!("`{name}` belongs to {belongs}");
    if bare.is_empty() || header.starts_with(&format!("{bare}.")) {
        let header = if table.ends_with(']') { format!("[[{header}]]") } else { format!("[{header}]") };
        return Problem::new(path, Complaint::new(message, format!("move it above {header}"))).see(table);
    }
    Problem::new(path, Complaint::new(message, "move it there")).see(bare)
}

/// `domain[1].tls` as `domain.tls`.
fn without_indexes(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}

/// The remedy for a number outside its bounds.
pub(super) fn bounds(least: f64, most: f64) -> String {
    match (least.is_finite(), most.is_finite()) {
        (true, true) => format!("write a number from {least} to {most}"),
        (true, false) => format!("write a number of at least {least}"),
        (false, true) => format!("write a number of at most {most}"),
        (false, false) => "write a finite number".into(),
    }
}
