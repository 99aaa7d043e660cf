//! Pages of other origins.

use super::{Client, ask, body, condition, parse, server};
use crate::fixture::Server;

const DOMAINS: &str = "[[domain]]\nname = \"chess.example\"\norigins = [\"https://chess.example\"]\n\
                       [[domain]]\nname = \"open.example\"\n";
const ONE: &str = "[[domain]]\nname = \"chess.example\"\norigins = [\"https://chess.example\"]\n";

fn from(origin: &str) -> String {
    format!("Origin: {origin}\r\n")
}

#[test]
fn any_page_where_none_are_named() {
    let server = server();
    let page = from("https://anywhere.example");
    let head = ask(server.address("http"), "OPTIONS /http-bind", &page, "").head();
    assert_eq!(head.status, 204);
    assert_eq!(head.get("access-control-allow-origin"), Some("https://anywhere.example"));
    assert!(head.get("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(head.get("access-control-allow-headers"), Some("Content-Type"));
    let begin = body("rid='1' to='chess.example' ver='1.6'", "");
    let (head, _) = ask(server.address("http"), "POST /http-bind", &page, &begin).answer();
    assert_eq!(head.get("access-control-allow-origin"), Some("https://anywhere.example"));
    assert_eq!(head.get("access-control-allow-credentials"), None);
}

#[test]
fn only_the_pages_that_are_named() {
    let server = Server::start(ONE);
    let options = |origin: &str| {
        let head = ask(server.address("http"), "OPTIONS /http-bind", &from(origin), "").head();
        head.get("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(options("https://chess.example").as_deref(), Some("https://chess.example"));
    assert_eq!(options("https://evil.example"), None);
    let begin = body("rid='1' to='chess.example' ver='1.6'", "");
    let page = from("https://evil.example");
    let (head, answer) = ask(server.address("http"), "POST /http-bind", &page, &begin).answer();
    assert_eq!(head.get("access-control-allow-origin"), None);
    assert_eq!(condition(&parse(&answer)), "remote-stream-error");
    assert!(answer.contains("policy-violation"), "{answer}");
}

/// A page that knows the session of another page's, somehow.
#[test]
fn a_session_is_not_taken_over_by_a_page_that_is_not_let_in() {
    let server = Server::start(DOMAINS);
    let page = from("https://chess.example");
    let (mut jack, _) = Client::begin_with(server.address("http"), &page, "hold='1'");
    jack.fields = from("https://evil.example");
    let (head, answer) = jack.send("type='terminate'", "").answer();
    assert_eq!((head.status, head.get("access-control-allow-origin")), (403, None), "{answer}");
    jack.rid -= 1;
    jack.fields = page;
    let last = jack.ask("type='terminate'", "");
    assert_eq!(last.get("condition"), None, "nothing has happened to it");
}

/// Responses hold what people write to each other, and a form of any page can send a browser here.
#[test]
fn a_response_runs_nothing_in_a_browser() {
    let server = server();
    for content in ["text/html", "text/html; charset=utf-8", "application/xhtml+xml", "x"] {
        let begin = body(&format!("rid='1' to='chess.example' ver='1.6' content='{content}'"), "");
        let (head, _) = ask(server.address("http"), "POST /http-bind", "", &begin).answer();
        assert_eq!(head.get("content-type"), Some("text/xml; charset=utf-8"));
        assert_eq!(head.get("content-security-policy"), Some("sandbox"));
    }
}
