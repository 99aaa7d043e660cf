//! Which settings of a changed configuration take effect at the next start.

use serde_json::{Map, Value};

use crate::section::{Holds, Section};
use crate::{Kind, join};

/// The paths of keys that take effect at the next start and differ between two checked configurations: the
/// one the server was started with, and the one read now.
pub fn waiting(section: &Section, started: &Map<String, Value>, now: &Map<String, Value>) -> Vec<String> {
    let mut paths = Vec::new();
    below(section, started, now, "", &mut paths);
    paths
}

fn below(
    section: &Section,
    started: &Map<String, Value>,
    now: &Map<String, Value>,
    path: &str,
    paths: &mut Vec<String>,
) {
    for key in &section.keys {
        let (before, after) = (started.get(&*key.name), now.get(&*key.name));
        let path = join(path, &key.name);
        match (&key.kind, before, after) {
            (Kind::Section(section), Some(Value::Object(before)), Some(Value::Object(after))) => {
                below(section, before, after, &path, paths);
            }
            _ if key.holds == Holds::Start && before != after => paths.push(path),
            _ => {}
        }
    }
}
