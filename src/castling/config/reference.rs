//! Compares the documentation of keys with the actual keys: `docs/operators/configuration.md` and
//! `config/castling.toml`.
//!
//! `UPDATE_REFERENCE=1 cargo test -p castling reference` regenerates the tables of the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use settings::{Absent, Checker, Holds, Key, Kind, Range, Scope, Section, shown};
use toml::de::DeValue;

use super::document::Source;
use super::keys::ROOT;
use super::load::parse;
use super::tree;

/// Every table of keys, with the title it has in the documentation.
pub fn tables() -> Vec<(String, Section)> {
    let mut all = Vec::new();
    below("", &ROOT, &mut all);
    all
}

fn below(path: &str, section: &Section, all: &mut Vec<(String, Section)>) {
    all.push((if path.is_empty() { "top level".into() } else { path.to_owned() }, section.clone()));
    for key in &section.keys {
        let bare = path.trim_matches(['[', ']']);
        let path = if bare.is_empty() { key.name.to_string() } else { format!("{bare}.{}", key.name) };
        match &key.kind {
            Kind::Section(section) => below(&format!("[{path}]"), section, all),
            Kind::Switch(section) if !section.keys.is_empty() => below(&format!("[{path}]"), section, all),
            Kind::Map(_, kind) => {
                if let Kind::Section(section) = &**kind {
                    below(&format!("[{path}.NAME]"), section, all);
                }
            }
            Kind::Sections(section) => below(&format!("[[{path}]]"), section, all),
            _ => {}
        }
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A number with thousands separators.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn range(range: &Range) -> String {
    let zero = range.zero.map(|meaning| format!("; 0: {meaning}")).unwrap_or_default();
    format!(" {} to {}{zero}.", grouped(range.least), grouped(range.most))
}

/// The row of a key in the documentation.
fn row(key: &Key, scoped: bool) -> String {
    let default = match &key.absent {
        Absent::Refused => "required".to_owned(),
        Absent::Nothing => "not set".to_owned(),
        Absent::Default(value) => format!("`{}`", shown(value)),
    };
    let range = if let Kind::Integer(of) = &key.kind { range(of) } else { String::new() };
    let scope = if scoped && key.scope == Scope::Server { " Not per domain." } else { "" };
    let holds = if key.holds == Holds::Start { " Takes effect at the next start." } else { "" };
    format!("| `{}` | {default} | {}{range}{scope}{holds} |", key.name, key.doc)
}

/// The documentation with its tables regenerated from the schema.
fn documented(text: &str) -> String {
    let mut tables = tables();
    let mut out: Vec<String> = Vec::new();
    let mut table: Option<Section> = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let title = heading.trim_matches('`').to_lowercase().replace("name]", "NAME]");
            let at = tables.iter().position(|(name, _)| *name == title);
            table = Some(tables.remove(at.unwrap_or_else(|| panic!("there is no table {title}"))).1);
        }
        if line.starts_with('|') && table.is_some() {
            if line.starts_with("|---") {
                let Some(section) = table.take() else { continue };
                out.push(line.to_owned());
                let scoped = section.noun == "limit";
                out.extend(section.keys.iter().map(|key| row(key, scoped)));
                continue;
            }
        } else if line.starts_with('|') {
            continue;
        }
        out.push(line.to_owned());
    }
    let missing: Vec<_> = tables.iter().map(|(title, _)| title).collect();
    assert!(missing.is_empty(), "tables without a heading: {missing:#?}");
    out.join("\n") + "\n"
}

#[test]
fn the_operators_reference_is_the_schema() {
    let file = root("docs/operators/configuration.md");
    let text = fs::read_to_string(&file).unwrap();
    let expected = documented(&text);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&file, &expected).unwrap();
        return;
    }
    let differing: Vec<_> = expected.lines().filter(|line| !text.lines().any(|has| has == *line)).collect();
    assert!(text == expected, "run with UPDATE_REFERENCE=1; these rows are not in it: {differing:#?}");
}

/// `config/castling.toml` with its commented-out lines enabled: `#key = value` and `#[section]`, without a
/// space after the `#`.
fn whole_example() -> String {
    let text = fs::read_to_string(root("config/castling.toml")).unwrap();
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The title of the table that a header in the example begins.
fn title(header: &str) -> String {
    let named = |group: &str| header.starts_with(&format!("[{group}."));
    match header {
        _ if named("plugins") => "[plugins.NAME]".into(),
        _ if named("datasources") => "[datasources.NAME]".into(),
        other => other.to_owned(),
    }
}

/// A value in the example as the checker reads it for this key.
fn checked(key: &Key, text: &str) -> Option<Value> {
    let value = DeValue::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Checker::new().value(&tree::value(value.get_ref()), &key.kind, &key.name)
}

#[test]
fn the_example_has_every_key_and_its_default() {
    let tables = tables();
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for (title, section) in tables.iter().filter(|(title, _)| !title.starts_with("[domain.modules.")) {
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
        let section = tables.iter().find(|(title, _)| *title == table).unwrap_or_else(|| panic!("{table}"));
        let key = section.1.key(name).unwrap_or_else(|| panic!("{table} has no {name}"));
        assert!(missing.remove(&format!("{table} {name}")), "{table} {name} stands twice");
        let shown_value = comment.strip_prefix("default ").unwrap_or(value).trim();
        match &key.absent {
            Absent::Default(default) => {
                let default = checked(key, &shown(default));
                assert_eq!(checked(key, shown_value), default, "{table} {name}");
            }
            _ => assert!(comment.starts_with("no default"), "{table} {name} has no default: say so"),
        }
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
}

/// Keys that are tables of their own in the example.
fn is_table(key: &Key) -> bool {
    match &key.kind {
        Kind::Section(_) | Kind::Sections(_) => true,
        Kind::Map(_, kind) => matches!(**kind, Kind::Section(_)),
        _ => false,
    }
}

#[test]
fn the_example_can_be_used() {
    let short = fs::read_to_string(root("config/castling.toml")).unwrap();
    for text in [short, whole_example()] {
        let loaded = parse(&Source::new("castling.toml", text), Path::new("/nonexistent"), false, None);
        let fatal = loaded.problems.fatal();
        let list: Vec<String> = loaded.problems.into_list().iter().map(ToString::to_string).collect();
        assert!(!fatal, "{}", list.join("\n"));
    }
}

#[test]
fn every_key_is_explained_and_its_default_fits() {
    for (title, section) in tables() {
        for key in &section.keys {
            assert!(!key.doc.is_empty(), "{title} {} has no documentation", key.name);
            if let Absent::Default(default) = &key.absent {
                assert_ne!(
                    checked(key, &shown(default)),
                    None,
                    "{title} {}: its default does not fit",
                    key.name
                );
            }
        }
    }
}

/// `reload` compares only tables with fixed names; settings below operator-chosen names take effect at
/// `reload`.
#[test]
fn what_holds_from_the_start_on_is_the_servers() {
    for (title, section) in tables() {
        let waits = section.keys.iter().any(|key| key.holds == Holds::Start);
        assert!(!waits || !(title.contains("NAME") || title.contains("domain")), "{title}");
    }
}
