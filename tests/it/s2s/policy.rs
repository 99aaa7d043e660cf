//! With whom stanzas are exchanged.

use super::basics::error;
use super::fixture::{anna, bob, free, pair};

#[test]
fn allow_and_deny_hold_in_both_directions_and_at_reload() {
    let pair = pair(|here, _| here.policy = ", deny = [\"*.example\"]".into());
    let (mut anna, mut bob) = (anna(&pair), bob(&pair));
    anna.send("<message to='bob@there.example' id='1'><body>hi</body></message>");
    assert_eq!(error(&anna.next()), "not-allowed");
    bob.send("<message to='anna@here.example' id='1'><body>hi</body></message>");
    assert_eq!(error(&bob.next()), "remote-server-timeout");
    let file = pair.here.dir.path().join("castling.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("deny = [\"*.example\"]", "allow = [\"there.example\"]")).unwrap();
    pair.here.ok(&["reload"]);
    anna.send("<message to='bob@there.example' id='2'><body>hi</body></message>");
    assert_eq!(bob.next().get("id"), Some("2"));
    std::fs::write(&file, text.replace("deny = [\"*.example\"]", "allow = [\"other.example\"]")).unwrap();
    pair.here.ok(&["reload"]);
    anna.send("<message to='bob@there.example' id='3'><body>hi</body></message>");
    assert_eq!(error(&anna.next()), "not-allowed");
    assert_eq!(pair.here.ok(&["s2s", "list", "--json"]).trim(), "[]", "the streams have ended");
}

#[test]
fn a_domain_that_cannot_be_reached_is_said_to_be_so() {
    let nowhere = free();
    let pair = pair(|here, _| {
        here.policy = ", resolver = [\"127.0.0.1:9\"]".into();
        here.of_domain = format!("limits = {{ s2s_queue_stanzas = 100 }}\n# {nowhere}\n");
    });
    let mut anna = anna(&pair);
    anna.send("<message to='x@nowhere.example' id='1'><body>hi</body></message>");
    let bounced = anna.next();
    assert_eq!(error(&bounced), "remote-server-timeout");
    anna.send("<presence to='x@nowhere.example'/>");
    assert!(anna.ping().is_empty(), "presence is not answered");
    let said = pair.here.refused(&["s2s", "check", "nowhere.example"]);
    assert!(said.contains("nowhere.example cannot be reached from here.example"), "{said}");
}

#[test]
fn without_a_listener_nothing_is_exchanged() {
    let server = crate::fixture::Server::start_with(crate::fixture::BRANDS, &["anna@chess.example"]);
    let mut anna = crate::stream::bound(&server, "anna@chess.example/a");
    anna.send("<message to='x@nowhere.example' id='1'><body>hi</body></message>");
    assert_eq!(error(&anna.next()), "remote-server-not-found");
    let said = server.refused(&["s2s", "check", "nowhere.example"]);
    assert!(said.contains("add s2s = "), "{said}");
}
