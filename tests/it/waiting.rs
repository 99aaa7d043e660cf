//! Sessions that wait to be resumed: what holds for them, and what they keep from nobody.

use serde_json::Value;
use xmpp::{Element, ns};

use crate::fixture::{Server, until};
use crate::raw::Raw;
use crate::shares::{error_of, stat};
use crate::stream::{ANNA, bound, resume, server};

/// A session, available, whose connection is lost and which waits to be resumed: its id.
pub fn lost(server: &Server, jid: &str) -> String {
    let mut lost = bound(server, jid);
    let id = lost.manage();
    lost.send("<presence/>");
    lost.ping();
    drop(lost);
    until("the lost connection is seen", || {
        let list: Value = serde_json::from_str(&server.ok(&["session", "list", "--json"])).unwrap();
        list.as_array().unwrap().iter().any(|one| one["jid"] == jid && one["state"] == "detached")
    });
    id
}

#[test]
fn a_stranger_does_not_end_a_session_that_waits_to_be_resumed() {
    let server = server();
    let id = lost(&server, "anna@chess.example/lost");
    let mut jack = bound(&server, "jack@chess.example/desk");
    let headline = format!(
        "<message to='anna@chess.example/lost' type='headline'><body>{}</body></message>",
        "x".repeat(255_000)
    );
    // Each that finds no room waits for it; what comes to the domain meanwhile is read behind it.
    (0..4).for_each(|_| jack.send(&headline));
    let refused = jack.ping();
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|stanza| error_of(stanza) == Some("resource-constraint")));
    let mut again = resume(&server, ANNA, &id, 2);
    assert!(again.next().is("resumed", ns::SM));
    assert_eq!(stat(&server, "slow_readers"), 0);
}

#[test]
fn a_session_that_waits_to_be_resumed_is_no_slow_reader() {
    let server = server();
    let id = lost(&server, "anna@chess.example/lost");
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.manage();
    let say = |jack: &mut Raw, from: u32, to: u32| {
        for number in from..to {
            jack.send(&format!("<message to='{ANNA}' type='chat' id='{number}'><body>x</body></message>"));
        }
        jack.ping();
    };
    say(&mut jack, 0, 60);
    let mut busy = bound(&server, "anna@chess.example/busy");
    busy.manage();
    busy.send("<presence><priority>5</priority></presence>");
    busy.ping();
    say(&mut jack, 60, 63);
    server.ok(&["session", "kick", "anna@chess.example/busy"]);
    say(&mut jack, 63, 64);
    until("everything has found its place", || {
        jack.send(&format!("<r xmlns='{}'/>", ns::SM));
        // 64 messages and three pings
        loop {
            let answer = jack.next();
            if answer.is("a", ns::SM) {
                return answer.get("h") == Some("67");
            }
        }
    });
    let mut again = resume(&server, ANNA, &id, 2);
    let resumed = again.next();
    assert!(resumed.is("resumed", ns::SM), "{}", resumed.to_xml(""));
    let ids: Vec<u32> = std::iter::repeat_with(|| again.stanza())
        .filter(|stanza| stanza.is("message", ns::CLIENT))
        .take(64)
        .map(|message| message.get("id").unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids, (0..64).collect::<Vec<_>>());
}

/// A session that waits to be resumed is not there: neither its resource nor its place is taken.
#[test]
fn a_session_that_waits_locks_nobody_out() {
    let limits = "[limits]\nsessions_per_account = 1\nwaiting_sessions_per_account = 2\n";
    let domain = "[[domain]]\nname = \"chess.example\"\nresource_conflict = \"refuse\"\n";
    let server = Server::start_with(&format!("{limits}{domain}"), &[ANNA]);
    let waiting = |count: usize| {
        let list = server.ok(&["session", "list"]);
        list.lines().filter(|line| line.contains("detached")).count() == count
    };
    let lose = |resource: &str, count: usize| {
        let id = lost(&server, &format!("{ANNA}/{resource}"));
        until("there are so many that wait", || waiting(count));
        id
    };
    let replaced = lose("a", 1);
    let oldest = lose("a", 1);
    let second = lose("b", 2);
    let third = lose("c", 2);
    let mut anna = bound(&server, "anna@chess.example/d");
    let mut other = Raw::log_in(server.address("c2s_plain"), ANNA);
    assert_eq!(other.bind("d"), Err("conflict".into()), "this one is there");
    assert_eq!(other.bind("e"), Err("resource-constraint".into()));
    assert!(anna.ping().is_empty());
    for (id, there) in [(replaced, false), (oldest, false), (second, true), (third, true)] {
        let answer = resume(&server, ANNA, &id, 0).next();
        assert_eq!(answer.is("resumed", ns::SM), there, "{}", answer.to_xml(""));
    }
}

/// The ids of messages, and whether they say when they came.
fn messages(stanzas: &[Element]) -> Vec<(&str, bool)> {
    let messages = stanzas.iter().filter(|stanza| stanza.is("message", ns::CLIENT));
    messages.map(|message| (message.get("id").unwrap(), message.find("delay", ns::DELAY).is_some())).collect()
}

/// Messages to the account that a waiting session holds go to the next session that takes messages, before later ones; the
/// waiting one keeps its copies, and gives them to nobody.
#[test]
fn what_a_waiting_session_holds_reaches_the_next_one_at_once() {
    let server = server();
    let id = lost(&server, "anna@chess.example/lost");
    let other = lost(&server, "anna@chess.example/other");
    let mut jack = bound(&server, "jack@chess.example/desk");
    let say = |jack: &mut Raw, to: &str, ids: &[&str]| {
        for id in ids {
            jack.send(&format!("<message to='{to}' type='chat' id='{id}'><body>x</body></message>"));
        }
        assert_eq!(jack.ping(), [], "nothing comes back");
    };
    say(&mut jack, ANNA, &["one", "two"]);
    say(&mut jack, "anna@chess.example/lost", &["own"]);
    let mut anna = bound(&server, "anna@chess.example/new");
    anna.manage();
    anna.send("<presence><priority>-1</priority></presence>");
    assert_eq!(messages(&anna.ping()), [], "it takes no messages");
    anna.send("<presence><priority>0</priority></presence>");
    let mut got = Vec::new();
    while messages(&got).len() < 2 {
        got.push(anna.stanza());
    }
    say(&mut jack, ANNA, &["three"]);
    got.push(anna.stanza());
    assert_eq!(messages(&got), [("one", true), ("two", true), ("three", false)]);
    assert_eq!(messages(&anna.ping()), []);

    let held = |id: &str, h: u32| {
        let mut again = resume(&server, ANNA, id, h);
        assert!(again.next().is("resumed", ns::SM));
        let got: Vec<Element> = again.ping();
        again.send("</stream:stream>"); // it ends, and has acknowledged nothing
        again.ended();
        got
    };
    assert_eq!(messages(&held(&id, 2)), [("one", false), ("two", false), ("own", false)]);
    assert_eq!(messages(&held(&other, 3)), [("one", false), ("two", false)]);
    let got: Vec<Element> = std::iter::repeat_with(|| anna.stanza()).take(3).collect();
    assert_eq!(messages(&got), [("own", true)], "beside two presences; what it has already comes no more");
    drop(anna);
    server.ok(&["session", "kick", "anna@chess.example/new"]);
    let mut late = bound(&server, "anna@chess.example/late");
    late.send("<presence/>");
    let mut got = Vec::new();
    while messages(&got).len() < 4 {
        got.push(late.stanza());
    }
    let ids = [("one", true), ("two", true), ("own", true), ("three", true)];
    assert_eq!(messages(&got), ids, "nobody has acknowledged anything");
    assert_eq!(messages(&late.ping()), []);
}

/// Whoever is there comes before whoever waits, whatever their priorities.
#[test]
fn a_waiting_session_takes_nothing_from_one_that_is_there() {
    let server = server();
    let id = lost(&server, "anna@chess.example/lost");
    let mut anna = bound(&server, "anna@chess.example/new");
    anna.send("<presence><priority>0</priority></presence>");
    anna.ping();
    let mut again = resume(&server, ANNA, &id, 2);
    assert!(again.next().is("resumed", ns::SM));
    again.send("<presence><priority>9</priority></presence>");
    again.ping();
    let mut jack = bound(&server, "jack@chess.example/desk");
    let mut say = |id: &str| {
        jack.send(&format!("<message to='{ANNA}' type='chat' id='{id}'><body>x</body></message>"));
        assert_eq!(jack.ping(), []);
    };
    say("to the higher priority");
    assert_eq!(messages(&again.ping()), [("to the higher priority", false)]);
    drop(again);
    until("the connection is seen to be lost", || server.ok(&["session", "list"]).contains("detached"));
    say("to who is there");
    assert_eq!(messages(&anna.ping()), [("to who is there", false)]);
}

/// XEP-0198 section 3: the client names the longest time for which it wants to be able to resume; the smaller wins.
#[test]
fn the_smaller_of_both_times_to_resume_holds() {
    let server =
        Server::start_with("[limits]\nresume_seconds = 60\n[[domain]]\nname = \"chess.example\"\n", &[ANNA]);
    let enabled = |max: &str| {
        let mut anna = bound(&server, "anna@chess.example/a");
        anna.send(&format!("<enable xmlns='{}' resume='true'{max}/>", ns::SM));
        let enabled = anna.next();
        (anna, enabled)
    };
    for (max, expected) in [("", "60"), (" max='3600'", "60"), (" max='5'", "5"), (" max='many'", "60")] {
        assert_eq!(enabled(max).1.get("max"), Some(expected), "{max}");
    }
    assert_eq!(enabled(" max='0'").1.get("resume"), None);
    let (anna, once) = enabled(" max='1'");
    assert_eq!(once.get("max"), Some("1"));
    drop(anna);
    until("it waits", || server.ok(&["session", "list"]).contains("detached"));
    until("it waits no longer", || !server.ok(&["session", "list"]).contains("detached"));
}

/// Something on the way takes what is sent, but the client is gone: it does not answer.
#[test]
fn a_client_that_does_not_acknowledge_and_is_silent_has_vanished() {
    let limits = "[limits]\npeer_seconds = 2\n";
    let server =
        Server::start_with(&format!("{limits}{}", crate::fixture::BRANDS), &[ANNA, "jack@chess.example"]);
    let mut anna = bound(&server, "anna@chess.example/gone");
    anna.manage();
    anna.send("<presence/>");
    anna.ping();
    let mut other = bound(&server, "anna@chess.example/there");
    other.send("<presence><priority>-1</priority></presence>");
    other.ping();
    let mut jack = bound(&server, "jack@chess.example/a");
    jack.send(&format!("<message to='{ANNA}' type='chat' id='1'><body>x</body></message>"));
    jack.ping();
    until("it has vanished", || {
        let list = server.ok(&["session", "list"]);
        list.lines().any(|line| line.contains("/gone") && line.contains("detached"))
    });
    // Sessions that owe no answer stay.
    assert!(other.ping().iter().all(|stanza| stanza.is("presence", ns::CLIENT)));
    assert_eq!(jack.ping(), []);
    assert_eq!(server.ok(&["session", "list"]).lines().filter(|line| line.contains("attached")).count(), 2);
}
