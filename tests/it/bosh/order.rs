//! Requests that overtake each other, come again, or come over other connections.

use super::{Asked, Client, is_empty, message, parse, server, texts};
use crate::raw::Raw;
use crate::stream::{ANNA, bound};

/// A request that the server has, and holds.
pub fn held(jack: &mut Client, anna: &mut Raw) -> Asked {
    let asked = jack.send("", &message("anna@chess.example/tcp", "now"));
    while anna.next().get("type") != Some("chat") {}
    asked
}

#[test]
fn what_overtakes_is_put_in_order() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='2'");
    let to = "anna@chess.example/tcp";
    let later = jack.send_as(jack.rid + 2, "", &message(to, "two"));
    let latest = jack.send_as(jack.rid + 3, "", &message(to, "three"));
    let sooner = jack.send_as(jack.rid + 1, "", &message(to, "one"));
    jack.rid += 3;
    for expected in ["one", "two", "three"] {
        assert_eq!(anna.next().find("body", "jabber:client").unwrap().text_content(), expected);
    }
    assert!(is_empty(&sooner.body()), "three requests, of which two are held");
    anna.send(&message("jack@chess.example/web", "four"));
    assert_eq!(texts(&later.body()), ["four"], "the older of the two");
    anna.send(&message("jack@chess.example/web", "five"));
    assert_eq!(texts(&latest.body()), ["five"]);
}

#[test]
fn a_request_that_comes_again_is_answered_with_the_same_bytes() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    anna.send("<presence/>");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    anna.send(&message("jack@chess.example/web", "hello"));
    let xml = jack.xml(jack.rid + 1, "", &message(ANNA, "once"));
    let (_, first) = jack.post(&xml).answer();
    assert_eq!(jack.post(&xml).answer().1, first);
    assert_eq!(jack.post(&xml).answer().1, first);
    assert_eq!(texts(&parse(&first)), ["hello"]);
    jack.rid += 1;
    jack.settle(&message(ANNA, "twice"));
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < 2 {
        heard.extend(anna.next().find("body", "jabber:client").map(|body| body.text_content()));
    }
    assert_eq!(heard, ["once", "twice"], "each was taken once");
}

#[test]
fn a_held_request_that_comes_again_is_held_in_its_new_place() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    let former = held(&mut jack, &mut anna);
    let again = jack.send_as(jack.rid, "", "");
    assert_eq!(former.body().get("type"), Some("error"), "whoever waited is set free");
    anna.send(&message("jack@chess.example/web", "hello"));
    assert_eq!(texts(&again.body()), ["hello"]);
}

#[test]
fn a_lost_connection_loses_nothing() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut jack = Client::online(&server, "jack@chess.example/web", "hold='1'");
    held(&mut jack, &mut anna).lose();
    anna.send(&message("jack@chess.example/web", "hello"));
    anna.ping();
    assert_eq!(texts(&jack.send_as(jack.rid, "", "").body()), ["hello"]);
}

/// Another page goes on where the former one was: it knows the session and the last request, which it sends again, since
/// the answer may have been lost with the former page.
#[test]
fn a_page_is_loaded_anew() {
    let server = server();
    let mut anna = bound(&server, "anna@chess.example/tcp");
    let mut former = Client::online(&server, "jack@chess.example/web", "hold='1'");
    for n in 0..5 {
        held(&mut former, &mut anna).lose();
        let (address, sid, rid) = (former.address, former.sid.clone(), former.rid);
        let mut jack = Client { address, fields: String::new(), sid, rid };
        anna.send(&message("jack@chess.example/web", &n.to_string()));
        let again = jack.send_as(rid, "", &message("anna@chess.example/tcp", "now"));
        assert_eq!(texts(&again.body()), [n.to_string()]);
        jack.settle(&message("anna@chess.example/tcp", "I am back"));
        assert_eq!(anna.next().find("body", "jabber:client").unwrap().text_content(), "I am back");
        former = jack;
    }
    assert!(former.settle("").is_empty(), "and nothing comes twice");
}

#[test]
fn the_largest_request_id() {
    let server = server();
    let first = super::post(
        server.address("http"),
        &super::body("to='chess.example' ver='1.6' rid='9007199254740990' hold='1'", ""),
    );
    let first = first.body();
    let address = server.address("http");
    let mut jack = Client {
        address,
        fields: String::new(),
        sid: first.get("sid").unwrap().to_owned(),
        rid: 9_007_199_254_740_990,
    };
    let last = jack.ask("type='terminate'", "");
    assert_eq!((last.get("type"), last.get("condition")), (Some("terminate"), None));
}
