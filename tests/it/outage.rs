//! The database goes away while people are connected, and comes back.
//!
//! On SQLite by a limit of file sizes, which fails every write as a full disk does. On a database server, whose process
//! `cargo xtask databases` names, by stopping and killing it; no other test may use it meanwhile.

pub mod database_server;
mod read_only;

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use xmpp::{Element, ns};

use crate::fixture::{Server, add_users, folder, until};
use crate::kill::stored;
use crate::raw::Raw;
use database_server::DatabaseServer;

const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\n";
const USERS: [&str; 3] = ["jack@chess.example", "carol@chess.example", "bob@chess.example"];

/// Beyond the log, which is a file too, and within what SQLite has written.
const FULL: &str = "16384";

/// A folder with this configuration, in which a database that does not answer is away after two seconds.
pub fn impatient(more: &str) -> TempDir {
    let dir = folder(more);
    let file = dir.path().join("castling.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = match text.contains("[storage]") {
        true => text.replace("[storage]\n", "[storage]\ndeadline_seconds = 2\n"),
        false => text.replace("[listen]\n", "[storage]\ndeadline_seconds = 2\n[listen]\n"),
    };
    std::fs::write(&file, text).unwrap();
    dir
}

/// Whether the server says that its database is away.
pub fn away(server: &Server) -> bool {
    let status: serde_json::Value = serde_json::from_str(&server.ok(&["status", "--json"])).unwrap();
    !status["database_away_seconds"].is_null()
}

/// A server with two sessions, and an account that is away.
struct Outage {
    server: Server,
    jack: Raw,
    carol: Raw,
}

impl Outage {
    fn new() -> Self {
        Self::under(&[], |_| {})
    }

    /// With these variables in the server's environment; `prepare` gets its folder.
    fn under(env: &[(&str, &str)], prepare: impl FnOnce(&Path)) -> Self {
        let dir = impatient(CONFIG);
        prepare(dir.path());
        add_users(dir.path(), &USERS);
        let server = Server::start_under(dir, env);
        let online = |jid| {
            let mut raw = Raw::bound(server.address("c2s_plain"), jid);
            raw.send("<presence/>");
            raw.ping();
            raw
        };
        let (jack, carol) = (online("jack@chess.example/a"), online("carol@chess.example/a"));
        let mut before = Raw::bound(server.address("c2s_plain"), "jack@chess.example/b");
        before.manage();
        before.send(&to_bob("before"));
        before.settle(1);
        Self { server, jack, carol }
    }

    /// Limits the size of the files that the server may write, in bytes.
    fn limit_files(&self, bytes: &str) {
        let (pid, limit) = (self.server.pid().to_string(), format!("--fsize={bytes}:unlimited"));
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    }

    fn away(&self) -> bool {
        away(&self.server)
    }

    /// Whether a change of the roster is refused.
    fn is_refused(&mut self) -> bool {
        let item = "<item jid='y@far.example'/>";
        self.jack.send(&format!("<iq type='set' id='y'><query xmlns='{}'>{item}</query></iq>", ns::ROSTER));
        self.jack.next().get("type") == Some("error")
    }

    /// What is so while it is away. `reads`: it can still be read.
    fn endure(&mut self, reads: bool) {
        for round in 0..3 {
            self.jack.send(&to_bob("lost"));
            self.jack.send(&format!(
                "<iq type='set' id='roster'><query xmlns='{}'><item jid='x@far.example'/></query></iq>",
                ns::ROSTER
            ));
            self.jack.send(&format!(
                "<message to='carol@chess.example/a' type='chat'><body>online {round}</body></message>"
            ));
            let online = self.carol.next();
            assert_eq!(online.find("body", ns::CLIENT).unwrap().text_content(), format!("online {round}"));
            wait_error(&self.jack.next());
            wait_error(&self.jack.next());
        }
        until("the outage is noticed", || self.away());
        let mut late = Raw::open(self.server.address("c2s_plain"), "chess.example");
        match reads {
            true => late.authenticate("carol", "secret").unwrap(),
            false => {
                assert_eq!(late.authenticate("carol", "secret"), Err("temporary-auth-failure".to_owned()))
            }
        }
        self.jack.ping();
    }

    /// What is so when it is back: nothing was kept that was refused, nothing is missing that was not.
    fn recovered(mut self) {
        until("the database is back", || !self.away());
        self.jack.send(&to_bob("after"));
        self.jack.ping();
        let mut bob = Raw::bound(self.server.address("c2s_plain"), "bob@chess.example/a");
        assert_eq!(stored(&mut bob), ["before", "after"]);
        let log = self.server.log();
        let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
        assert_eq!(lines("the database is away"), 1, "{log}");
        assert_eq!(lines("the database is back"), 1, "{log}");
        assert_eq!(lines("ERROR"), 1, "{log}");
        assert_eq!(lines("failed"), 0, "{log}");
    }
}

fn to_bob(text: &str) -> String {
    format!("<message to='bob@chess.example' type='chat' id='{text}'><body>{text}</body></message>")
}

fn wait_error(answer: &Element) {
    let error = answer.find("error", ns::CLIENT).unwrap_or_else(|| panic!("{}", answer.to_xml("")));
    assert_eq!(error.get("type"), Some("wait"), "{}", answer.to_xml(""));
    assert!(error.find("resource-constraint", ns::STANZAS).is_some(), "{}", answer.to_xml(""));
}

#[test]
fn a_disk_that_is_full_refuses_what_must_be_written_until_there_is_room() {
    if crate::database::is_server() {
        return;
    }
    let mut outage = Outage::new();
    outage.limit_files(FULL);
    outage.endure(true);
    outage.limit_files("unlimited");
    outage.recovered();
}

#[test]
#[ignore = "stops the database server"]
fn a_database_server_that_is_stopped_is_waited_for() {
    let database = DatabaseServer::running();
    let mut outage = Outage::new();
    database.signal("STOP");
    outage.endure(false);
    database.signal("CONT");
    outage.recovered();
}

#[test]
#[ignore = "kills the database server"]
fn a_database_server_that_is_killed_is_found_again() {
    let mut database = DatabaseServer::running();
    let mut outage = Outage::new();
    database.kill();
    outage.endure(false);
    database.restart();
    outage.recovered();
}

/// What a client had not acknowledged is stored when it can be, though its connection broke while it could not.
#[test]
fn what_lies_with_a_session_that_broke_during_an_outage_is_stored_afterwards() {
    if crate::database::is_server() {
        return;
    }
    let mut outage = Outage::new();
    let mut carol = Raw::bound(outage.server.address("c2s_plain"), "carol@chess.example/phone");
    carol.manage();
    carol.send("<presence><priority>9</priority></presence>");
    carol.ping();
    outage.limit_files(FULL);
    outage.jack.send(&to_bob("lost"));
    wait_error(&outage.jack.next());
    until("the outage is noticed", || outage.away());
    for id in 0..3 {
        outage.jack.send(&format!(
            "<message to='carol@chess.example' type='chat' id='{id}'><body>{id}</body></message>"
        ));
    }
    outage.jack.ping();
    drop(carol);
    until("the lost connection is seen", || {
        let list = outage.server.ok(&["session", "list"]);
        list.lines().any(|line| line.contains("/phone") && line.contains("detached"))
    });
    outage.limit_files("unlimited");
    until("they are stored", || outage.server.statement("offline.insert", "rows") == 3);
    let server = Server::start_in(outage.server.kill());
    let mut carol = Raw::bound(server.address("c2s_plain"), "carol@chess.example/new");
    assert_eq!(stored(&mut carol), ["0", "1", "2"]);
}
