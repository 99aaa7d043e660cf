//! Stanzas and their answers in the order in which they were sent.

use crate::fixture::Server;
use crate::kill::stored;
use crate::stream::{ANNA, JACK, bound};
use crate::waiting::lost;

/// Errors come in the order of what they answer, whether it is known at once that a stanza is refused or only when the
/// store has said so.
#[test]
fn errors_keep_the_order_of_what_they_answer() {
    let domain = "[[domain]]\nname = \"chess.example\"\nmodules = { offline = { messages = 1 } }\n";
    let server = Server::start_with(domain, &[ANNA, JACK]);
    let mut jack = bound(&server, "jack@chess.example/desk");
    let chat =
        |to: &str, id: usize| format!("<message to='{to}' type='chat' id='{id}'><body>x</body></message>");
    jack.send(&chat(ANNA, 0));
    assert_eq!(jack.ping(), [], "one is kept");
    for _ in 0..20 {
        let stanza = |id: usize| match id % 4 {
            0 | 2 => chat(ANNA, id), // the store is full
            1 => chat("nobody@chess.example", id),
            _ => format!("<message to='@' type='chat' id='{id}'/>"),
        };
        jack.send(&(0..60).map(stanza).collect::<String>());
        let ids: Vec<usize> = (0..60).map(|_| jack.next().get("id").unwrap().parse().unwrap()).collect();
        assert_eq!(ids, (0..60).collect::<Vec<_>>());
    }
}

/// What comes for a session that waits is stored or refused in order; a stranger's share of the store is not larger for
/// that, and what is stored is not refused when the session ends.
#[test]
fn errors_of_what_finds_no_place_with_a_session_that_waits_keep_their_order() {
    let domain = "[[domain]]\nname = \"chess.example\"\nmodules = { offline = { messages = 8 } }\n";
    let server = Server::start_with(domain, &[ANNA, JACK]);
    let mut jack = bound(&server, "jack@chess.example/desk");
    lost(&server, "anna@chess.example/lost");
    let chat = |id: usize| format!("<message to='{ANNA}' type='chat' id='{id}'><body>x</body></message>");
    jack.send(&(0..30).map(chat).collect::<String>());
    let ids: Vec<usize> = (2..30).map(|_| jack.next().get("id").unwrap().parse().unwrap()).collect();
    assert_eq!(ids, (2..30).collect::<Vec<_>>());
    server.ok(&["session", "kick", "anna@chess.example/lost"]);
    assert_eq!(jack.ping(), []);
    assert_eq!(stored(&mut bound(&server, "anna@chess.example/new")), ["x", "x"]);
}
