//! Players on all transports become contacts, see each other come and go, and talk.

use serde_json::{Value, json};

use super::driver::Driver;
use super::stage::{Over, Stage, log_in};

const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";
const OTHER: &str = "jack@wuchess.example";
const AWAY: &str = "away@chess.example";

/// What is written must arrive as it is.
const TEXT: &str = "<&>\"' ]]&gt; \u{e9}\u{4f60}\u{1f984}\n\ttwo lines";

/// Who is there, with the bare JID and the resource.
const PLAYERS: [(&str, &str, &str, Over); 4] = [
    ("jack", JACK, "desk", Over::StartTls),
    ("anna", ANNA, "page", Over::StropheWss),
    ("other", OTHER, "page", Over::StropheHttps),
    ("away", AWAY, "page", Over::XmppWss),
];
/// Who has whom as a contact: two brands, and each transport with another.
const CONTACTS: [(usize, usize); 3] = [(0, 1), (1, 3), (3, 2)];

fn presence(stage: &mut Stage, name: &str, more: &Value) {
    let mut order = json!({ "do": "presence", "as": name });
    more.as_object().unwrap().iter().for_each(|(name, value)| order[name] = value.clone());
    stage.clients.obey(&order);
}

/// Waits for a presence; `from` is the beginning of a JID.
fn sees(clients: &mut Driver, at: &str, from: &str, kind: &str) -> Value {
    clients.event(&format!("{kind} of {from} for {at}"), |e| {
        let sender = e["from"].as_str().unwrap_or_default();
        e["event"] == "presence" && e["at"] == at && e["type"] == kind && sender.starts_with(from)
    })
}

/// What was seen of somebody by the player `at`.
fn seen<'a>(clients: &'a Driver, at: &str, from: &str) -> Vec<&'a Value> {
    let theirs = clients.events.iter().filter(|e| e["event"] == "presence" && e["at"] == at);
    theirs.filter(|e| e["from"].as_str().is_some_and(|sender| sender.starts_with(from))).collect()
}

/// One asks the other and the other way round (RFC 6121 section 3.1).
fn befriend(stage: &mut Stage, one: usize, two: usize) {
    for (asks, answers) in [(one, two), (two, one)] {
        let ((asking, from, ..), (asked, to, resource, _)) = (PLAYERS[asks], PLAYERS[answers]);
        presence(stage, asking, &json!({ "type": "subscribe", "to": to }));
        sees(&mut stage.clients, asked, from, "subscribe");
        presence(stage, asked, &json!({ "type": "subscribed", "to": from }));
        sees(&mut stage.clients, asking, to, "subscribed");
        sees(&mut stage.clients, asking, &format!("{to}/{resource}"), "available");
    }
}

#[test]
fn contacts_on_all_transports() {
    let mut stage = Stage::start();
    for (name, account, resource, over) in PLAYERS {
        stage.log_in(name, &format!("{account}/{resource}"), over, name == "anna");
    }
    for (one, two) in CONTACTS {
        befriend(&mut stage, one, two);
    }
    they_talk(&mut stage);
    show(&mut stage);
    away_and_back(&mut stage);
    brands(&mut stage);
}

/// Both ways, everything once and in order.
fn they_talk(stage: &mut Stage) {
    let full = |index: usize| format!("{}/{}", PLAYERS[index].1, PLAYERS[index].2);
    let ways: Vec<(usize, usize)> =
        CONTACTS.iter().flat_map(|(one, two)| [(*one, *two), (*two, *one)]).collect();
    let bodies: Vec<String> = (0..30).map(|number| format!("{number} {TEXT}")).collect();
    for (number, body) in bodies.iter().enumerate() {
        for (from, to) in &ways {
            // to bare and full JIDs in turn
            let to = if number.is_multiple_of(2) { PLAYERS[*to].1.to_owned() } else { full(*to) };
            let order = json!({ "do": "say", "as": PLAYERS[*from].0, "to": to, "body": body });
            stage.clients.order(&order);
        }
    }
    stage.clients.done();
    for (from, to) in ways {
        let (at, from) = (PLAYERS[to].0, full(from));
        let last =
            |e: &Value| e["at"] == at && e["from"] == from.as_str() && e["body"] == bodies[29].as_str();
        stage.clients.event(&format!("the last word of {from}"), last);
        assert_eq!(stage.clients.heard(at, &from), bodies, "what {at} heard from {from}");
    }
}

/// A change of presence is seen by contacts, as it was meant, and by nobody else.
fn show(stage: &mut Stage) {
    presence(stage, "anna", &json!({ "show": "away", "status": TEXT }));
    for at in ["jack", "away"] {
        let away = |e: &Value| e["at"] == at && e["event"] == "presence" && e["show"] == "away";
        let event = stage.clients.event("anna is away", away);
        assert_eq!((&event["from"], &event["status"]), (&json!("anna@chess.example/page"), &json!(TEXT)));
    }
    stage.tell("anna", "barrier");
    stage.tell("other", "barrier");
    assert!(seen(&stage.clients, "other", ANNA).is_empty(), "jack of the other brand is no contact of anna");
}

/// Her network is gone and comes back, and nobody notices; then she goes, is written to, and comes back over BOSH.
fn away_and_back(stage: &mut Stage) {
    stage.tell("anna", "break");
    stage.say("jack", ANNA, "into the tunnel");
    stage.tell("anna", "resume");
    stage.clients.event("what was said meanwhile", |e| e["at"] == "anna" && e["body"] == "into the tunnel");
    assert!(seen(&stage.clients, "jack", ANNA).iter().all(|e| e["type"] != "unavailable"));

    stage.tell("anna", "go");
    for at in ["jack", "away"] {
        sees(&mut stage.clients, at, ANNA, "unavailable");
    }
    for number in 0..10 {
        stage.say("jack", ANNA, &format!("while you were away {number}"));
    }
    stage.log_in("anna again", &format!("{ANNA}/page"), Over::StropheHttps, true);
    let last = |e: &Value| e["at"] == "anna again" && e["body"] == "while you were away 9";
    assert_eq!(stage.clients.event("what was kept", last)["delayed"], true);
    let kept: Vec<String> = (0..10).map(|number| format!("while you were away {number}")).collect();
    assert_eq!(stage.clients.heard("anna again", "jack@chess.example/desk"), kept);

    stage.tell("anna again", "break");
    stage.say("away", ANNA, "and again");
    stage.tell("anna again", "resume");
    stage.clients.event("what was said meanwhile", |e| e["at"] == "anna again" && e["body"] == "and again");
    assert_eq!(stage.clients.heard("anna again", "away@chess.example/page"), ["and again"]);
    assert_eq!(seen(&stage.clients, "jack", ANNA).iter().filter(|e| e["type"] == "unavailable").count(), 1);
}

/// The same name on two brands is two people, over every transport.
fn brands(stage: &mut Stage) {
    stage.say("away", OTHER, "for the other jack");
    stage.clients.event("the message", |e| e["at"] == "other" && e["body"] == "for the other jack");
    stage.tell("jack", "barrier");
    let heard = stage.clients.heard("jack", "away@chess.example/page");
    assert!(heard.is_empty(), "{JACK} heard {heard:?}");
    let foreign = seen(&stage.clients, "other", JACK);
    assert!(foreign.is_empty(), "{OTHER} saw {foreign:?}");
    for over in [Over::StropheWss, Over::StropheHttps, Over::XmppWss] {
        let mut order = log_in(&stage.server, "wrong", &format!("{OTHER}/wrong"), over, false);
        order["password"] = json!("jack-chess");
        let why = stage.clients.fails(&order);
        assert!(why.contains("AUTHFAIL") || why.contains("not-authorized"), "{over:?}: {why}");
    }
}

/// Who does not know the server's certificate does not talk to it.
#[test]
fn certificates_are_verified() {
    let server = super::stage::start();
    let mut clients = Driver::start(&super::stage::certificate(&server, "wuchess.example"));
    let jack = |over| log_in(&server, "jack", "jack@chess.example/desk", over, false);
    for over in [Over::StropheWss, Over::XmppWss] {
        let why = clients.fails(&jack(over));
        assert!(why.contains("CONNFAIL") || why.contains("certificate"), "{over:?}: {why}");
    }
    clients.obey(&log_in(&server, "other", "jack@wuchess.example/desk", Over::StropheWss, false));
}
