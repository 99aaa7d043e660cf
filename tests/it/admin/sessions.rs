//! `castling session`, `status` and `stats`.

use serde_json::Value;

use super::{JACK, OTHER, bound, json};
use crate::fixture::{BRANDS, Server, until};
use crate::raw::Raw;

fn sessions(server: &Server) -> Vec<Value> {
    json(&server.ok(&["session", "list", "--json"])).as_array().unwrap().clone()
}

fn session(server: &Server, jid: &str) -> Value {
    sessions(server).into_iter().find(|one| one["jid"] == jid).unwrap_or_else(|| panic!("no session {jid}"))
}

#[test]
fn each_session_is_shown() {
    let server = Server::start_with(BRANDS, &[JACK, OTHER]);
    assert!(sessions(&server).is_empty());
    let mut plain = bound(&server, "jack@wuchess.example/plain");
    plain.manage();
    let mut direct = Raw::connect(server.address("c2s_tls"), "chess.example")
        .handshake("chess.example", &["xmpp-client"], None)
        .unwrap();
    direct.restart();
    direct.authenticate("jack", "secret").unwrap();
    direct.bind("tls").unwrap();

    let shown = session(&server, "jack@wuchess.example/plain");
    let mut keys: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["address", "jid", "since", "state", "tls", "transport"]);
    assert_eq!((&shown["transport"], &shown["state"]), (&json("\"tcp\""), &json("\"attached\"")));
    assert_eq!(shown["tls"], Value::Null);
    assert!(shown["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{shown}");
    let since = shown["since"].as_str().unwrap();
    assert!(since.starts_with("20") && since.ends_with('Z') && since.as_bytes()[10] == b'T', "{since}");
    assert_ne!(session(&server, "jack@chess.example/tls")["tls"], Value::Null);

    drop(plain);
    until("the lost connection is seen", || {
        session(&server, "jack@wuchess.example/plain")["state"] == "detached"
    });
    let table = server.ok(&["session", "list"]);
    assert!(table.contains("jack@chess.example/tls") && table.contains("detached"), "{table}");
}

#[test]
fn kick_closes_what_is_named() {
    let server = Server::start_with(BRANDS, &[JACK, OTHER]);
    let mut jacks = ["a", "b", "c"].map(|resource| bound(&server, &format!("jack@chess.example/{resource}")));
    let mut other = bound(&server, "jack@wuchess.example/a");
    assert_eq!(server.ok(&["session", "kick", "jack@chess.example/a"]), "1 closed\n");
    assert_eq!(jacks[0].stream_error(), "policy-violation");
    jacks[1].ping();
    assert_eq!(server.ok(&["session", "kick", JACK]), "2 closed\n");
    assert_eq!(jacks[1].stream_error(), "policy-violation");
    assert_eq!(jacks[2].stream_error(), "policy-violation");
    assert!(other.ping().is_empty());
    assert!(server.refused(&["session", "kick", JACK]).contains("has no session"));
    assert!(server.refused(&["session", "kick", "@"]).contains("is not a valid JID"));

    // a session that waits to be resumed is closed, too
    let id = {
        let mut lost = bound(&server, "jack@chess.example/lost");
        lost.manage()
    };
    until("the lost connection is seen", || {
        session(&server, "jack@chess.example/lost")["state"] == "detached"
    });
    assert_eq!(server.ok(&["session", "kick", "jack@chess.example/lost"]), "1 closed\n");
    let mut again = Raw::log_in(server.address("c2s_plain"), JACK);
    again.send(&format!("<resume xmlns='{}' previd='{id}' h='0'/>", xmpp::ns::SM));
    assert!(again.next().is("failed", xmpp::ns::SM));
}

#[test]
fn status_and_stats() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut jack = bound(&server, "jack@chess.example/a");
    jack.ping();
    let status = json(&server.ok(&["status", "--json"]));
    assert_eq!(status["process"], server.pid());
    assert_eq!(
        (&status["domains"], &status["sessions"], &status["plugins"]),
        (&json("2"), &json("1"), &json("0"))
    );
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    let kinds: Vec<_> = status["listen"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["c2s", "c2s_tls", "c2s_plain", "http", "https"]);
    let text = server.ok(&["status"]);
    assert!(text.contains(&format!("process {}", server.pid())), "{text}");

    let stanzas = |server: &Server| server.stats()["stanzas"].as_u64().unwrap();
    let before = stanzas(&server);
    (0..3).for_each(|_| drop(jack.ping()));
    assert_eq!(stanzas(&server), before + 3);
    let stats = server.stats();
    assert_eq!((&stats["sessions"], &stats["panics"]), (&json("1"), &json("0")));
    let named = stats["statements"].as_array().unwrap().iter().filter(|one| one["name"].is_string());
    assert!(named.count() > 5, "{stats}");
    let text = server.ok(&["stats"]);
    assert!(text.lines().any(|line| line == "sessions 1"), "{text}");
    assert!(text.lines().any(|line| line == "storage.refused 0"), "{text}");
    let table = text.lines().position(|line| line.starts_with("STATEMENT  ")).unwrap();
    assert!(text.lines().skip(table).any(|line| line.starts_with("account_key.lookup  ")), "{text}");
    assert!(!text.contains("statements.0"), "{text}");
}
