//! Imports into a server that runs, with users online; and imports that are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use xmpp::ns;

use super::{brands, import, sqlite};
use crate::fixture::{CASTLING, Server, castling, folder, until};
use crate::main_job::driver::python;
use crate::raw::Raw;
use crate::stream::bound;

const FROM: &str = "jabberd2-a-sqlite/jabberd2.db";

/// The addresses in the roster, in order.
fn roster(raw: &mut Raw) -> Vec<String> {
    raw.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    loop {
        let stanza = raw.stanza();
        if stanza.get("id") == Some("roster") {
            let query = stanza.find("query", ns::ROSTER);
            let items = query.into_iter().flat_map(|query| query.children());
            let mut jids: Vec<_> = items.filter_map(|item| item.get("jid").map(str::to_owned)).collect();
            jids.sort();
            return jids;
        }
    }
}

#[test]
fn users_who_are_online_get_pushes() {
    let server = Server::start_with(&brands(), &["alice@chess.example"]);
    let mut alice = bound(&server, "alice@chess.example/here");
    assert!(roster(&mut alice).is_empty());
    server.ok(&["import", "jabberd2", "--from", &sqlite(FROM)]);
    // A push for each contact, in the order of their versions; then she has what she would get.
    let mut pushed: Vec<String> = Vec::new();
    let mut versions = Vec::new();
    while pushed.len() < 18 {
        let push = alice.stanza();
        let query = push.find("query", ns::ROSTER).unwrap();
        let version = query.get("ver").unwrap().rsplit('.').next().unwrap();
        versions.push(version.parse::<u64>().unwrap());
        pushed.extend(query.children().filter_map(|item| item.get("jid").map(str::to_owned)));
    }
    assert!(versions.is_sorted_by(|one, other| one < other), "{versions:?}");
    pushed.sort();
    assert_eq!(pushed, roster(&mut alice));
    // Her password was here before: it is a conflict, and stays.
    drop(bound(&server, "alice@chess.example/again"));
    let said = server.refused(&["import", "jabberd2", "--from", &sqlite(FROM), "--verify"]);
    assert!(said.contains("alice@chess.example: account the password another one here: different"), "{said}");
}

#[test]
fn messages_that_wait_come_with_the_next_log_in() {
    let server = Server::start_with(&brands(), &["alice@chess.example"]);
    // Her store was read, and is known to be empty, when they come.
    let mut alice = bound(&server, "alice@chess.example/here");
    alice.send("<presence/>");
    alice.ping();
    server.ok(&["import", "jabberd2", "--from", &sqlite(FROM)]);
    let mut next = bound(&server, "alice@chess.example/there");
    alice.send("<presence type='unavailable'/>");
    alice.ping();
    next.send("<presence/>");
    let mut messages = 0;
    while messages < 8 {
        messages += usize::from(next.stanza().name() == "message");
    }
}

/// An import that is killed again and again, and a server that is killed meanwhile: in the end all is there, once.
#[test]
fn what_was_killed_ends_in_the_same_state() {
    let whole = folder(&brands());
    import(&whole, &["jabberd2", "--from", &sqlite(FROM), "--secrets", "keep"]);
    let dir = folder(&brands());
    let args = ["import", "jabberd2", "--from", &sqlite(FROM), "--secrets", "keep"];
    for microseconds in [5_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000] {
        let mut child = Command::new(CASTLING)
            .args(args)
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Wherever it happens to be by then.
        std::thread::sleep(Duration::from_micros(microseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let server = Server::start_in(dir);
    let mut child = Command::new(CASTLING)
        .args(args)
        .current_dir(server.dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let dir = server.kill();
    child.wait().unwrap();
    import(&dir, &args[1..]);
    let again = import(&dir, &args[1..]);
    assert!(
        !again.lines().any(|line| line
            .split_whitespace()
            .nth(3)
            .is_some_and(|created| created.parse().is_ok_and(|rows: u64| rows > 0))),
        "{again}"
    );
    import(&dir, &[&args[1..], &["--verify"]].concat());
    let exported = |dir: &tempfile::TempDir| {
        let to = dir.path().join("out");
        let args = ["export", "xep0227", "--to", to.to_str().unwrap(), "--for", "prosody"];
        let output = castling(dir.path(), &args, "");
        assert!(output.status.success());
        let mut files = super::files(&to);
        // Its source does not say when it was made, so that it was made when it was imported.
        let handmade = files.iter_mut().find(|(_, text)| text.contains("name='handmade'")).unwrap();
        assert!(super::forget_creation(&mut handmade.1));
        files
    };
    assert_eq!(exported(&whole), exported(&dir));
}

#[test]
fn the_server_stays_up_while_it_imports() {
    let server = Server::start_with(&brands(), &["jack@chess.example", "anna@chess.example"]);
    let (mut jack, mut anna) =
        (bound(&server, "jack@chess.example/x"), bound(&server, "anna@chess.example/x"));
    anna.send("<presence/>");
    anna.ping();
    let mut child = Command::new(CASTLING)
        .args(["import", "jabberd2", "--from", &sqlite(FROM)])
        .current_dir(server.dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut sent = 0;
    until("the import's end", || {
        jack.send(&format!("<message to='anna@chess.example' type='chat'><body>{sent}</body></message>"));
        sent += 1;
        anna.ping();
        child.try_wait().unwrap().is_some()
    });
    assert!(child.wait().unwrap().success());
}

/// Who is gone in the source goes here without a word to contacts, whose rosters are as the source has them.
#[test]
fn accounts_that_are_gone_leave_their_contacts_as_they_are() {
    let server = Server::start_with(&brands(), &[]);
    let source = super::source(FROM);
    std::fs::copy(&source, server.dir.path().join("old.db")).unwrap();
    let args = ["import", "jabberd2", "--from", "sqlite:old.db", "--secrets", "keep"];
    server.ok(&args);
    let gone = "import sqlite3, sys; db = sqlite3.connect('old.db');
for table, column in [('authreg', 'username'), *((name, 'collection-owner') for name, in db.execute(
    \"select name from sqlite_master where type = 'table' and name not in ('authreg', 'sqlite_sequence', 'verify')\").fetchall())]:
    db.execute(f'delete from \"{table}\" where \"{column}\" in (\"erin@chess.example\", \"grace@chess.example\")')
db.execute(\"delete from authreg where realm = 'chess.example' and username in ('erin', 'grace')\")
db.commit()";
    let mut change = Command::new(python());
    assert!(change.args(["-c", gone]).current_dir(server.dir.path()).status().unwrap().success());
    let said = server.run(&args);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("erin@chess.example: account: gone in the source, and deleted here"), "{said}");
    assert!(said.contains("grace@chess.example: account: gone in the source"), "{said}");
    assert!(!server.ok(&["user", "list", "chess.example"]).contains("erin@"));
    server.ok(&[&args[..], &["--verify"]].concat());
    // And back.
    std::fs::copy(&source, server.dir.path().join("old.db")).unwrap();
    server.ok(&args);
    server.ok(&[&args[..], &["--verify"]].concat());
}
