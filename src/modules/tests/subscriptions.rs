//! RFC 6121 section 3 between two accounts of this server.

use std::time::Duration;

use super::bench::{Bench, plain};

fn plains(stanzas: Vec<String>) -> Vec<String> {
    stanzas.iter().map(|stanza| plain(stanza)).collect()
}

fn push(id: &str, to: &str, item: &str) -> String {
    format!("<iq to='{to}' id='push-{id}' type='set'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
}

#[tokio::test]
async fn a_request_and_its_approval() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    anna.send("<presence type='subscribe' to='bert@chess.example/b' id='s1'><status>hi</status></presence>")
        .await;
    let asked = "<item jid='bert@chess.example' subscription='none' ask='subscribe'/>";
    assert_eq!(plains(anna.received()), [push("1", "anna@chess.example/a", asked)]);
    assert_eq!(
        bert.received(),
        ["<presence from='anna@chess.example' to='bert@chess.example' type='subscribe' id='s1'>\
          <status>hi</status></presence>"]
    );
    bert.send("<presence type='subscribed' to='anna@chess.example'/>").await;
    let from = "<item jid='anna@chess.example' subscription='from'/>";
    assert_eq!(plains(bert.received()), [push("2", "bert@chess.example/b", from)]);
    let to = "<item jid='bert@chess.example' subscription='to'/>";
    assert_eq!(
        plains(anna.received()),
        [
            "<presence from='bert@chess.example' to='anna@chess.example' type='subscribed'/>",
            push("2", "anna@chess.example/a", to).as_str(),
            "<presence from='bert@chess.example/b' to='anna@chess.example'/>",
        ]
    );
}

/// Each holds its own roster while it looks at the other's.
#[tokio::test]
async fn two_who_subscribe_to_each_other_at_once_do_not_wait_for_each_other() {
    for _ in 0..20 {
        let bench = Bench::new().await;
        let anna = bench.online("anna@chess.example/a").await;
        let bert = bench.online("bert@chess.example/b").await;
        let both = async {
            tokio::join!(
                anna.send("<presence type='subscribe' to='bert@chess.example'/>"),
                bert.send("<presence type='subscribe' to='anna@chess.example'/>")
            )
        };
        assert!(
            tokio::time::timeout(Duration::from_secs(20), both).await.is_ok(),
            "they wait for each other"
        );
        anna.send("<presence type='subscribed' to='bert@chess.example'/>").await;
        bert.send("<presence type='subscribed' to='anna@chess.example'/>").await;
        for client in [&anna, &bert] {
            let got = client.received();
            assert!(got.iter().any(|one| one.contains("type='subscribe'")), "{got:?}");
            assert!(got.iter().any(|one| one.contains("subscription='both'")), "{got:?}");
        }
    }
}

/// The other side never learns of it: the account's own side is written all the same.
#[tokio::test]
async fn a_request_to_nobody_and_to_one_who_blocks_is_in_the_roster() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    bert.ask("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='anna@chess.example'/></block></iq>").await;
    bert.received();
    for to in ["nobody@chess.example", "bert@chess.example", "carl@elsewhere.example"] {
        anna.send(&format!("<presence type='subscribe' to='{to}'/>")).await;
        let got = anna.received();
        let asked = format!("<item jid='{to}' subscription='none' ask='subscribe'/>");
        assert!(got.iter().any(|one| one.contains(&asked)), "{to}: {got:?}");
    }
    assert_eq!(bert.received(), [""; 0]);
    let roster = anna.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>").await;
    assert_eq!(roster.matches("ask='subscribe'").count(), 3, "{roster}");
}

#[tokio::test]
async fn a_denial() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    anna.send("<presence type='subscribe' to='bert@chess.example'/>").await;
    anna.received();
    bert.received();
    bert.send("<presence type='unsubscribed' to='anna@chess.example'/>").await;
    assert_eq!(bert.received(), [""; 0], "anna was never in bert's roster");
    let none = "<item jid='bert@chess.example' subscription='none'/>";
    assert_eq!(
        plains(anna.received()),
        [
            "<presence from='bert@chess.example' to='anna@chess.example' type='unsubscribed'/>",
            push("2", "anna@chess.example/a", none).as_str(),
        ]
    );
}

#[tokio::test]
async fn a_request_waits_until_it_is_answered() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send("<presence type='subscribe' to='bert@chess.example'><status>hi</status></presence>").await;
    let request = "<presence from='anna@chess.example' to='bert@chess.example' type='subscribe'>\
                   <status>hi</status></presence>";
    for _ in 0..2 {
        let bert = bench.bind("bert@chess.example/b").await;
        bert.send("<presence/>").await;
        assert!(bert.received().contains(&request.to_owned()));
        bert.drop_connection().await;
    }
    let bert = bench.online("bert@chess.example/b").await;
    anna.send("<presence type='subscribe' to='bert@chess.example'/>").await;
    assert_eq!(bert.received(), [""; 0], "it is waiting already");
    bert.send("<presence type='subscribed' to='anna@chess.example'/>").await;
    bert.drop_connection().await;
    let bert = bench.bind("bert@chess.example/b").await;
    bert.send("<presence/>").await;
    assert!(!bert.received().contains(&request.to_owned()));
}

#[tokio::test]
async fn a_request_of_somebody_approved_is_answered_by_the_server() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    bert.send("<presence type='subscribed' to='anna@chess.example'/>").await;
    let approved = "<item jid='anna@chess.example' subscription='none' approved='true'/>";
    assert_eq!(plains(bert.received()), [push("1", "bert@chess.example/b", approved)]);
    assert_eq!(anna.received(), [""; 0], "an approval beforehand is not passed on");
    anna.send("<presence type='subscribe' to='bert@chess.example'/>").await;
    let from = "<item jid='anna@chess.example' subscription='from' approved='true'/>";
    assert_eq!(plains(bert.received()), [push("2", "bert@chess.example/b", from)]);
    let got = anna.received();
    assert!(
        got.contains(
            &"<presence from='bert@chess.example' to='anna@chess.example' type='subscribed'/>".into()
        )
    );
    assert!(got.contains(&"<presence from='bert@chess.example/b' to='anna@chess.example'/>".into()));
}

#[tokio::test]
async fn the_end_of_ones_own_subscription() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    anna.send("<presence type='unsubscribe' to='bert@chess.example'/>").await;
    let to = "<item jid='anna@chess.example' subscription='to'/>";
    assert_eq!(
        plains(bert.received()),
        [
            "<presence from='anna@chess.example' to='bert@chess.example' type='unsubscribe'/>",
            push("5", "bert@chess.example/b", to).as_str(),
        ]
    );
    let from = "<item jid='bert@chess.example' subscription='from'/>";
    assert_eq!(
        plains(anna.received()),
        [
            push("5", "anna@chess.example/a", from).as_str(),
            "<presence from='bert@chess.example/b' to='anna@chess.example' type='unavailable'/>",
        ]
    );
    bert.send("<presence><show>away</show></presence>").await;
    assert_eq!(anna.received(), [""; 0], "no presence any more");
}

#[tokio::test]
async fn the_end_of_the_others_subscription() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    anna.send("<presence type='unsubscribed' to='bert@chess.example'/>").await;
    let from = "<item jid='anna@chess.example' subscription='from'/>";
    assert_eq!(
        plains(bert.received()),
        [
            "<presence from='anna@chess.example/a' to='bert@chess.example' type='unavailable'/>",
            "<presence from='anna@chess.example' to='bert@chess.example' type='unsubscribed'/>",
            push("5", "bert@chess.example/b", from).as_str(),
        ]
    );
    anna.received();
    anna.send("<presence><show>away</show></presence>").await;
    assert_eq!(bert.received(), [""; 0]);
}

#[tokio::test]
async fn what_changes_nothing_is_not_delivered() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    for kind in ["unsubscribe", "unsubscribed"] {
        anna.send(&format!("<presence type='{kind}' to='bert@chess.example'/>")).await;
        assert_eq!((anna.received(), bert.received()), (vec![], vec![]), "{kind}");
    }
    for client in [&anna, &bert] {
        let roster = bench.kernel.roster(client.resource().account()).await.unwrap();
        assert_eq!((roster.version, roster.len()), (0, 0), "nor is it written");
    }
}

#[tokio::test]
async fn a_subscription_to_oneself_or_to_nobody() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    for (stanza, condition) in [
        ("<presence type='subscribe' id='1' to='anna@chess.example'/>", "not-allowed"),
        ("<presence type='subscribe' id='1'/>", "bad-request"),
        ("<presence type='subscribe' id='1' to='x@nowhere.example'/>", "remote-server-not-found"),
    ] {
        anna.send(stanza).await;
        let got = anna.received();
        assert!(got.iter().any(|stanza| stanza.contains(condition)), "{condition}: {got:#?}");
    }
    anna.send("<presence type='subscribe' to='nobody@chess.example'/>").await;
    let got = anna.received();
    assert!(got.len() == 1 && got[0].contains("ask='subscribe'"), "only the push: {got:#?}");
}
