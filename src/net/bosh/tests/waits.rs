//! Timing: how long requests are held, and sessions live.

use super::{FIRST, Rig, condition, ids, is_empty};
use std::time::Duration;

#[test]
fn nothing_to_tell_within_wait() {
    let mut rig = Rig::new("wait='30'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    assert_eq!(rig.serve(), Some(rig.now + Duration::from_secs(30)));
    rig.pass(29_999);
    assert_eq!(rig.answer(FIRST + 1), None);
    rig.pass(1);
    assert!(is_empty(rig.answer(FIRST + 1)));
}

#[test]
fn a_session_without_requests_ends() {
    let mut rig = Rig::new("");
    rig.pass(29_999);
    assert!(rig.heard.is_empty());
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    rig.pass(59_000);
    rig.push(1);
    assert!(rig.answer(FIRST + 1).is_some());
    rig.pass(30_000);
    assert_eq!(rig.heard, ["lost"]);
    assert_eq!(condition(rig.send(FIRST + 2, "", "")), "item-not-found");
}

#[test]
fn a_lost_connection_is_not_a_lost_session() {
    let mut rig = Rig::new("");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    rig.lose(FIRST + 1);
    rig.push(1);
    rig.pass(29_999);
    assert_eq!(ids(&rig.ask(FIRST + 1, "", "").unwrap()), [1], "the same request again");
    rig.pass(29_999);
    assert_eq!(rig.ask(FIRST + 2, "", ""), None);
    rig.lose(FIRST + 2);
    rig.push(2);
    assert_eq!(ids(&rig.ask(FIRST + 3, "", "").unwrap()), [2], "or the next one");
    rig.pass(30_000);
    assert_eq!(rig.heard, ["lost"]);
}

#[test]
fn a_pause() {
    let mut rig = Rig::new("hold='2'");
    assert_eq!(rig.ask(FIRST + 1, "", "<message/>"), None);
    rig.heard.clear();
    rig.core.stanza(&super::stanza(1));
    let paused = rig.ask(FIRST + 2, "pause='100'", "");
    assert_eq!(ids(&rig.answer(FIRST + 1).unwrap()), [1], "all pending requests are answered");
    assert!(is_empty(paused), "the pause itself without payload");
    rig.push(2);
    rig.pass(99_999);
    assert!(rig.heard.is_empty());
    assert_eq!(ids(&rig.ask(FIRST + 3, "", "").unwrap()), [2]);
    rig.pass(30_000);
    assert_eq!(rig.heard, ["lost"], "a pause is for once");
}

#[test]
fn a_pause_that_is_too_long_is_none() {
    let mut rig = Rig::new("");
    assert_eq!(rig.ask(FIRST + 1, "pause='121'", ""), None);
    let mut rig = Rig::new("");
    assert!(is_empty(rig.ask(FIRST + 1, "pause='0'", "")));
    rig.pass(1000);
    assert_eq!(rig.heard, ["lost"], "a short one is a promise to be back soon");
}

#[test]
fn a_polling_session_lives_longer() {
    let (_, first) = Rig::begin("wait='0'");
    assert!(first.contains("inactivity='32'"), "{first}");
}

/// A request overtakes one that never arrives.
#[test]
fn a_gap_is_told_after_a_while_and_can_be_closed() {
    let mut rig = Rig::new("hold='2' wait='10'");
    assert_eq!(rig.ask(FIRST + 2, "", "<message id='b'/>"), None);
    assert_eq!(rig.serve(), Some(rig.now + Duration::from_secs(10)));
    rig.pass(10_000);
    let again = rig.answer(FIRST + 2).unwrap();
    assert!(again.contains("type='error'"), "{again}");
    assert_eq!(rig.ask(FIRST + 1, "", "<message id='a'/>"), None);
    assert_eq!(rig.ask(FIRST + 2, "", "<message id='b'/>"), None);
    assert_eq!(rig.heard, ["message a", "message b"], "each once");
    rig.push(1);
    assert_eq!(ids(&rig.answer(FIRST + 1).unwrap()), [1]);
}

#[test]
fn a_gap_that_stays_ends_the_session() {
    let mut rig = Rig::new("hold='2' wait='10'");
    assert_eq!(rig.ask(FIRST + 2, "", ""), None);
    rig.pass(10_000);
    rig.pass(30_000);
    assert_eq!(rig.heard, ["lost"]);
}

#[test]
fn a_missing_response_is_reported() {
    let mut rig = Rig::new("ack='1'");
    rig.push(1);
    assert!(rig.ask(FIRST + 1, &format!("ack='{FIRST}'"), "").unwrap().contains("id='1'"));
    rig.pass(1500);
    let answer = rig.ask(FIRST + 2, &format!("ack='{FIRST}'"), "").unwrap();
    assert!(answer.contains(&format!("report='{}' time='1500'", FIRST + 1)), "{answer}");
    assert_eq!(rig.confirmed, 0);
    let again = rig.ask(FIRST + 1, &format!("ack='{FIRST}'"), "").unwrap();
    assert_eq!(ids(&again), [1]);
    assert_eq!(rig.ask(FIRST + 3, "", ""), None);
    assert_eq!(rig.confirmed, 1);
}

#[test]
fn what_may_be_lost_is_asked_about_soon() {
    let mut rig = Rig::new("hold='1'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    rig.push(1);
    assert!(rig.answer(FIRST + 1).is_some());
    assert_eq!(rig.ask(FIRST + 2, "", "<message/>"), None);
    assert_eq!(rig.confirmed, 0, "it may have been sent before the response came");
    rig.pass(2000);
    assert!(is_empty(rig.answer(FIRST + 2)));
    assert_eq!(rig.ask(FIRST + 3, "", ""), None);
    assert_eq!(rig.confirmed, 1);
    rig.pass(2000);
    assert_eq!(rig.answer(FIRST + 3), None, "nothing is in doubt any more");
}

#[test]
fn a_lost_request_keeps_no_other_waiting() {
    let mut rig = Rig::new("hold='2' wait='20'");
    assert_eq!(rig.ask(FIRST + 1, "", ""), None);
    assert_eq!(rig.ask(FIRST + 2, "", ""), None);
    rig.lose(FIRST + 1);
    rig.push(1);
    assert_eq!(ids(&rig.answer(FIRST + 2).unwrap()), [1]);
    assert!(is_empty(rig.ask(FIRST + 1, "", "")), "the client has them in order");
}

#[test]
fn nothing_is_taken_faster_than_allowed_and_nothing_answered_before() {
    use super::super::core::Step;
    let mut rig = Rig::new("hold='0'");
    assert_eq!(rig.send(FIRST + 1, "", "<message id='a'/>"), None);
    assert!(matches!(rig.core.step(false, rig.now), Step::Wait(None)));
    assert_eq!(rig.answer(FIRST + 1), None);
    rig.serve();
    assert!(is_empty(rig.answer(FIRST + 1)));
    assert_eq!(rig.heard, ["message a"]);
}
