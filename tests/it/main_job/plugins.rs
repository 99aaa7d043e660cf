//! Plugins are loaded, replaced and removed while clients of all transports talk.

use serde_json::{Value, json};

use super::stage::{Over, Stage};
use crate::fixture::plugin;
use crate::versions::version;

/// Those who talk all the time, with where they are and what they speak over.
const TALKERS: [(&str, &str, Over); 5] = [
    ("jack", "jack@chess.example/desk", Over::Tls),
    ("anna", "anna@chess.example/phone", Over::StropheWss),
    ("other", "jack@wuchess.example/desk", Over::StartTls),
    ("tab", "anna@chess.example/tab", Over::StropheHttps),
    ("web", "jack@wuchess.example/web", Over::XmppWss),
];
/// Who talks to whom.
const TALKS: [(usize, usize); 8] = [(0, 1), (1, 0), (1, 2), (2, 1), (3, 4), (4, 3), (0, 3), (3, 0)];
/// Messages each way in one round of talk.
const ROUND: usize = 25;
/// Those whose network is gone for a while.
const MOBILES: [(&str, &str, Over); 4] = [
    ("mobile", "anna@chess.example/mobile", Over::Tls),
    ("mobile-websocket", "anna@chess.example/mobile-websocket", Over::StropheWss),
    ("mobile-bosh", "anna@chess.example/mobile-bosh", Over::StropheHttps),
    ("mobile-xmpp", "anna@chess.example/mobile-xmpp", Over::XmppWs),
];

struct Play {
    stage: Stage,
    said: usize,
}

impl Play {
    /// Everybody is online.
    fn begin() -> Self {
        let mut stage = Stage::start();
        for (name, jid, over) in TALKERS {
            stage.log_in(name, jid, over, false);
        }
        Self { stage, said: 0 }
    }

    /// A plugin command while everybody talks.
    fn plugin(&mut self, args: &[&str]) -> String {
        let clients = &mut self.stage.clients;
        for number in self.said..self.said + ROUND {
            for (from, to) in TALKS {
                let (who, to) = (TALKERS[from].0, TALKERS[to].1);
                clients.order(&json!({ "do": "say", "as": who, "to": to, "body": number.to_string() }));
            }
        }
        self.said += ROUND;
        let printed = self.stage.server.ok(&[&["plugin"], args].concat());
        self.stage.clients.done();
        printed
    }

    /// The same presence again, and what the server made of all of them.
    fn repeats(&mut self, name: &str, times: usize) {
        for _ in 0..times {
            self.stage.clients.order(&json!({ "do": "presence", "as": name, "status": "sunny" }));
        }
        self.stage.clients.done();
    }

    /// The same, and the server has nothing against it.
    fn may_repeat(&mut self, name: &str, times: usize) {
        self.repeats(name, times);
        self.stage.tell(name, "barrier");
    }

    /// The server closes a stream with `policy-violation` and this text.
    fn closed(&mut self, name: &str, text: &str) {
        let what = format!("the end of {name}'s stream");
        let error = self.stage.clients.event(&what, |e| e["at"] == name && e["event"] == "stream-error");
        assert_eq!((&error["condition"], &error["text"]), (&json!("policy-violation"), &json!(text)));
        self.stage.clients.event(&what, |e| e["at"] == name && e["event"] == "disconnected");
    }

    /// The talkers' sessions, as the operator sees them.
    fn sessions(&self) -> Vec<String> {
        let list: Value =
            serde_json::from_str(&self.stage.server.ok(&["session", "list", "--json"])).unwrap();
        let ours = |session: &&Value| TALKERS.iter().any(|(_, jid, _)| session["jid"] == *jid);
        let mut lines: Vec<_> = list.as_array().unwrap().iter().filter(ours).map(Value::to_string).collect();
        lines.sort();
        lines
    }

    /// Everything said has been heard once and in order, and nobody's stream has ended.
    fn all_heard(&mut self) {
        let clients = &mut self.stage.clients;
        let last = (self.said - 1).to_string();
        let everything: Vec<String> = (0..self.said).map(|number| number.to_string()).collect();
        for (from, to) in TALKS {
            let (from, at) = (TALKERS[from].1, TALKERS[to].0);
            let is = |e: &Value| e["at"] == at && e["from"] == from && e["body"] == last.as_str();
            clients.event(&format!("the last word of {from}"), is);
            assert_eq!(clients.heard(at, from), everything, "what {at} heard from {from}");
        }
        for (name, ..) in TALKERS {
            let losses = clients.losses(name);
            assert!(losses.is_empty(), "{name} was disconnected: {losses:?}");
        }
    }
}

#[test]
fn plugins_come_and_go_while_they_talk() {
    let mut play = Play::begin();
    let floods = [
        ("flood-1", "one", Over::StropheHttps),
        ("flood-2", "two", Over::XmppWss),
        ("flood-3", "three", Over::StartTls),
        ("flood-4", "four", Over::StropheWs),
    ];
    for (name, resource, over) in floods {
        play.stage.log_in(name, &format!("jack@chess.example/{resource}"), over, false);
    }
    for (name, jid, over) in MOBILES {
        play.stage.log_in(name, jid, over, true);
    }
    let before = play.sessions();
    assert_eq!(before.len(), TALKERS.len());

    loaded(&mut play);
    replaced(&mut play);
    removed(&mut play);

    play.all_heard();
    assert_eq!(play.sessions(), before, "the sessions are the same ones");
    offline(&mut play.stage);
}

/// Plugins begin at once to decide about the stanzas of those who are there already, on their brand only.
fn loaded(play: &mut Play) {
    play.stage.say("jack", "away@chess.example", "before");
    play.may_repeat("flood-1", 9);

    play.plugin(&["install", plugin("sunshine").to_str().unwrap()]);
    play.plugin(&["enable", "sunshine", "--domain", "chess.example", "--set", "max=3"]);
    play.may_repeat("flood-1", 3);
    play.repeats("flood-1", 1);
    play.closed("flood-1", "Too many repeated presences");
    play.may_repeat("other", 9);

    play.plugin(&["install", plugin("offline-filter").to_str().unwrap()]);
    play.plugin(&["enable", "offline-filter", "--set", "drop=[{ from = \"jack@chess.example\" }]"]);
    play.stage.say("jack", "away@chess.example", "dropped");
    play.stage.say("tab", "away@chess.example", "kept");
}

/// Another version decides as soon as `reload` has returned; what was counted stays. Some are away meanwhile.
fn replaced(play: &mut Play) {
    let folder = play.stage.server.dir.path().to_owned();
    let second = version("sunshine", "0.2.0", &json!({ "text": "Version two" }), &folder);
    play.may_repeat("flood-2", 3);
    play.may_repeat("flood-4", 3);
    for (name, jid, _) in MOBILES {
        play.stage.tell(name, "freeze");
        let dead = json!({ "do": "say", "as": name, "to": TALKERS[0].1, "body": "into the dead socket" });
        play.stage.clients.obey(&dead);
        play.stage.tell(name, "break");
        play.stage.say("jack", jid, "under the tunnel");
    }

    play.plugin(&["reload", "sunshine", second.to_str().unwrap()]);
    let list: Value = serde_json::from_str(&play.plugin(&["list", "--json"])).unwrap();
    let versions: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert!(versions.contains(&&json!("0.2.0")), "{list}");
    for name in ["flood-2", "flood-4"] {
        play.repeats(name, 1);
        play.closed(name, "Version two");
    }

    back(&mut play.stage);
    let drops_nothing = version("offline-filter", "0.2.0", &json!({}), &folder);
    play.plugin(&["reload", "offline-filter", drops_nothing.to_str().unwrap()]);
    play.stage.say("jack", "away@chess.example", "dropped by the second version");
}

/// Those who were away take their sessions up, and nothing is lost or doubled; two of them are pages that are loaded
/// anew.
fn back(stage: &mut Stage) {
    for (name, jid, _) in MOBILES {
        stage.tell(name, "resume");
        let heard = |e: &Value| e["at"] == name && e["body"] == "under the tunnel";
        stage.clients.event("what was said in the tunnel", heard);
        let heard = |e: &Value| e["at"] == "jack" && e["from"] == jid && e["body"] == "into the dead socket";
        stage.clients.event(&format!("what {name} said at last"), heard);
        if matches!(name, "mobile-websocket" | "mobile-bosh") {
            stage.tell(name, "reload");
        }
        stage.say("jack", jid, "after the tunnel");
        let heard = |e: &Value| e["at"] == name && e["body"] == "after the tunnel";
        stage.clients.event("what was said after the tunnel", heard);
        assert_eq!(
            stage.clients.heard(name, TALKERS[0].1),
            ["under the tunnel", "after the tunnel"],
            "{name}"
        );
        stage.tell(name, "barrier");
        stage.tell("jack", "barrier");
        assert_eq!(stage.clients.heard("jack", jid), ["into the dead socket"], "{name}");
    }
}

/// Nothing is decided any more.
fn removed(play: &mut Play) {
    for name in ["sunshine", "offline-filter"] {
        play.plugin(&["disable", name]);
    }
    play.may_repeat("flood-3", 9);
    play.stage.say("jack", "away@chess.example", "after");
    for name in ["sunshine", "offline-filter"] {
        play.plugin(&["remove", name]);
    }
    assert_eq!(play.plugin(&["list", "--json"]).trim(), "[]");
    play.may_repeat("flood-3", 9);
    let losses = play.stage.clients.losses("flood-3");
    assert!(losses.is_empty(), "{losses:?}");
}

/// What was kept for the one who was away, once.
fn offline(stage: &mut Stage) {
    stage.log_in("away", "away@chess.example/home", Over::StropheHttp, false);
    stage.clients.event("the last message kept", |e| e["at"] == "away" && e["body"] == "after");
    assert_eq!(stage.clients.heard("away", TALKERS[0].1), ["before", "after"]);
    assert_eq!(stage.clients.heard("away", TALKERS[3].1), ["kept"]);
    stage.tell("away", "go");
    stage.log_in("again", "away@chess.example/home", Over::XmppWs, false);
    stage.say("jack", "away@chess.example", "still there?");
    stage.clients.event("a new message", |e| e["at"] == "again" && e["body"] == "still there?");
    assert_eq!(stage.clients.heard("again", TALKERS[0].1), ["still there?"]);
    assert!(stage.clients.heard("again", TALKERS[3].1).is_empty());
}
