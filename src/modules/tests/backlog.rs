//! Stored messages that a client reads slowly: they delay only that client.

use std::time::Duration;

use serde_json::json;

use super::bench::{Bench, Client};
use kernel::DomainLimits;

fn chat(to: &str, id: &str) -> String {
    format!("<message type='chat' id='{id}' to='{to}'><body>x</body></message>")
}

/// Stores 200 messages for bert.
async fn kept() -> (Bench, Client) {
    let bench = Bench::with(json!({ "messages": 0 }), DomainLimits::default()).await;
    let anna = bench.online("anna@chess.example/a").await;
    for n in 0..200 {
        anna.send(&chat("bert@chess.example", &format!("kept{n}"))).await;
    }
    (bench, anna)
}

/// A client that acknowledges nothing by itself comes online. Returns it with what was written until nothing
/// more came.
async fn slow(bench: &Bench) -> (Client, Vec<String>) {
    let slow = bench.bind("bert@chess.example/slow").await;
    slow.hold().manage();
    slow.send("<presence/>").await;
    let first = slow.receives(51).await;
    (slow, first)
}

fn ids(stanzas: &[String]) -> Vec<String> {
    let id = |stanza: &String| {
        Some(stanza.split_once("<message ")?.1.split_once("id='")?.1.split_once('\'')?.0.into())
    };
    stanzas.iter().filter_map(id).collect()
}

#[tokio::test]
async fn who_reads_slowly_holds_up_nobody_else() {
    let (bench, anna) = kept().await;
    let (slow, mut got) = slow(&bench).await;
    let other = bench.bind("bert@chess.example/other").await;
    other.send("<presence><priority>-1</priority></presence>").await;
    other.received();
    let sent = async {
        for n in 0..100 {
            // also waits until its fate is decided
            anna.send(&chat("bert@chess.example", &format!("new{n}"))).await;
        }
        anna.send(&chat("bert@chess.example/other", "other")).await;
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), sent).await.is_ok(), "the sender is held up");
    assert_eq!(ids(&other.receives(1).await), ["other"]);
    got.extend(slow.received());
    assert!(ids(&got).len() < 60, "it gets no more than it acknowledges");
    let expected: Vec<String> =
        (0..200).map(|n| format!("kept{n}")).chain((0..100).map(|n| format!("new{n}"))).collect();
    while ids(&got).len() < expected.len() {
        slow.hold().acknowledge(got.len() as u32).unwrap();
        got.extend(slow.receives(1).await);
    }
    assert_eq!(ids(&got), expected, "in order, and each once");
}

/// RFC 6121 section 3.1.6.
#[tokio::test]
async fn an_approval_comes_before_its_roster_push_while_stored_messages_are_read() {
    let (bench, anna) = kept().await;
    let slow = bench.bind("bert@chess.example/slow").await;
    slow.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>").await;
    slow.send("<presence type='subscribe' to='anna@chess.example'/>").await;
    slow.receives(2).await;
    slow.hold().manage();
    slow.send("<presence/>").await;
    slow.receives(51).await;
    anna.send("<presence type='subscribed' to='bert@chess.example'/>").await;
    let got = slow.receives(2).await;
    assert!(got[0].contains("type='subscribed'"), "{got:?}");
    assert!(got[1].contains("subscription='to'"), "{got:?}");
}

#[tokio::test]
async fn what_it_did_not_read_goes_to_another_resource() {
    let (bench, anna) = kept().await;
    let (slow, got) = slow(&bench).await;
    let acknowledged = got.len();
    slow.hold().acknowledge(acknowledged as u32).unwrap();
    let other = bench.online("bert@chess.example/other").await;
    anna.send(&chat("bert@chess.example/slow", "live")).await;
    slow.drop_connection().await;
    let mut rest = Vec::new();
    while !ids(&rest).contains(&"live".to_owned()) {
        rest.extend(other.receives(1).await);
    }
    let mut all = [ids(&got), ids(&rest)].concat();
    assert_eq!(all.pop().as_deref(), Some("live"), "it came last of all");
    let kept: std::collections::BTreeSet<&String> = all.iter().filter(|id| id.starts_with("kept")).collect();
    assert_eq!(kept.len(), all.len(), "each once: {all:?}");
    bench.kept("bert@chess.example", 0).await;
}

#[tokio::test]
async fn what_a_session_that_waits_to_be_resumed_did_not_read_goes_to_the_next_in_order() {
    let (bench, anna) = kept().await;
    let (slow, got) = slow(&bench).await;
    assert_eq!(ids(&got).len(), 50);
    slow.hold().make_resumable(300);
    anna.send(&chat("bert@chess.example", "live")).await;
    slow.hold().detach().await;
    let next = bench.bind("bert@chess.example/next").await;
    next.send("<presence/>").await;
    let mut all = Vec::new();
    while !ids(&all).contains(&"live".to_owned()) {
        all.extend(next.receives(1).await);
    }
    let expected: Vec<String> = (0..200).map(|n| format!("kept{n}")).chain(["live".into()]).collect();
    assert_eq!(ids(&all), expected, "in order, and each once");
    bench.kept("bert@chess.example", 0).await;
}

#[tokio::test]
async fn what_waits_behind_stored_messages_stays_behind_them_when_the_session_takes_no_more() {
    let (bench, anna) = kept().await;
    let (slow, mut got) = slow(&bench).await;
    for n in 0..5 {
        anna.send(&chat("bert@chess.example", &format!("live{n}"))).await;
    }
    slow.send("<presence><priority>-1</priority></presence>").await;
    let store = bench.kernel.store().offline();
    let account = slow.resource().account().id();
    let stopped = async {
        loop {
            slow.hold().acknowledge(got.len() as u32).unwrap();
            got.extend(slow.received());
            let read = ids(&got).len() as u64;
            if store.count(account).await.unwrap() == 200 - read + 5 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), stopped).await.is_ok(), "they are not stored");
    slow.send("<presence/>").await;
    while ids(&got).last().map(String::as_str) != Some("live4") {
        slow.hold().acknowledge(got.len() as u32).unwrap();
        got.extend(slow.receives(1).await);
    }
    let expected: Vec<String> =
        (0..200).map(|n| format!("kept{n}")).chain((0..5).map(|n| format!("live{n}"))).collect();
    assert_eq!(ids(&got), expected, "in order, and each once");
}

/// The reader has no room all along, so it does not notice that the session took no messages for a while.
#[tokio::test]
async fn what_waited_is_stored_before_what_comes_while_the_session_takes_none() {
    for away in ["<presence><priority>-1</priority></presence>", "<presence type='unavailable'/>"] {
        let (bench, anna) = kept().await;
        let (slow, mut got) = slow(&bench).await;
        let send = async |numbers: std::ops::Range<usize>| {
            for n in numbers {
                anna.send(&chat("bert@chess.example", &format!("live{n}"))).await;
            }
        };
        send(0..5).await;
        slow.send(away).await;
        send(5..10).await;
        slow.send("<presence/>").await;
        send(10..15).await;
        while ids(&got).last().map(String::as_str) != Some("live14") {
            slow.hold().acknowledge(got.len() as u32).unwrap();
            got.extend(slow.receives(1).await);
        }
        let kept = (0..200).map(|n| format!("kept{n}"));
        let expected: Vec<String> = kept.chain((0..15).map(|n| format!("live{n}"))).collect();
        assert_eq!(ids(&got), expected, "in order, and each once, after {away}");
        slow.hold().acknowledge(got.len() as u32).unwrap();
        bench.kept("bert@chess.example", 0).await;
    }
}
