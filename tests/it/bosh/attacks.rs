//! What a hostile client tries.

use std::io::Write;
use std::net::TcpStream;

use super::{Client, body, condition, message, post, server, texts};
use crate::stream::bound;

#[test]
fn session_ids_are_not_guessed() {
    let server = server();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let sid = jack.sid.clone();
    for guess in [
        sid.to_uppercase(),
        format!(" {sid}"),
        format!("0x{}", &sid[2..]),
        sid[1..].to_owned(),
        format!("{sid}0"),
    ] {
        if guess != sid {
            let answer =
                post(jack.address, &body(&format!("sid='{guess}' rid='{}'", jack.rid + 1), "")).body();
            assert_eq!(condition(&answer), "item-not-found", "{guess}");
        }
    }
    assert!(jack.settle("").is_empty(), "nothing has happened to it");
}

/// The wrong requests end the session; what was taken before has been delivered.
#[test]
fn a_flood_of_requests() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    // Without the second: else a server that keeps up with them all finds nothing wrong.
    let rids = (1..200).filter(|n| *n != 2).map(|n| jack.rid + n);
    let asked: Vec<_> =
        rids.map(|rid| jack.send_as(rid, "", &message("anna@chess.example/tcp", "x"))).collect();
    let answers: Vec<_> = asked.into_iter().map(|asked| asked.body()).collect();
    assert!(answers.iter().any(|answer| answer.get("type") == Some("terminate")), "one ends the session");
    let mut other = Client::online(&server, "jack@chess.example/other", "hold='1'");
    assert!(other.settle("").is_empty(), "and no other session");
    anna.ping();
}

/// Requests that are begun and never end hold nobody else up.
#[test]
fn slow_bodies() {
    let server = server();
    let jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let xml = jack.xml(jack.rid + 1, "", "");
    let mut slow: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(jack.address).unwrap()).collect();
    for socket in &mut slow {
        let half = &xml[..xml.len() / 2];
        write!(socket, "POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{half}", xml.len())
            .unwrap();
    }
    let mut anna = bound(&server, "anna@chess.example/tcp");
    anna.send(&message("jack@chess.example/web", "hello"));
    assert_eq!(texts(&jack.send_as(jack.rid + 1, "", "").body()), ["hello"]);
}

/// Thousands of copies of one request: each sets the former free.
#[test]
fn the_same_request_again_and_again() {
    let server = server();
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut held = super::order::held(&mut jack, &mut anna);
    let mut copies = 0;
    loop {
        let next = jack.send_as(jack.rid, "", "");
        let former = held.body();
        if former.get("type") == Some("terminate") {
            break;
        }
        assert_eq!(former.get("type"), Some("error"));
        (held, copies) = (next, copies + 1);
        assert!(copies < 100, "there is an end to it");
    }
}

#[test]
fn what_is_no_body() {
    let server = server();
    let address = server.address("http");
    let deep = format!(
        "<body rid='1' to='chess.example' xmlns='http://jabber.org/protocol/httpbind'>{}",
        "<a>".repeat(5000)
    );
    let many = format!(
        "<body {} xmlns='http://jabber.org/protocol/httpbind'/>",
        (0..500).map(|n| format!("a{n}='' ")).collect::<String>()
    );
    for xml in [
        "",
        "\0",
        "<!DOCTYPE body [<!ENTITY a 'b'>]><body/>",
        "<?xml version='1.1'?><body/>",
        "<body rid='1' xmlns='http://jabber.org/protocol/httpbind'",
        &deep,
        &many,
    ] {
        let (head, answer) =
            super::ask(address, "POST /http-bind", "Content-Type: text/xml\r\n", xml).answer();
        assert_eq!(head.status, 400, "{answer}");
    }
    Client::begin(address, "");
}
