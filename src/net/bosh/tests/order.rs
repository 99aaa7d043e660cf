//! Whatever the order of arrival, and however often repeated: each request is handled once, in order, and
//! gets the same answer again.

use proptest::prelude::*;

use super::{FIRST, Rig, ids};

#[test]
fn a_retransmission_gets_the_same_bytes() {
    let mut rig = Rig::new("hold='1'");
    rig.push(1);
    let answer = rig.ask(FIRST + 1, "", "<message id='a'/>");
    assert_eq!(rig.ask(FIRST + 1, "", "<message id='a'/>"), answer);
    rig.push(2);
    assert_eq!(ids(&rig.ask(FIRST + 2, "", "").unwrap()), [2]);
    assert_eq!(rig.ask(FIRST + 1, "", "<message id='a'/>"), answer, "the last two are kept");
    assert_eq!(rig.heard, ["message a"]);
}

#[test]
fn a_retransmission_of_a_held_request_gets_the_answer() {
    let mut rig = Rig::new("");
    assert_eq!(rig.ask(FIRST + 1, "", "<message id='a'/>"), None);
    let (rid, former) = rig.tickets[0];
    assert_eq!(rig.ask(FIRST + 1, "", "<message id='a'/>"), None);
    let answer = rig.poll(rid, former).unwrap();
    assert!(answer.contains("type='error'"), "who waited is set free: {answer}");
    rig.push(1);
    assert_eq!(ids(&rig.answer(FIRST + 1).unwrap()), [1]);
    assert_eq!(rig.heard, ["message a"]);
}

#[test]
fn what_was_kept_is_forgotten_when_it_has_arrived() {
    let mut rig = Rig::new("hold='1'");
    for n in 1..20 {
        rig.push(n);
        assert_eq!(ids(&rig.ask(FIRST + n, "", "").unwrap()), [n]);
        assert!(rig.core.kept.len() <= 5, "{}", rig.core.kept.len());
    }
    assert_eq!(super::condition(rig.ask(FIRST + 14, "", "")), "item-not-found");
}

/// Answers leave in separate tasks: the client gets the later one before the earlier one has been handed out.
#[test]
fn an_answer_that_overtakes_another_lets_it_be() {
    let mut rig = Rig::new("hold='1'");
    rig.push(1);
    rig.push(2);
    rig.send(FIRST + 1, "", "");
    rig.send(FIRST + 2, "", "<message id='a'/>");
    rig.serve();
    rig.push(3);
    rig.serve();
    assert_eq!(ids(&rig.answer(FIRST + 2).unwrap()), [3]);
    for n in 3..8 {
        rig.ask(FIRST + n, "", "<message id='b'/>");
    }
    assert_eq!(rig.confirmed, 0, "nobody has got it");
    assert_eq!(ids(&rig.answer(FIRST + 1).unwrap()), [1, 2]);
    rig.ask(FIRST + 8, "", "<message id='c'/>");
    assert_eq!(rig.confirmed, 3);
    assert!(!rig.heard.contains(&"lost".to_owned()), "{:?}", rig.heard);
}

/// The connection is gone before the answer was fetched: the client repeats the request.
#[test]
fn an_answer_that_nobody_fetched_is_there_when_it_is_asked_for_again() {
    let mut rig = Rig::new("hold='1'");
    rig.push(1);
    rig.send(FIRST + 1, "", "");
    rig.serve();
    let (rid, ticket) = rig.tickets[0];
    rig.core.leave(rid, ticket, rig.now);
    assert_eq!(ids(&rig.ask(FIRST + 1, "", "").unwrap()), [1]);
}

#[test]
fn acknowledged_responses_are_not_kept() {
    let mut rig = Rig::new("ack='1' hold='2'");
    rig.push(1);
    assert!(rig.ask(FIRST + 1, "", "").is_some());
    assert_eq!(rig.ask(FIRST + 2, "", ""), None);
    assert_eq!((rig.confirmed, rig.core.kept.len()), (1, 0));
    assert_eq!(rig.ask(FIRST + 3, &format!("ack='{}'", FIRST + 1), ""), None);
    rig.push(2);
    let answer = rig.answer(FIRST + 2).unwrap();
    assert!(answer.contains(&format!("ack='{}'", FIRST + 3)), "{answer}");
}

/// One more request may be sent to end the session, and the client itself says what it has not received.
#[test]
fn who_acknowledges_is_believed() {
    let mut rig = Rig::new("ack='1' hold='0'");
    rig.push(1);
    assert_eq!(ids(&rig.ask(FIRST + 1, "", "").unwrap()), [1]);
    rig.ask(FIRST + 2, &format!("ack='{FIRST}' type='terminate'"), "");
    assert_eq!(rig.confirmed, 0);
    let mut rig = Rig::new("ack='1' hold='0'");
    rig.push(1);
    assert_eq!(ids(&rig.ask(FIRST + 1, "", "").unwrap()), [1]);
    rig.ask(FIRST + 2, "type='terminate'", "");
    assert_eq!(rig.confirmed, 1);
}

/// Each message is in exactly one answer, and is confirmed no sooner than the client has it.
#[test]
fn stanzas_are_confirmed_once() {
    let mut rig = Rig::new("hold='1'");
    for n in 1..50 {
        rig.push(n);
        let answer = rig.ask(FIRST + n, "", if n % 3 == 0 { "<message/>" } else { "" }).unwrap();
        assert_eq!(ids(&answer), [n]);
        assert!(rig.confirmed < n as usize, "{} of {n}", rig.confirmed);
        assert!(rig.confirmed + 2 >= n as usize, "{} of {n}", rig.confirmed);
    }
}

/// The client's next action; of several requests it may send at once, any may arrive first, and any may be
/// lost.
#[derive(Debug, Clone)]
struct Round {
    /// Whether the requests that are due swap places.
    swap: bool,
    /// Whether the first one's connection is lost before its answer.
    lost: bool,
    /// Whether it is sent twice.
    twice: bool,
    /// The number of stanzas for the client meanwhile.
    pushed: u8,
    /// Whether the server of the stream is late.
    late: bool,
}

fn round() -> impl Strategy<Value = Round> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 0..3u8, any::<bool>())
        .prop_map(|(swap, lost, twice, pushed, late)| Round { swap, lost, twice, pushed, late })
}

proptest! {
    /// A client with two requests at once, over a network that loses and repeats: everything arrives once and
    /// in order on both sides.
    #[test]
    fn exactly_once_and_in_order(rounds in prop::collection::vec(round(), 1..40)) {
        let mut rig = Rig::new("hold='1' wait='20'");
        let (mut next, mut pushed) = (FIRST + 1, 0);
        let mut received = Vec::new();
        for round in &rounds {
            let pair = [next, next + 1];
            next += 2;
            for _ in 0..round.pushed {
                pushed += 1;
                rig.core.stanza(&super::stanza(pushed));
            }
            let order = if round.swap { [pair[1], pair[0]] } else { pair };
            let mut answers = [None, None];
            for rid in order {
                let inside = format!("<message id='{rid}'/>");
                prop_assert_eq!(rig.send(rid, "", &inside), None);
                if round.twice {
                    prop_assert_eq!(rig.send(rid, "", &inside), None);
                }
                if !round.late {
                    rig.serve();
                }
            }
            if round.lost {
                rig.lose(pair[0]);
            }
            rig.serve();
            rig.pass(20_000);
            for (at, rid) in pair.into_iter().enumerate() {
                answers[at] = match rig.answer(rid) {
                    Some(answer) => Some(answer),
                    None => rig.ask(rid, "", "<message id='again'/>"),
                };
                let answer = answers[at].clone().expect("an answer");
                received.extend(ids(&answer));
                prop_assert_eq!(rig.ask(rid, "", ""), Some(answer), "the same again");
            }
            prop_assert!(rig.confirmed <= received.len());
        }
        let rest = rig.ask(next, "", "<message id='last'/>").or_else(|| { rig.pass(20_000); rig.answer(next) });
        received.extend(ids(&rest.unwrap()));
        prop_assert_eq!(received, (1..=pushed).collect::<Vec<_>>());
        let mut sent: Vec<_> = (FIRST + 1..next).map(|rid| format!("message {rid}")).collect();
        sent.push("message last".into());
        prop_assert_eq!(&rig.heard, &sent);
    }
}
