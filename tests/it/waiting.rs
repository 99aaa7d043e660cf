//! Sessions that wait to be resumed: what holds for them, and what they keep from nobody.

use serde_json::Value;
use xmpp::ns;

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
