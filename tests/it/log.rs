//! The log: its formats, its level, and the way of a stanza in it.

use std::fs;

use serde_json::Value;
use xmpp::ns;

use crate::fixture::{Server, until};
use crate::raw::Raw;

const USERS: [&str; 2] = ["anna@chess.example", "bert@chess.example"];
const DOMAIN: &str = "[[domain]]\nname = \"chess.example\"\n";
const TRAIL: &str = "level = \"info,castling_kernel=debug\"\n";

/// Anna writes to bert, who has it, and to somebody who is not there.
fn talk(server: &Server) {
    let address = server.address("c2s_plain");
    let mut anna = Raw::bound(address, "anna@chess.example/a");
    let mut bert = Raw::bound(address, "bert@chess.example/b");
    anna.send("<message id='m-1' to='bert@chess.example/b' type='chat'><body>top secret</body></message>");
    assert!(bert.stanza().is("message", ns::CLIENT));
    anna.send("<message id='m-2' to='nobody@chess.example' type='chat'><body>top secret</body></message>");
    assert_eq!(anna.stanza().get("type"), Some("error"));
}

fn lines(server: &Server) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    server.log().lines().map(object).collect()
}

#[test]
fn a_stanza_is_followed_by_its_number() {
    let server = Server::start_with(&format!("[log]\nformat = \"json\"\n{TRAIL}{DOMAIN}"), &USERS);
    talk(&server);
    until("the error is logged", || server.log().contains("answered with an error"));
    let log = lines(&server);
    let session = |jid: &str| {
        let bound = log.iter().find(|line| line["message"] == "session bound" && line["jid"] == jid);
        bound.unwrap_or_else(|| panic!("{log:#?}"))["session"].as_u64().unwrap()
    };
    let (anna, bert) = (session("anna@chess.example/a"), session("bert@chess.example/b"));
    let trail = |id: &str| {
        let begins = log.iter().find(|line| line["message"] == "stanza begins its way" && line["id"] == id);
        let begins = begins.unwrap_or_else(|| panic!("{log:#?}"));
        assert_eq!(begins["session"], anna);
        assert_eq!((&begins["kind"], &begins["type"]), (&"message".into(), &"chat".into()));
        let number = begins["stanza"].as_u64().unwrap();
        log.iter().filter(|line| line["stanza"] == number).collect::<Vec<_>>()
    };
    let (first, second) = (trail("m-1"), trail("m-2"));
    assert_eq!(first[1]["message"], "put into a mailbox");
    assert_eq!(first[1]["session"], bert);
    assert_eq!(second[1]["message"], "answered with an error");
    assert_eq!(second[1]["condition"], "service-unavailable");
    assert!(!server.log().contains("secret"), "{}", server.log());
}

#[test]
fn every_line_is_an_object_also_what_check_would_say() {
    let server = Server::start(&format!("[log]\nformat = \"json\"\n{DOMAIN}"));
    let log = lines(&server);
    assert!(log.iter().any(|line| line["message"].as_str().unwrap().contains("self-signed")), "{log:#?}");
    assert!(log.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()));
}

#[test]
fn the_level_is_changed_by_a_reload() {
    let server = Server::start_with(&format!("[log]\nlevel = \"info\"\n{DOMAIN}"), &USERS);
    talk(&server);
    assert!(!server.log().contains("session bound"));
    let file = server.dir.path().join("castling.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("level = \"info\"\n", TRAIL)).unwrap();
    let said = server.ok(&["reload"]);
    assert!(!said.contains("log."), "{said}");
    talk(&server);
    until("it is logged", || server.log().contains("answered with an error"));
    assert!(server.log().contains("session bound session="), "{}", server.log());
    fs::write(&file, &text).unwrap();
    server.ok(&["reload"]);
    let before = server.log().len();
    talk(&server);
    server.ok(&["status"]);
    assert!(!server.log()[before..].contains("session bound"), "{}", server.log());
    fs::write(&file, text.replace("level = \"info\"\n", "format = \"json\"\n")).unwrap();
    let said = server.ok(&["reload"]);
    assert!(said.contains("log.format: restart the server to apply this change\n"), "{said}");
}
