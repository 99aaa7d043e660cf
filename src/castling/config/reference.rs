//! Holds what explains the keys to the keys there are: `docs/operators/configuration.md` and
//! `config/castling.toml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::keys::ROOT;
use super::schema::{Absent, Kind, Section};

/// A table of keys, with the title it has in the documentation.
fn tables() -> Vec<(String, &'static Section)> {
    let mut all = Vec::new();
    below("", &ROOT, &mut all);
    all
}

fn below(path: &str, section: &'static Section, all: &mut Vec<(String, &'static Section)>) {
    all.push((if path.is_empty() { "top level".into() } else { path.to_owned() }, section));
    for key in section.keys {
        let bare = path.trim_matches(['[', ']']);
        let path = if bare.is_empty() { key.name.to_owned() } else { format!("{bare}.{}", key.name) };
        match key.kind {
            Kind::Section(section) => below(&format!("[{path}]"), section, all),
            Kind::Switch(section) if !section.keys.is_empty() => below(&format!("[{path}]"), section, all),
            Kind::Map(_, Kind::Section(section)) => below(&format!("[{path}.NAME]"), section, all),
            Kind::Sections(section) => below(&format!("[[{path}]]"), section, all),
            _ => {}
        }
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Every key with its default, as `title | key | default`.
fn expected() -> BTreeSet<String> {
    let row = |title: &str, key: &super::schema::Key| {
        let default = match key.absent {
            Absent::Refused => "required".to_owned(),
            Absent::Nothing => "none".to_owned(),
            Absent::Default(text) => format!("`{text}`"),
        };
        format!("{title} | `{}` | {default}", key.name)
    };
    let of = |(title, section): &(String, &'static Section)| -> Vec<String> {
        section.keys.iter().map(|key| row(title, key)).collect()
    };
    tables().iter().flat_map(of).collect()
}

#[test]
fn the_operators_reference_has_every_key_and_its_default() {
    let text = std::fs::read_to_string(root("docs/operators/configuration.md")).unwrap();
    let mut title = "";
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = heading.trim_matches('`');
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", key, default, _, ""] = cells[..]
            && key.starts_with('`')
        {
            found.insert(format!("{} | {key} | {default}", title.to_lowercase().replace("name]", "NAME]")));
        }
    }
    let expected = expected();
    let missing: Vec<_> = expected.difference(&found).collect();
    let stray: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && stray.is_empty(), "missing: {missing:#?}\nstray: {stray:#?}");
}
