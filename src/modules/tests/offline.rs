//! XEP-0160 and XEP-0203.

use kernel::DomainLimits;
use serde_json::json;

use super::bench::{Bench, Client, NOW_US};

fn chat(body: &str) -> String {
    format!("<message type='chat' id='{body}' to='bert@chess.example'><body>{body}</body></message>")
}

fn stamped(body: &str) -> String {
    format!(
        "<message from='anna@chess.example/a' to='bert@chess.example' type='chat' id='{body}'><body>{body}</body>\
         <delay xmlns='urn:xmpp:delay' from='chess.example' stamp='2026-11-24T12:00:00Z'/></message>"
    )
}

async fn comes(bench: &Bench, resource: &str, priority: i8) -> Client {
    let client = bench.bind(&format!("bert@chess.example/{resource}")).await;
    client.send(&format!("<presence><priority>{priority}</priority></presence>")).await;
    client
}

fn messages(stanzas: Vec<String>) -> Vec<String> {
    stanzas.into_iter().filter(|stanza| stanza.starts_with("<message")).collect()
}

#[tokio::test]
async fn kept_in_order_and_delivered_once() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    for n in 0..120 {
        anna.send(&chat(&n.to_string())).await;
    }
    bench.kept("bert@chess.example", 120).await;
    bench.clock.set(NOW_US + 3_600_000_000);
    let bert = comes(&bench, "b", 0).await;
    let got = messages(bert.receives(121).await);
    let expected: Vec<_> = (0..120).map(|n| stamped(&n.to_string())).collect();
    assert_eq!(got, expected);
    bench.kept("bert@chess.example", 0).await;
    bert.drop_connection().await;
    let bert = comes(&bench, "b", 0).await;
    anna.send(&chat("last")).await;
    let got = messages(bert.receives(2).await);
    assert!(got.len() == 1 && !got[0].contains("delay"), "{got:#?}");
    assert!(anna.received().is_empty());
}

#[tokio::test]
async fn not_for_a_resource_that_wants_no_messages() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = comes(&bench, "b", -1).await;
    anna.send(&chat("1")).await;
    bench.kept("bert@chess.example", 1).await;
    bert.received();
    bert.send("<presence><priority>1</priority></presence>").await;
    assert_eq!(messages(bert.receives(2).await), [stamped("1")]);
}

#[tokio::test]
async fn what_is_on_its_way_goes_to_nobody_else() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&chat("1")).await;
    let slow = bench.bind("bert@chess.example/slow").await;
    slow.hold().manage();
    slow.send("<presence/>").await;
    let got = messages(slow.receives(2).await);
    assert_eq!(got, [stamped("1")]);
    bench.kept("bert@chess.example", 1).await; // written, not acknowledged
    let other = comes(&bench, "other", 1).await;
    anna.send(&chat("2")).await;
    let got = messages(other.receives(3).await); // two presences, one message
    assert!(got.len() == 1 && got[0].contains("id='2'"), "{got:#?}");
    slow.hold().acknowledge(2).unwrap();
    bench.kept("bert@chess.example", 0).await;
}

#[tokio::test]
async fn what_comes_back_is_delivered_next_time() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&chat("1")).await;
    let lost = bench.bind("bert@chess.example/b").await;
    lost.hold().manage();
    lost.send("<presence/>").await;
    lost.receives(2).await;
    lost.drop_connection().await; // never acknowledged
    bench.kept("bert@chess.example", 1).await;
    let bert = comes(&bench, "b", 0).await;
    assert_eq!(messages(bert.receives(2).await), [stamped("1")]);
    bench.kept("bert@chess.example", 0).await;
}

#[tokio::test]
async fn left_over_messages_are_kept_with_the_time_of_their_coming() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.bind("bert@chess.example/b").await;
    bert.hold().manage();
    bert.send("<presence/>").await;
    anna.send(&chat("1").replace("bert@chess.example", "bert@chess.example/b")).await;
    bert.receives(2).await;
    bench.clock.set(NOW_US + 60_000_000);
    bert.drop_connection().await;
    bench.kept("bert@chess.example", 1).await;
    let bert = comes(&bench, "c", 0).await;
    let got = messages(bert.receives(2).await);
    assert!(got.len() == 1 && got[0].contains("stamp='2026-11-24T12:00:00Z'"), "{got:#?}");
}

#[tokio::test]
async fn a_full_store_refuses() {
    // Two strangers' messages.
    let bench = Bench::with(json!({ "messages": 8 }), DomainLimits::default()).await;
    let anna = bench.online("anna@chess.example/a").await;
    for body in ["1", "2"] {
        anna.send(&chat(body)).await;
        assert!(anna.received().is_empty());
    }
    anna.send(&chat("3")).await;
    let answer = anna.receives(1).await.remove(0);
    assert!(answer.contains("id='3'") && answer.contains("<service-unavailable "), "{answer}");
    bench.kept("bert@chess.example", 2).await;
}

#[tokio::test]
async fn what_has_expired_is_not_delivered() {
    let bench = Bench::with(json!({ "days": 1 }), DomainLimits::default()).await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&chat("old")).await;
    bench.clock.set(NOW_US + 86_400_000_000);
    anna.send(&chat("new")).await;
    let bert = comes(&bench, "b", 0).await;
    let got = messages(bert.receives(2).await);
    assert!(got.len() == 1 && got[0].contains("id='new'"), "{got:#?}");
}

#[tokio::test]
async fn what_is_not_kept() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    for (stanza, answer) in [
        ("<message type='headline' to='bert@chess.example'><body>x</body></message>", None),
        ("<message type='error' to='bert@chess.example'><body>x</body></message>", None),
        (
            "<message type='chat' to='bert@chess.example'>\
             <composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
            None,
        ),
        (
            "<message type='chat' to='bert@chess.example'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
            None,
        ),
        (
            "<message type='groupchat' to='bert@chess.example'><body>x</body></message>",
            Some("service-unavailable"),
        ),
        ("<message to='nobody@chess.example'><body>x</body></message>", Some("service-unavailable")),
        ("<message to='bert@chess.example/gone'><body>x</body></message>", Some("service-unavailable")),
    ] {
        anna.send(stanza).await;
        let got = anna.received();
        match answer {
            None => assert!(got.is_empty(), "{stanza}: {got:#?}"),
            Some(condition) => assert!(got.len() == 1 && got[0].contains(condition), "{stanza}: {got:#?}"),
        }
    }
    bench.kept("bert@chess.example", 0).await;
    assert_eq!(bench.kernel.counters().dropped_by("offline"), 2);
}

#[tokio::test]
async fn one_look_at_an_empty_store() {
    let bench = Bench::new().await;
    let bert = bench.bind("bert@chess.example/b").await;
    let looks = || {
        let counts = bench.kernel.store().statement_counts();
        counts.iter().filter(|s| s.name.contains("offline")).map(|s| s.calls).sum::<u64>()
    };
    bert.send("<presence/>").await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&chat("after the flush")).await;
    bert.receives(2).await;
    assert_eq!(looks(), 2, "one for each who came");
}

#[tokio::test]
async fn a_store_known_to_be_empty_is_not_read_until_something_is_kept() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let loads = || {
        let counts = bench.kernel.store().statement_counts();
        counts.iter().filter(|s| s.name == "offline.load").map(|s| s.calls).sum::<u64>()
    };
    let before = loads();
    for resource in ["b", "c"] {
        let bert = comes(&bench, resource, 0).await;
        anna.send(&chat("now")).await;
        let got = messages(bert.receives(2).await);
        assert!(got.len() == 1 && !got[0].contains("delay"), "{got:#?}");
        bert.send("<presence type='unavailable'/>").await;
        assert_eq!(loads(), before + 1, "{resource}");
    }
    anna.send(&chat("later")).await;
    let bert = comes(&bench, "d", 0).await;
    assert_eq!(messages(bert.receives(2).await), [stamped("later")]);
    bench.kept("bert@chess.example", 0).await;
}

#[tokio::test]
async fn what_was_written_to_a_broken_connection_comes_again() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&chat("1")).await;
    let lost = comes(&bench, "lost", 0).await;
    let (mut stanzas, mut receipts) = (0, Vec::new());
    while stanzas < 2 {
        let batch = lost.hold().gather(usize::MAX, |_| 1);
        stanzas += batch.stanzas; // its own presence, and the message
        receipts.extend(batch.receipts);
        tokio::task::yield_now().await;
    }
    lost.drop_connection().await;
    assert_eq!(receipts.len(), 1);
    drop(receipts); // written, but without knowing whether it arrived
    let bert = comes(&bench, "b", 0).await;
    assert_eq!(messages(bert.receives(2).await), [stamped("1")]);
    bench.kept("bert@chess.example", 0).await;
}
