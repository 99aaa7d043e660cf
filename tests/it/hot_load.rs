//! Plugins replaced under load: 200 sessions talk over TCP, WebSocket and BOSH, and pages are loaded anew, while three
//! plugins are loaded, replaced and removed.
//!
//! `sunshine` and `offline-filter` are the shipped ones; `mark` puts its version into every message. A phase is a
//! version of all three: 1 is the file as it is built, the others are the same code with other settings by default,
//! so that each decides otherwise than the one before it.

mod browser;
mod page;
mod phase;
mod probe;
mod talker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fixture::{Server, plugin};
use crate::scenario::transport::{Transport, Way};
use crate::versions::version;
use browser::Browser;
use phase::{PLUGINS, Shared};
use probe::Probe;
use talker::{Report, Talker};

/// Sessions that exchange messages, in pairs.
const SESSIONS: usize = 200;
/// Replacements of each plugin at least.
const REPLACEMENTS: u32 = 20;
/// Pages that are loaded anew in each phase, over WebSocket and over BOSH; all together at least.
const RELOADS: u32 = 2;
const ALL_RELOADS: u32 = 50;
/// How long it goes on at least.
const LOAD: Duration = Duration::from_secs(60);
/// Messages that each version judges at least before it is replaced, all sessions together.
const MESSAGES: u64 = 20 * SESSIONS as u64;

/// Without shares of CPU time: here the clients leave the server little of the machine, and what is judged by policy cannot be told from what
/// is lost.
const CONFIG: &str = r#"
[limits]
plugin_cpu_percent = 0
plugins_cpu_percent = 0
[[domain]]
name = "chess.example"
modules = { offline = { messages = 0 } }
[[domain]]
name = "wuchess.example"
modules = { offline = { messages = 0 } }
"#;

fn account(name: &str, index: usize) -> String {
    format!("{name}{index}@{}", if index.is_multiple_of(2) { "chess.example" } else { "wuchess.example" })
}

/// Everybody has a partner on another transport.
fn way(server: &Server, index: usize) -> Way {
    Transport::ALL[index % Transport::ALL.len()].to(server)
}

#[test]
fn versions_replace_each_other_under_load() {
    let mut users: Vec<String> = ["talker", "away"]
        .iter()
        .flat_map(|name| (0..SESSIONS).map(move |index| account(name, index)))
        .collect();
    users.extend(["probe0", "one", "two"].map(|name| format!("{name}@chess.example")));
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let server = Server::start_with(CONFIG, &users);
    let pages = Browser::start(&server);
    let shared = Arc::new(Shared::default());
    let talkers: Vec<_> = (0..SESSIONS).map(|index| talk(&server, &shared, index)).collect();

    shared.everybody(SESSIONS);
    let before = sessions(&server);
    assert_eq!(before.len(), SESSIONS + browser::PAGES);
    let replaced = replace(&server, &shared);
    let after = sessions(&server);
    let pages = pages.stop();
    shared.stop();

    let reports: Vec<Report> = talkers
        .into_iter()
        .map(|talker| talker.join().unwrap().unwrap_or_else(|error| panic!("{error}")))
        .collect();
    pages.unwrap_or_else(|error| panic!("in the browser: {error}"));
    assert_eq!(after, before, "nobody was disconnected");
    judged(&server, &shared, &reports, replaced);
}

fn talk(server: &Server, shared: &Arc<Shared>, index: usize) -> JoinHandle<Result<Report, String>> {
    let (way, shared) = (way(server, index), shared.clone());
    std::thread::spawn(move || {
        let talker = Talker::connect(way, &shared, index);
        let report = talker.and_then(Talker::talk).map_err(|error| format!("talker {index}: {error}"));
        report.inspect_err(|error| shared.fail(error))
    })
}

/// Loads the plugins, replaces them again and again, removes them. The number of replacements of each.
#[expect(clippy::disallowed_methods, reason = "the load has to last for a time of the real world")]
fn replace(server: &Server, shared: &Shared) -> u32 {
    let began = Instant::now();
    for one in &PLUGINS {
        let file = plugin(one.name);
        server.ok(&["plugin", "install", file.to_str().unwrap()]);
        shared.change(one, || server.ok(&["plugin", "enable", one.name]));
    }
    let mut phase = 1;
    while phase <= REPLACEMENTS || began.elapsed() < LOAD {
        shared.progress(MESSAGES);
        let probe = Probe::begin(way(server, phase as usize), &account("probe", 0));
        for transport in [Transport::WebSocket, Transport::Bosh] {
            shared.reload(transport, RELOADS);
        }
        phase += 1;
        for one in &PLUGINS {
            let file =
                version(one.source, &format!("0.1.{phase}"), &(one.defaults)(phase), server.dir.path());
            shared.change(one, || server.ok(&["plugin", "reload", one.name, file.to_str().unwrap()]));
        }
        probe.end(phase);
    }
    shared.progress(MESSAGES);
    for one in &PLUGINS {
        shared.of(one.name).removal();
        shared.change(one, || server.ok(&["plugin", "remove", one.name]));
    }
    shared.progress(MESSAGES);
    phase - 1
}

/// The sessions of talkers and pages, as the operator sees them.
fn sessions(server: &Server) -> Vec<String> {
    let list: Value = serde_json::from_str(&server.ok(&["session", "list", "--json"])).unwrap();
    let list = list.as_array().unwrap().iter();
    let ours = list.filter(|session| !session["jid"].as_str().unwrap().starts_with("probe"));
    let mut lines: Vec<String> = ours.map(identity).collect();
    lines.sort();
    lines
}

/// A session; without its address, which is another after a reload, but over TCP.
fn identity(session: &Value) -> String {
    let mut session = session.clone();
    if session["transport"] != "tcp" {
        session["address"] = Value::Null;
        session["state"] = Value::Null; // a page may be loading just now
    }
    session.to_string()
}

/// What the talkers have seen, and what was kept for those who were away.
fn judged(server: &Server, shared: &Shared, reports: &[Report], replaced: u32) {
    let heard: u64 = reports.iter().map(|report| report.heard).sum();
    let mut certain = BTreeMap::<u32, [u64; 2]>::new();
    let mut kept = 0;
    for (index, report) in reports.iter().enumerate() {
        report.certain.iter().for_each(|(phase, count)| certain.entry(*phase).or_default()[0] += count);
        let stored = talker::stored(way(server, index), &account("away", index)).unwrap();
        kept += stored.len();
        let found = report.fates(shared.of("offline-filter"), &stored);
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", account("away", index)));
        found.into_iter().for_each(|phase| certain.entry(phase).or_default()[1] += 1);
    }
    eprintln!("{heard} messages heard, {kept} kept, {replaced} replacements of each plugin");
    eprintln!("judged by one certain version, as [marked, stored or not]: {certain:?}");
    assert!(replaced >= REPLACEMENTS);
    reloaded(reports);
    for phase in 1..=replaced + 1 {
        let [marked, stored] = certain.get(&phase).copied().unwrap_or_default();
        assert!(marked > 0 && stored > 0, "no message could only be judged by version {phase}");
    }
}

/// Pages of both transports were loaded anew.
fn reloaded(reports: &[Report]) {
    let [websocket, bosh] = [Transport::WebSocket, Transport::Bosh].map(|transport| {
        let pages = reports.iter().filter_map(|report| report.reloads).filter(|(over, _)| *over == transport);
        pages.map(|(_, reloads)| reloads).sum::<u32>()
    });
    eprintln!("pages loaded anew: {websocket} over WebSocket, {bosh} over BOSH");
    assert!(websocket + bosh >= ALL_RELOADS && websocket.min(bosh) >= ALL_RELOADS / 2);
}
