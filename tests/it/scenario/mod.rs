//! Plays the scripts of `tests/scenarios/`: who sends, who receives, in XML.
//!
//! A script names its clients, then says what happens, a step a line; `tests/scenarios/README.md` has the words.
//! Scripts share one server, but for those with a `[Config]` of their own: each script's accounts get names that no
//! other script uses.

pub mod client;
mod matching;
pub mod parse;
mod run;
pub mod scram;

use std::fs;
use std::path::{Path, PathBuf};

use parse::Script;

use crate::fixture::{BRANDS, Server};

/// What the shared server serves.
fn config(script: &Script) -> &str {
    script.config.as_deref().unwrap_or(BRANDS)
}

fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "scn"))
        .collect();
    files.sort();
    let wanted = std::env::var("SCENARIO").unwrap_or_default(); // SCENARIO=roster plays only those
    files.retain(|path| path.to_string_lossy().contains(&wanted));
    let read = |(number, path): (usize, &PathBuf)| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        parse::parse(&name, number, &fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.iter().enumerate().map(read).collect()
}

/// Plays scripts that have the same configuration, one after another. Those that failed, and where.
fn play(config: &str, scripts: &[&Script]) -> Vec<String> {
    let users: Vec<&str> = scripts.iter().flat_map(|script| script.accounts()).collect();
    let server = Server::start_with(config, &users);
    let failed = |script: &&Script| run::run(&server, script).err();
    scripts.iter().filter_map(failed).collect()
}

#[test]
fn scenarios() {
    let scripts = scripts();
    assert!(!scripts.is_empty(), "no scenario has that name");
    let mut by_config: Vec<(&str, Vec<&Script>)> = Vec::new();
    for script in &scripts {
        match by_config.iter_mut().find(|(one, _)| *one == config(script)) {
            Some((_, list)) => list.push(script),
            None => by_config.push((config(script), vec![script])),
        }
    }
    let failures: Vec<String> = by_config.iter().flat_map(|(config, list)| play(config, list)).collect();
    assert!(
        failures.is_empty(),
        "{} of {} scenarios failed\n\n{}",
        failures.len(),
        scripts.len(),
        failures.join("\n\n")
    );
}
