//! The main job with real clients (slixmpp): two brands, STARTTLS and direct TLS, a connection cut and resumed, and
//! plugins that are loaded, replaced and removed while they talk.

mod driver;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::fixture::{BRANDS, Server, castling, folder, plugin};
use crate::versions::version;
use driver::{Driver, script};

/// Each account with a password of its own: that of one brand must not open the other.
const ACCOUNTS: [(&str, &str); 4] = [
    ("jack@chess.example", "jack-chess"),
    ("anna@chess.example", "anna-chess"),
    ("jack@wuchess.example", "jack-wuchess"),
    ("away@chess.example", "away-chess"),
];

fn start() -> Server {
    let dir = folder(BRANDS);
    let rows: String = ACCOUNTS.iter().map(|(jid, password)| format!("{jid},{password}\n")).collect();
    fs::write(dir.path().join("users.csv"), rows).unwrap();
    let added = castling(dir.path(), &["user", "add", "--from", "users.csv"], "");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    Server::start_in(dir)
}

/// The certificate that the server has made for a domain.
fn certificate(server: &Server, domain: &str) -> PathBuf {
    server.dir.path().join(format!("data/certificates/{domain}.crt"))
}

#[test]
fn players_of_two_brands() {
    let server = start();
    let port = |kind| server.address(kind).port().to_string();
    let [jack, anna, other] = [0, 1, 2].map(|index| format!("{}={}", ACCOUNTS[index].0, ACCOUNTS[index].1));
    let mut run = script("run.py");
    run.args(["--starttls", &port("c2s"), "--tls", &port("c2s_tls"), "--patience", "30"]);
    run.args(["--jack", &jack, "--anna", &anna, "--other", &other]);
    for domain in ["chess.example", "wuchess.example"] {
        run.arg("--ca").arg(certificate(&server, domain));
    }
    let output = run.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    let done = said.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(done, 6, "login, friends, talk, away, resume, brands: {said}");
}

/// Those who talk all the time, with where they are.
const TALKERS: [(&str, &str); 3] = [
    ("jack", "jack@chess.example/desk"),
    ("anna", "anna@chess.example/phone"),
    ("other", "jack@wuchess.example/desk"),
];
/// Who talks to whom.
const TALKS: [(usize, usize); 4] = [(0, 1), (1, 0), (1, 2), (2, 1)];
/// Messages each way in one round of talk.
const ROUND: usize = 25;

struct Play {
    server: Server,
    clients: Driver,
    said: usize,
}

impl Play {
    /// Everybody is online.
    fn begin() -> Self {
        let mut play = Self { server: start(), clients: Driver::start(), said: 0 };
        for (name, jid) in TALKERS {
            play.log_in(name, jid, if name == "jack" { "c2s_tls" } else { "c2s" }, false);
        }
        play
    }

    /// Somebody comes online, with the server's certificate verified.
    fn log_in(&mut self, name: &str, jid: &str, listener: &str, resumes: bool) {
        let bare = jid.split('/').next().unwrap();
        let (account, password) = ACCOUNTS.iter().find(|(account, _)| *account == bare).unwrap();
        let ca = certificate(&self.server, account.split('@').nth(1).unwrap());
        let way = if listener == "c2s" { "starttls" } else { "tls" };
        let port = self.server.address(listener).port();
        self.clients.obey(&json!({ "do": "log-in", "as": name, "jid": jid, "password": password, way: port,
            "ca": ca.to_str().unwrap(), "resumes": resumes }));
        self.clients.obey(&json!({ "do": "online", "as": name }));
    }

    /// A plugin command while everybody talks.
    fn plugin(&mut self, args: &[&str]) -> String {
        for number in self.said..self.said + ROUND {
            for (from, to) in TALKS {
                let (who, to) = (TALKERS[from].0, TALKERS[to].1);
                self.clients.order(&json!({ "do": "say", "as": who, "to": to, "body": number.to_string() }));
            }
        }
        self.said += ROUND;
        let printed = self.server.ok(&[&["plugin"], args].concat());
        self.clients.done();
        printed
    }

    /// The same presence again, and what the server made of all of them.
    fn repeats(&mut self, name: &str, times: usize) {
        for _ in 0..times {
            self.clients.order(&json!({ "do": "presence", "as": name, "status": "sunny" }));
        }
        self.clients.done();
    }

    fn barrier(&mut self, name: &str) {
        self.clients.obey(&json!({ "do": "barrier", "as": name }));
    }

    fn say(&mut self, name: &str, to: &str, body: &str) {
        self.clients.obey(&json!({ "do": "say", "as": name, "to": to, "body": body }));
        self.barrier(name);
    }

    /// The server closes a stream with `policy-violation` and this text.
    fn closed(&mut self, name: &str, text: &str) {
        let what = format!("the end of {name}'s stream");
        let error = self.clients.event(&what, |e| e["at"] == name && e["event"] == "stream-error");
        assert_eq!((&error["condition"], &error["text"]), (&json!("policy-violation"), &json!(text)));
        self.clients.event(&what, |e| e["at"] == name && e["event"] == "disconnected");
    }

    /// The talkers' sessions, as the operator sees them.
    fn sessions(&self) -> Vec<String> {
        let list: Value = serde_json::from_str(&self.server.ok(&["session", "list", "--json"])).unwrap();
        let ours = |session: &&Value| TALKERS.iter().any(|(_, jid)| session["jid"] == *jid);
        let mut lines: Vec<_> = list.as_array().unwrap().iter().filter(ours).map(Value::to_string).collect();
        lines.sort();
        lines
    }

    /// Everything said has been heard once and in order, and nobody's stream has ended.
    fn all_heard(&mut self) {
        let last = (self.said - 1).to_string();
        let everything: Vec<String> = (0..self.said).map(|number| number.to_string()).collect();
        for (from, to) in TALKS {
            let (from, at) = (TALKERS[from].1, TALKERS[to].0);
            let is = |e: &Value| e["at"] == at && e["from"] == from && e["body"] == last.as_str();
            self.clients.event(&format!("the last word of {from}"), is);
            assert_eq!(self.clients.heard(at, from), everything, "what {at} heard from {from}");
        }
        for (name, _) in TALKERS {
            let losses = self.clients.losses(name);
            assert!(losses.is_empty(), "{name} was disconnected: {losses:?}");
        }
    }
}

#[test]
fn plugins_come_and_go_while_they_talk() {
    let mut play = Play::begin();
    for (name, resource) in [("flood-1", "one"), ("flood-2", "two"), ("flood-3", "three")] {
        play.log_in(name, &format!("jack@chess.example/{resource}"), "c2s", false);
    }
    play.log_in("mobile", "anna@chess.example/mobile", "c2s_tls", true);
    let before = play.sessions();
    assert_eq!(before.len(), TALKERS.len());

    loaded(&mut play);
    replaced(&mut play);
    removed(&mut play);

    play.all_heard();
    assert_eq!(play.sessions(), before, "the sessions are the same ones");
    offline(&mut play);
}

/// Plugins begin at once to decide about the stanzas of those who are there already, on their brand only.
fn loaded(play: &mut Play) {
    play.say("jack", "away@chess.example", "before");
    play.repeats("flood-1", 9);
    play.barrier("flood-1");

    play.plugin(&["install", plugin("sunshine").to_str().unwrap()]);
    play.plugin(&["enable", "sunshine", "--domain", "chess.example", "--set", "max=3"]);
    play.repeats("flood-1", 3);
    play.barrier("flood-1");
    play.repeats("flood-1", 1);
    play.closed("flood-1", "Too many repeated presences");
    play.repeats("other", 9);
    play.barrier("other");

    play.plugin(&["install", plugin("offline-filter").to_str().unwrap()]);
    play.plugin(&["enable", "offline-filter", "--set", "drop=[{ from = \"jack@chess.example\" }]"]);
    play.say("jack", "away@chess.example", "dropped");
    play.say("anna", "away@chess.example", "kept");
}

/// Another version decides as soon as `reload` has returned; what was counted stays. One client is away meanwhile.
fn replaced(play: &mut Play) {
    let folder = play.server.dir.path().to_owned();
    let second = version("sunshine", "0.2.0", &json!({ "text": "Version two" }), &folder);
    play.repeats("flood-2", 3);
    play.barrier("flood-2");
    play.clients.obey(&json!({ "do": "break", "as": "mobile" }));
    play.say("jack", "anna@chess.example/mobile", "under the tunnel");

    play.plugin(&["reload", "sunshine", second.to_str().unwrap()]);
    let list: Value = serde_json::from_str(&play.plugin(&["list", "--json"])).unwrap();
    let versions: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert!(versions.contains(&&json!("0.2.0")), "{list}");
    play.repeats("flood-2", 1);
    play.closed("flood-2", "Version two");

    play.clients.obey(&json!({ "do": "resume", "as": "mobile" }));
    let heard = |e: &Value| e["at"] == "mobile" && e["body"] == "under the tunnel";
    play.clients.event("what was said in the tunnel", heard);
    assert_eq!(play.clients.heard("mobile", TALKERS[0].1), ["under the tunnel"]);

    let drops_nothing = version("offline-filter", "0.2.0", &json!({}), &folder);
    play.plugin(&["reload", "offline-filter", drops_nothing.to_str().unwrap()]);
    play.say("jack", "away@chess.example", "dropped by the second version");
}

/// Nothing is decided any more.
fn removed(play: &mut Play) {
    for name in ["sunshine", "offline-filter"] {
        play.plugin(&["disable", name]);
    }
    play.repeats("flood-3", 9);
    play.barrier("flood-3");
    play.say("jack", "away@chess.example", "after");
    for name in ["sunshine", "offline-filter"] {
        play.plugin(&["remove", name]);
    }
    assert_eq!(play.plugin(&["list", "--json"]).trim(), "[]");
    play.repeats("flood-3", 9);
    play.barrier("flood-3");
    let losses = play.clients.losses("flood-3");
    assert!(losses.is_empty(), "{losses:?}");
}

/// What was kept for the one who was away.
fn offline(play: &mut Play) {
    play.log_in("away", "away@chess.example/home", "c2s", false);
    play.clients.event("the last message kept", |e| e["at"] == "away" && e["body"] == "after");
    assert_eq!(play.clients.heard("away", TALKERS[0].1), ["before", "after"]);
    assert_eq!(play.clients.heard("away", TALKERS[1].1), ["kept"]);
}
