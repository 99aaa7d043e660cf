//! Protocol violations by a client, and what becomes of its session.

use super::super::window::LARGEST;
use super::{FIRST, Rig, condition, is_empty};

#[test]
fn request_ids_outside_of_the_window() {
    for rid in [0, 1, FIRST - 1, FIRST + 3, FIRST + 100, LARGEST, LARGEST + 1, u64::MAX] {
        let mut rig = Rig::new("hold='1'");
        assert_eq!(condition(rig.ask(rid, "", "")), "item-not-found", "{rid}");
        assert_eq!(rig.heard, ["lost"], "{rid}");
    }
}

#[test]
fn the_largest_request_id_is_one() {
    let mut rig = Rig::new("");
    rig.core.window.next = LARGEST;
    rig.core.window.answered = LARGEST - 1;
    assert_eq!(rig.ask(LARGEST, "", "<message id='x'/>"), None);
    assert_eq!(rig.heard, ["message x"]);
    assert_eq!(condition(rig.ask(LARGEST + 1, "", "")), "item-not-found");
}

#[test]
fn whoever_waits_is_told_that_it_was_another_request() {
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    assert_eq!(condition(rig.ask(FIRST + 9, "", "")), "item-not-found");
    assert_eq!(condition(rig.answer(FIRST + 1)), "other-request");
    assert_eq!(condition(rig.send(FIRST + 2, "", "")), "item-not-found");
}

/// The stream is not served, so that nothing is answered.
#[test]
fn more_requests_at_once_than_allowed() {
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.send(FIRST + 1, "", "<message/>"), None);
    assert_eq!(rig.send(FIRST + 2, "", "<message/>"), None);
    assert_eq!(condition(rig.send(FIRST + 3, "", "<message/>")), "policy-violation");
}

#[test]
fn one_more_to_pause_or_to_end() {
    for attributes in ["pause='10'", "type='terminate'"] {
        let mut rig = Rig::new("hold='1'");
        assert_eq!(rig.send(FIRST + 1, "", "<message id='1'/>"), None);
        assert_eq!(rig.send(FIRST + 2, "", "<message id='2'/>"), None);
        assert_eq!(rig.send(FIRST + 3, attributes, ""), None, "{attributes}");
        assert_eq!(condition(rig.send(FIRST + 4, attributes, "")), "policy-violation");
    }
}

#[test]
fn empty_requests_that_come_too_often() {
    // A page is reloaded again and again while a proxy keeps its requests open: each is answered because of
    // the next.
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    for rid in FIRST + 2..FIRST + 12 {
        rig.pass(900);
        assert_eq!(rig.ask(rid, "", ""), None, "{rid}");
        assert!(is_empty(rig.answer(rid - 1)), "the older one is answered");
    }
    rig.pass(900);
    assert_eq!(condition(rig.ask(FIRST + 12, "", "")), "policy-violation", "eleven in ten seconds");
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    for rid in FIRST + 2..FIRST + 40 {
        rig.pass(1001);
        assert_eq!(rig.ask(rid, "", ""), None, "{rid}");
    }

    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    rig.pass(2000);
    assert_eq!(rig.ask(FIRST + 2, "", ""), None, "not too often");
    assert_eq!(rig.ask(FIRST + 3, "", "<message/>"), None, "not empty");
    assert_eq!(rig.ask(FIRST + 4, "pause='20'", ""), Some(rig_empty()), "a pause");
}

fn rig_empty() -> String {
    "<body xmlns='http://jabber.org/protocol/httpbind'/>".into()
}

/// A reloaded page sends a request at once; the old page's connection is gone.
#[test]
fn an_empty_request_after_a_lost_connection_is_none_too_many() {
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    rig.lose(FIRST + 1);
    assert_eq!(rig.ask(FIRST + 2, "", ""), None);
    rig.push(1);
    assert!(rig.answer(FIRST + 2).unwrap().contains("id='1'"));
}

#[test]
fn polling_too_often() {
    let mut rig = Rig::new("hold='0'");
    assert!(is_empty(rig.ask(FIRST + 1, "", "")));
    rig.pass(1999);
    assert_eq!(condition(rig.ask(FIRST + 2, "", "")), "policy-violation");

    let mut rig = Rig::new("hold='0'");
    assert!(is_empty(rig.ask(FIRST + 1, "", "<message/>")));
    assert!(is_empty(rig.ask(FIRST + 2, "", "")), "the one before was not empty");
    rig.pass(2000);
    rig.push(1);
    assert!(rig.ask(FIRST + 3, "", "").unwrap().contains("id='1'"));
    assert!(is_empty(rig.ask(FIRST + 4, "", "")), "the one before was not in vain");
}

#[test]
fn keys_follow_one_another() {
    use sha1::{Digest, Sha1};
    let hash = |key: &str| Sha1::digest(key).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut keys = vec![hash("seed")];
    for _ in 0..4 {
        keys.push(hash(keys.last().unwrap()));
    }
    let other = hash("other");
    let begin = || Rig::new(&format!("newkey='{}'", keys[4].to_uppercase()));
    let mut rig = begin();
    assert_eq!(rig.ask(FIRST + 1, &format!("key='{}'", keys[3]), "<message/>"), None);
    let both = format!("key='{}' newkey='{}'", keys[2], hash(&other));
    assert_eq!(rig.ask(FIRST + 2, &both, "<message/>"), None);
    assert_eq!(rig.ask(FIRST + 3, &format!("key='{other}'"), "<message/>"), None);
    for wrong in
        [String::new(), "key=''".into(), format!("key='{}'", keys[2]), format!("newkey='{}'", keys[3])]
    {
        let mut rig = begin();
        assert_eq!(condition(rig.ask(FIRST + 1, &wrong, "<message/>")), "item-not-found", "{wrong}");
        assert_eq!(rig.heard, ["lost"], "nothing of it was taken");
    }
}

/// Keys are checked in the order of request ids, whatever the order of arrival.
#[test]
fn keys_of_requests_that_overtake_each_other() {
    use super::super::key::Keys;
    use sha1::{Digest, Sha1};
    let hash = |key: &str| Sha1::digest(key).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (one, two, three) = (hash("x"), hash(&hash("x")), hash(&hash(&hash("x"))));
    let mut rig = Rig::new(&format!("hold='2' newkey='{three}'"));
    assert_eq!(rig.send(FIRST + 2, &format!("key='{one}'"), "<message id='b'/>"), None);
    assert_eq!(rig.send(FIRST + 1, &format!("key='{two}'"), "<message id='a'/>"), None);
    rig.serve();
    assert_eq!(rig.heard, ["message a", "message b"]);
    for malformed in ["", "abc", &"g".repeat(40), &"a".repeat(41)] {
        assert!(Keys::begin(Some(malformed)).is_err(), "{malformed}");
    }
}

/// A violation is reported when its turn comes, and only to the request that made it.
#[test]
fn a_broken_request_that_overtakes() {
    let mut rig = Rig::new("hold='2'");
    assert_eq!(rig.send(FIRST + 2, "", "<a></b>"), None);
    assert_eq!(condition(rig.send(FIRST + 1, "", "<message id='a'/>")), "other-request");
    let told = rig.answer(FIRST + 2).unwrap();
    assert!(told.contains("<stream:error><not-well-formed"), "{told}");
    assert_eq!(condition(Some(told)), "bad-request");
    rig.serve();
    assert_eq!(rig.heard, ["message a", "lost"]);
}

#[test]
fn the_same_request_too_often() {
    let mut rig = Rig::new("");
    for _ in 0..=20 {
        assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    }
    assert_eq!(condition(rig.ask(FIRST + 1, "", "")), "policy-violation");

    let mut rig = Rig::new("");
    rig.push(1);
    let answer = rig.ask(FIRST + 1, "", "");
    for _ in 0..20 {
        assert_eq!(rig.ask(FIRST + 1, "", ""), answer);
    }
    assert_eq!(condition(rig.ask(FIRST + 1, "", "")), "policy-violation");
}
