//! The system's clock is set while people are connected: by a day, in both directions.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use xmpp::ns;

use crate::fixture::{Server, add_users, folder, until};
use crate::kill::stored_elements;
use crate::raw::Raw;
use crate::stream::{bound, resume};

const ANNA: &str = "anna@chess.example";
const JACK: &str = "jack@chess.example";
const AWAY: &str = "away@chess.example";

/// Three failures within a minute, then none; a session that broke is waited for, for longer than a step goes unnoticed.
const CONFIG: &str =
    "[limits]\nlogins_per_minute = 3\nresume_seconds = 15\n[[domain]]\nname = \"chess.example\"\n";

/// What makes the server believe in another time: it reads from a file by how much its wall clock is off.
pub struct FakeTime {
    library: PathBuf,
}

impl FakeTime {
    pub fn find() -> Self {
        let folders = fs::read_dir("/usr/lib").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        let mut libraries = folders.map(|folder| folder.join("faketime/libfaketime.so.1"));
        let library = libraries.find(|library| library.exists());
        Self { library: library.expect("libfaketime is missing: run cargo xtask test, or install it") }
    }

    fn start(&self) -> Server {
        let dir = folder(CONFIG);
        add_users(dir.path(), &[ANNA, JACK, AWAY]);
        self.start_in(dir)
    }

    /// In a folder that is there already; the time is the real one until it is [set].
    pub fn start_in(&self, dir: TempDir) -> Server {
        set(dir.path(), "+0");
        let offset = dir.path().join("offset").display().to_string();
        let library = self.library.display().to_string();
        let env = [
            ("LD_PRELOAD", &*library),
            ("FAKETIME_TIMESTAMP_FILE", &offset),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        Server::start_under(dir, &env)
    }
}

/// Sets the server's clock to the real time and so many days or seconds more or less, as `-1d`.
pub fn set(dir: &std::path::Path, offset: &str) {
    let file = dir.join("offset");
    fs::write(file.with_extension("new"), offset).unwrap();
    fs::rename(file.with_extension("new"), file).unwrap();
}

/// The day in the stamps of stored messages, in order, by their ids.
fn stamps(raw: &mut Raw) -> Vec<(String, String)> {
    let messages = stored_elements(raw);
    let stamp = |message: &xmpp::Element| {
        let delay = message.find("delay", ns::DELAY).unwrap();
        (message.get("id").unwrap().to_owned(), delay.get("stamp").unwrap()[..10].to_owned())
    };
    messages.iter().map(stamp).collect()
}

/// A sender, and how many messages it has sent.
struct Sender(Raw, usize);

impl Sender {
    /// Sends a message, and waits until the server has taken responsibility for it.
    fn say(&mut self, to: &str, id: &str) {
        self.0.send(&format!("<message to='{to}' type='chat' id='{id}'><body>{id}</body></message>"));
        self.1 += 1;
        self.0.settle(self.1);
    }
}

fn wrong(server: &Server) -> String {
    Raw::open(server.address("c2s_plain"), "chess.example").authenticate("away", "wrong").unwrap_err()
}

/// Lines about the clock, in order: whether forward, and by how many hours.
fn told(server: &Server) -> Vec<(bool, i64)> {
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains("the clock was set"));
    lines
        .map(|line| {
            let (_, seconds) = line.split_once("seconds=").unwrap();
            let seconds: f64 = seconds.split_whitespace().next().unwrap().parse().unwrap();
            (line.contains("forward"), (seconds / 3600.0).round() as i64)
        })
        .collect()
}

/// Waits until these steps have been logged.
fn logged(server: &Server, steps: &[(bool, i64)]) {
    until("the step is logged", || {
        server.ok(&["status"]); // takes some milliseconds
        told(server) == steps
    });
}

#[test]
fn the_clock_jumps_both_ways_and_nothing_ends_or_waits_by_it() {
    let server = FakeTime::find().start();
    let mut jack = Sender(bound(&server, "jack@chess.example/a"), 0);
    jack.0.manage();
    let mut anna = bound(&server, "anna@chess.example/a");
    let id = anna.manage();
    anna.send("<presence/>");
    anna.ping();
    jack.say(AWAY, "now");

    set(server.dir.path(), "+1d");
    logged(&server, &[(true, 24)]);
    jack.say(AWAY, "tomorrow");
    jack.say(ANNA, "held tomorrow");
    anna.ping();
    drop(anna); // It has acknowledged nothing.
    until("the lost connection is seen", || server.ok(&["session", "list"]).contains("detached"));

    set(server.dir.path(), "-1d");
    logged(&server, &[(true, 24), (false, 48)]);
    jack.say(AWAY, "yesterday");
    jack.say(ANNA, "held yesterday");
    let mut anna = resume(&server, ANNA, &id, 2);
    assert!(anna.next().is("resumed", ns::SM), "neither step has ended its wait");
    let stanzas = std::iter::repeat_with(|| anna.stanza());
    let came: Vec<_> = stanzas.filter(|stanza| stanza.is("message", ns::CLIENT)).take(2).collect();
    let ids: Vec<_> = came.iter().map(|message| message.get("id").unwrap()).collect();
    assert_eq!(ids, ["held tomorrow", "held yesterday"]);
    drop(anna);
    // A wait ends though the clock was set back: in seconds, not in two days.
    until("it is not waited for any more", || !server.ok(&["session", "list"]).contains("anna@"));

    set(server.dir.path(), "+0");
    logged(&server, &[(true, 24), (false, 48), (true, 24)]);
    jack.say(JACK, "to himself");
    ends_well(&server);
}

/// What was stored meanwhile is in the order of its arrival.
fn ends_well(server: &Server) {
    let mut away = bound(server, "away@chess.example/a");
    let stamps = stamps(&mut away);
    let ids: Vec<_> = stamps.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["now", "tomorrow", "yesterday"]);
    assert!(stamps[2].1 < stamps[0].1 && stamps[0].1 < stamps[1].1, "{stamps:?}");
    let ids: Vec<_> = self::stamps(&mut bound(server, "anna@chess.example/b"));
    assert_eq!(
        ids.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
        ["held tomorrow", "held yesterday"]
    );
    assert_eq!(server.stats()["panics"], 0);
    assert_eq!(told(server).len(), 3, "each step is logged once");
}

/// Whoever has failed too often waits for seconds, not for a day, and not for nothing.
#[test]
fn a_limit_of_log_ins_neither_ends_with_a_step_of_the_clock_nor_lasts_longer() {
    let server = FakeTime::find().start();
    (0..3).for_each(|_| assert_eq!(wrong(&server), "not-authorized"));
    assert_eq!(wrong(&server), "temporary-auth-failure", "the limit is reached");
    set(server.dir.path(), "+1d");
    logged(&server, &[(true, 24)]);
    assert_eq!(wrong(&server), "temporary-auth-failure", "a day by the wall clock only");
    set(server.dir.path(), "-1d");
    logged(&server, &[(true, 24), (false, 48)]);
    until("a failed log-in is forgiven", || {
        server.ok(&["status"]);
        let mut away = Raw::open(server.address("c2s_plain"), "chess.example");
        away.authenticate("away", "secret").is_ok()
    });
}
