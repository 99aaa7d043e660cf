//! Holds what explains the keys to the keys there are: `docs/operators/configuration.md` and
//! `config/castling.toml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::document::{Places, Source};
use super::keys::ROOT;
use super::load::parse;
use super::problem::Problems;
use super::schema::{Absent, Key, Kind, Section};
use super::walk::Walk;

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
    let row = |title: &str, key: &Key| {
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

/// `config/castling.toml` with the lines that are commented out put in: `#key = value` and `#[section]`, nothing
/// between the sign and the word.
fn whole_example() -> String {
    let text = std::fs::read_to_string(root("config/castling.toml")).unwrap();
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The title of the table that a header of the example begins.
fn title(header: &str) -> String {
    let named = |group: &str| header.starts_with(&format!("[{group}."));
    match header {
        _ if named("plugins") => "[plugins.NAME]".into(),
        _ if named("datasources") => "[datasources.NAME]".into(),
        other => other.to_owned(),
    }
}

/// A value as the walk reads it for this key.
fn walked(key: &Key, text: &str) -> Option<serde_json::Value> {
    let mut problems = Problems::new(&Source::new("", ""), Places::default());
    let value = DeValue::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Walk { problems: &mut problems, report_missing: true }.value(&value, &key.kind, key.name)
}

#[test]
fn the_example_has_every_key_and_its_default() {
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for (title, section) in tables().iter().filter(|(title, _)| !title.starts_with("[domain.modules.")) {
        missing.extend(
            section.keys.iter().filter(|key| !is_table(key)).map(|key| format!("{title} {}", key.name)),
        );
    }
    let mut table = "top level".to_owned();
    for line in whole_example().lines() {
        if line.starts_with('[') {
            table = title(line.trim_end());
        }
        let Some((name, rest)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else { continue };
        let (value, comment) =
            rest.split_once("  #").map_or((rest, ""), |(value, note)| (value, note.trim()));
        let section =
            tables().into_iter().find(|(title, _)| *title == table).unwrap_or_else(|| panic!("{table}"));
        let key = section.1.key(name).unwrap_or_else(|| panic!("{table} has no {name}"));
        assert!(missing.remove(&format!("{table} {name}")), "{table} {name} stands twice");
        let shown = comment.strip_prefix("default ").unwrap_or(value).trim();
        match key.absent {
            Absent::Default(default) => {
                assert_eq!(walked(key, shown), walked(key, default), "{table} {name}")
            }
            _ => assert!(comment.starts_with("no default"), "{table} {name} has no default: say so"),
        }
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
}

/// Keys that stand as tables of their own in the example.
fn is_table(key: &Key) -> bool {
    matches!(key.kind, Kind::Section(_) | Kind::Sections(_) | Kind::Map(_, Kind::Section(_)))
}

#[test]
fn the_example_can_be_used() {
    let short = std::fs::read_to_string(root("config/castling.toml")).unwrap();
    for text in [short, whole_example()] {
        let loaded = parse(&Source::new("castling.toml", text), Path::new("/nonexistent"), false);
        let fatal = loaded.problems.fatal();
        let list: Vec<String> = loaded.problems.into_list().iter().map(ToString::to_string).collect();
        assert!(!fatal, "{}", list.join("\n"));
    }
}

/// The modules of the configuration are those that there are, with their options and defaults.
#[test]
fn modules_are_those_of_the_catalog() {
    let known = super::keys::MODULES.keys.iter().filter(|key| key.name != "register");
    let names: BTreeSet<&str> = known.clone().map(|key| key.name).collect();
    assert_eq!(names, modules::catalog().iter().map(|entry| entry.name).collect());
    for key in known {
        let entry = modules::catalog().iter().find(|entry| entry.name == key.name).unwrap();
        let on = if entry.on_by_default { "true" } else { "false" };
        assert!(matches!(key.absent, Absent::Default(default) if default == on), "{}", key.name);
        let Kind::Switch(options) = key.kind else { panic!("{} is no switch", key.name) };
        let docs = (entry.options)();
        assert_eq!(options.keys.len(), docs.len(), "{}", key.name);
        for doc in docs {
            let option = options.key(doc.key).unwrap();
            let Absent::Default(default) = option.absent else { panic!("{} has no default", doc.key) };
            assert_eq!(walked(option, default), Some(doc.default), "{} {}", key.name, doc.key);
        }
    }
}
