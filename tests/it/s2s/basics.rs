//! What people see of it.

use super::fixture::{anna, bob, online, pair};
use crate::fixture::Server;
use crate::raw::Raw;

/// The condition of a stanza error.
pub fn error(stanza: &xmpp::Element) -> String {
    let error = stanza.find("error", xmpp::ns::CLIENT).unwrap_or_else(|| panic!("{}", stanza.to_xml("")));
    error.children().next().unwrap().name().to_owned()
}

fn body(stanza: &xmpp::Element) -> String {
    stanza.find("body", xmpp::ns::CLIENT).unwrap_or_else(|| panic!("{}", stanza.to_xml(""))).text_content()
}

/// The next presence of somebody.
pub fn presence(raw: &mut Raw, from: &str) -> String {
    loop {
        let stanza = raw.next();
        if stanza.is("presence", xmpp::ns::CLIENT) && stanza.get("from") == Some(from) {
            return stanza.get("type").unwrap_or_default().to_owned();
        }
    }
}

/// How the streams of a server have been proved, by direction.
pub fn proved(server: &Server) -> Vec<(String, String)> {
    let list: serde_json::Value = serde_json::from_str(&server.ok(&["s2s", "list", "--json"])).unwrap();
    let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    list.as_array().unwrap().iter().map(|one| (text(one, "direction"), text(one, "proved_by"))).collect()
}

#[test]
fn messages_go_both_ways_in_order() {
    let pair = pair(|_, _| {});
    let (mut anna, mut bob) = (anna(&pair), bob(&pair));
    for number in 0..100 {
        anna.send(&format!("<message to='bob@there.example' id='{number}'><body>{number}</body></message>"));
        bob.send(&format!("<message to='anna@here.example' id='{number}'><body>{number}</body></message>"));
    }
    for number in 0..100 {
        assert_eq!(body(&bob.next()), number.to_string());
        assert_eq!(body(&anna.next()), number.to_string());
    }
    assert!(proved(&pair.here).iter().all(|(_, by)| by == "dialback"), "{:?}", proved(&pair.here));
    anna.send("<iq type='get' id='v' to='there.example'><query xmlns='jabber:iq:version'/></iq>");
    assert_eq!(anna.next().get("type"), Some("result"));
    anna.send("<iq type='get' id='d' to='bob@there.example'><vCard xmlns='vcard-temp'/></iq>");
    assert_eq!(error(&anna.next()), "service-unavailable");
    anna.send("<message to='nobody@there.example' id='n'><body>hi</body></message>");
    assert_eq!(error(&anna.next()), "service-unavailable");
}

#[test]
fn subscriptions_and_presence_reach_across() {
    let pair = pair(|_, _| {});
    let (mut anna, mut bob) = (anna(&pair), bob(&pair));
    anna.send("<presence type='subscribe' to='bob@there.example'/>");
    assert_eq!(presence(&mut bob, "anna@here.example"), "subscribe");
    bob.send("<presence type='subscribed' to='anna@here.example'/><presence type='subscribe' to='anna@here.example'/>");
    assert_eq!(presence(&mut anna, "bob@there.example"), "subscribed");
    assert_eq!(presence(&mut anna, "bob@there.example/b"), "");
    assert_eq!(presence(&mut anna, "bob@there.example"), "subscribe");
    anna.send("<presence type='subscribed' to='bob@there.example'/>");
    assert_eq!(presence(&mut bob, "anna@here.example"), "subscribed");
    assert_eq!(presence(&mut bob, "anna@here.example/a"), "");
    anna.send("<presence><show>away</show></presence>");
    assert_eq!(presence(&mut bob, "anna@here.example/a"), "");
    anna.send("</stream:stream>");
    assert_eq!(presence(&mut bob, "anna@here.example/a"), "unavailable");
    // Who comes later asks who is there.
    let mut anna = online(&pair.here, "anna@here.example/c");
    assert_eq!(presence(&mut anna, "bob@there.example/b"), "");
    assert_eq!(presence(&mut bob, "anna@here.example/c"), "");
    // A contact is removed.
    anna.send("<iq type='set' id='x'><query xmlns='jabber:iq:roster'><item jid='bob@there.example' subscription='remove'/></query></iq>");
    assert_eq!(presence(&mut bob, "anna@here.example"), "unsubscribe");
    assert_eq!(presence(&mut bob, "anna@here.example"), "unsubscribed");
}

#[test]
fn messages_wait_for_who_is_away() {
    let pair = pair(|_, _| {});
    let mut anna = anna(&pair);
    anna.send("<message to='bob@there.example' type='chat' id='1'><body>later</body></message>");
    anna.send("<iq type='get' id='v' to='there.example'><query xmlns='jabber:iq:version'/></iq>");
    assert_eq!(anna.next().get("type"), Some("result"));
    let mut bob = bob(&pair);
    let stored = bob.next();
    assert_eq!(body(&stored), "later");
    assert!(stored.find("delay", "urn:xmpp:delay").is_some());
}

#[test]
fn a_server_that_dies_is_reached_again_when_it_is_back() {
    let pair = pair(|_, _| {});
    let (mut anna, mut bob) = (anna(&pair), bob(&pair));
    anna.send("<message to='bob@there.example' id='1'><body>1</body></message>");
    assert_eq!(body(&bob.next()), "1");
    bob.send("<message to='anna@here.example' id='1'><body>1</body></message>");
    assert_eq!(body(&anna.next()), "1");
    let dir = pair.there.kill();
    anna.send("<message to='bob@there.example' id='2'><body>2</body></message>");
    assert_eq!(error(&anna.next()), "remote-server-timeout");
    let there = Server::start_in(dir);
    let mut bob = online(&there, "bob@there.example/b");
    // The other side comes first: what has failed is forgotten.
    bob.send("<message to='anna@here.example' id='3'><body>3</body></message>");
    assert_eq!(body(&anna.next()), "3");
    anna.send("<message to='bob@there.example' id='4'><body>4</body></message>");
    assert_eq!(body(&bob.next()), "4");
}

#[test]
fn two_domains_share_a_stream_and_are_not_mixed_up() {
    let second =
        "[[domain]]\nname = \"also.example\"\ns2s = { connect = { \"there.example\" = \"THERE\" } }\n";
    let pair = pair(|here, there| {
        here.more = second.replace("THERE", &there.at.to_string());
        there.policy = String::new();
        there.connect.push(("also.example".into(), here.at));
    });
    pair.here.ok_with_input(&["user", "add", "anna@also.example", "--password-stdin"], "secret\n");
    let (mut anna, mut bob) = (anna(&pair), bob(&pair));
    let mut other = online(&pair.here, "anna@also.example/a");
    anna.send("<message to='bob@there.example'><body>first</body></message>");
    assert_eq!(body(&bob.next()), "first");
    for number in 0..20 {
        anna.send(&format!("<message to='bob@there.example'><body>h{number}</body></message>"));
        other.send(&format!("<message to='bob@there.example'><body>a{number}</body></message>"));
    }
    let heard: Vec<(String, String)> =
        (0..40).map(|_| bob.next()).map(|one| (one.get("from").unwrap().to_owned(), body(&one))).collect();
    for (from, letter) in [("anna@here.example/a", "h"), ("anna@also.example/a", "a")] {
        let bodies: Vec<&str> =
            heard.iter().filter(|(one, _)| one == from).map(|(_, body)| body.as_str()).collect();
        assert_eq!(bodies, (0..20).map(|number| format!("{letter}{number}")).collect::<Vec<_>>());
    }
    bob.send("<message to='anna@also.example'><body>back</body></message>");
    assert_eq!(body(&other.next()), "back");
    assert!(anna.ping().is_empty(), "it was for the other brand");
    let list: serde_json::Value = serde_json::from_str(&pair.here.ok(&["s2s", "list", "--json"])).unwrap();
    let addresses: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["direction"] == "out")
        .map(|one| one["address"].clone())
        .collect();
    assert_eq!(addresses.len(), 2, "{list}");
    assert!(pair.here.log().contains("goes along on a stream to another server"), "{list}");
}
