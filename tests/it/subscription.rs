//! Subscription requests (RFC 6121 section 3.1.3) to somebody who comes online at the same moment.

use crate::fixture::Server;
use crate::stream::bound;

/// Who has just sent its presence gets a request that was under way: it is delivered, or read with those that have waited.
#[test]
fn a_request_reaches_who_comes_online_meanwhile() {
    let users: Vec<String> = (0..20).map(|number| format!("late{number}@chess.example")).collect();
    let mut all: Vec<&str> = users.iter().map(String::as_str).collect();
    all.push("jack@chess.example");
    let server = Server::start_with("[[domain]]\nname = \"chess.example\"\n", &all);
    let mut jack = bound(&server, "jack@chess.example/x");
    jack.send("<presence/>");
    for user in &users {
        let mut late = bound(&server, &format!("{user}/x"));
        late.send("<presence/>");
        jack.send(&format!("<presence to='{user}' type='subscribe'/>"));
        while late.stanza().get("type") != Some("subscribe") {}
    }
}
