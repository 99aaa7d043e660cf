//! Plays the scripts of `tests/scenarios/`: who sends, who receives, in XML.
//!
//! A script names its clients, then says what happens, a step a line; `tests/scenarios/README.md` has the words.
//! Scripts share one server, but for those with a `[Config]` of their own: each script's accounts get names that no
//! other script uses. Each is played over every transport, and between them.

mod bosh;
pub mod client;
pub mod http;
mod matching;
pub mod parse;
mod pieces;
mod run;
mod tcp;
pub mod transport;
mod websocket;

use std::fs;
use std::path::{Path, PathBuf};

use parse::{Action, Script};
use transport::Transport;

use crate::fixture::{BRANDS, Server};

/// A session over BOSH whose connections are lost ends soon, so that a script can see its end.
const LIMITS: &str = "[limits]\nbosh_inactivity = 5\n";

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

/// Who speaks over what.
pub struct Cast {
    name: &'static str,
    /// The clients of a script take turns with these.
    connects: &'static [Transport],
    /// Who resumes does so over this one; none: over the same as before.
    resumes: Option<Transport>,
}

impl Cast {
    /// What a client of a script connects over.
    fn transport(&self, script: &Script, name: &str) -> Transport {
        let number = script.clients.keys().position(|client| client == name).unwrap_or_default();
        self.connects[number % self.connects.len()]
    }

    /// Whether a script has something to show here.
    fn concerns(&self, script: &Script) -> bool {
        self.resumes.is_none() || script.steps.iter().any(|step| matches!(step.action, Action::Resumes(_)))
    }

    /// Why a script is not played; none if it is.
    fn leaves_out(&self, script: &Script) -> Option<String> {
        let connects = script.clients.keys().map(|name| self.transport(script, name));
        let used: Vec<Transport> = connects.chain(self.resumes).collect();
        let (not, reason) = script.not_over.iter().find(|(not, _)| used.contains(not))?;
        Some(format!("not over {}: {reason}", not.name()))
    }
}

/// Plays scripts that have the same configuration, one after another. Those that failed, and where.
fn play(config: &str, scripts: &[&Script], cast: &Cast) -> Vec<String> {
    let users: Vec<&str> = scripts.iter().flat_map(|script| script.accounts()).collect();
    let limits = if cast.connects.contains(&Transport::Bosh) { LIMITS } else { "" };
    let server = Server::start_with(&format!("{limits}{config}"), &users);
    let failed = |script: &&Script| run::run(&server, script, cast).err();
    scripts.iter().filter_map(failed).collect()
}

/// Plays all scripts that hold over the transports of a cast.
fn scenarios(cast: &Cast) {
    let wanted = std::env::var("TRANSPORT").unwrap_or_default(); // TRANSPORT=bosh plays only casts of that name
    if !cast.name.contains(&wanted) {
        eprintln!("left out: {} is not {wanted}", cast.name);
        return;
    }
    let scripts = scripts();
    assert!(!scripts.is_empty(), "no scenario has that name");
    let (mut by_config, mut played) = (Vec::<(&str, Vec<&Script>)>::new(), 0);
    for script in scripts.iter().filter(|script| cast.concerns(script)) {
        if let Some(reason) = cast.leaves_out(script) {
            eprintln!("{}: {} left out, {reason}", cast.name, script.name);
            continue;
        }
        played += 1;
        match by_config.iter_mut().find(|(one, _)| *one == config(script)) {
            Some((_, list)) => list.push(script),
            None => by_config.push((config(script), vec![script])),
        }
    }
    let failures: Vec<String> =
        by_config.iter().flat_map(|(config, list)| play(config, list, cast)).collect();
    eprintln!("{}: {played} of {} scenarios played", cast.name, scripts.len());
    assert!(played > 0 || std::env::var_os("SCENARIO").is_some(), "nothing is shown {}", cast.name);
    let (failed, failures) = (failures.len(), failures.join("\n\n"));
    assert!(failures.is_empty(), "{failed} of {played} scenarios failed, {}\n\n{failures}", cast.name);
}

#[test]
fn scenarios_over_tcp() {
    scenarios(&Cast { name: "over tcp", connects: &[Transport::Tcp], resumes: None });
}

#[test]
fn scenarios_over_websocket() {
    scenarios(&Cast { name: "over websocket", connects: &[Transport::WebSocket], resumes: None });
}

#[test]
fn scenarios_over_bosh() {
    scenarios(&Cast { name: "over bosh", connects: &[Transport::Bosh], resumes: None });
}

/// Two clients of a script are never on the same one.
#[test]
fn scenarios_between_websocket_bosh_and_tcp() {
    let connects = &[Transport::WebSocket, Transport::Bosh, Transport::Tcp];
    scenarios(&Cast { name: "between websocket, bosh and tcp", connects, resumes: None });
}

#[test]
fn scenarios_begun_on_tcp_resumed_on_websocket() {
    let (connects, resumes) = (&[Transport::Tcp], Some(Transport::WebSocket));
    scenarios(&Cast { name: "begun on tcp, resumed on websocket", connects, resumes });
}

#[test]
fn scenarios_begun_on_websocket_resumed_on_tcp() {
    let (connects, resumes) = (&[Transport::WebSocket], Some(Transport::Tcp));
    scenarios(&Cast { name: "begun on websocket, resumed on tcp", connects, resumes });
}
