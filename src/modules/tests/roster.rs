//! RFC 6121 section 2.

use serde_json::json;

use super::bench::{Bench, limits, plain};

const GET: &str = "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>";

fn set(item: &str) -> String {
    format!("<iq type='set' id='s'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
}

#[tokio::test]
async fn set_push_and_get() {
    let bench = Bench::new().await;
    let desk = bench.online("anna@chess.example/desk").await;
    let phone = bench.online("anna@chess.example/phone").await;
    let deaf = bench.bind("anna@chess.example/deaf").await;
    desk.received();
    let item = "<item jid='bert@chess.example' name='B' subscription='none'><group>chess</group></item>";
    desk.send(&set("<item jid='bert@chess.example' name='B'><group>chess</group></item>")).await;
    let push = |to| {
        let query = format!("<query xmlns='jabber:iq:roster'>{item}</query>");
        format!("<iq to='anna@chess.example/{to}' id='push-1' type='set'>{query}</iq>")
    };
    let got: Vec<_> = desk.received().iter().map(|s| plain(s)).collect();
    assert_eq!(got, [push("desk").as_str(), "<iq to='anna@chess.example/desk' id='s' type='result'/>"]);
    assert_eq!(plain(&phone.one()), push("phone"));
    assert!(deaf.received().is_empty(), "it has not asked for the roster");
    let roster = format!(
        "<iq to='anna@chess.example/desk' id='r' type='result'><query xmlns='jabber:iq:roster'>{item}</query></iq>"
    );
    assert_eq!(plain(&desk.ask(GET).await), roster);
}

#[tokio::test]
async fn a_known_version_is_not_sent_again() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&set("<item jid='bert@chess.example'/>")).await;
    anna.received();
    let roster = anna.ask(GET).await;
    let (_, rest) = roster.split_once("ver='").unwrap();
    let (version, _) = rest.split_once('\'').unwrap();
    let get = |version: &str| {
        format!("<iq type='get' id='r'><query xmlns='jabber:iq:roster' ver='{version}'/></iq>")
    };
    let empty = "<iq to='anna@chess.example/a' id='r' type='result'/>";
    assert_eq!(anna.ask(&get(version)).await, empty);
    assert!(anna.ask(&get("")).await.contains("bert@"));
    anna.send(&set("<item jid='bert@chess.example' name='B'/>")).await;
    anna.received();
    assert!(anna.ask(&get(version)).await.contains("name='B'"));
}

#[tokio::test]
async fn a_set_that_is_refused_changes_nothing() {
    let bench = Bench::with(json!({}), limits(json!({ "roster_items": 1 }))).await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.send(&set("<item jid='bert@chess.example'/>")).await;
    anna.received();
    for (item, condition) in [
        ("<item jid='carl@chess.example'/>", "resource-constraint"),
        ("<item jid='carl@chess.example' subscription='remove'/>", "item-not-found"),
        ("<item jid='anna@chess.example'/>", "not-allowed"),
        ("<item jid='bert@chess.example'><group/></item>", "not-acceptable"),
    ] {
        let answer = anna.ask(&set(item)).await;
        assert!(answer.contains(condition) && answer.contains("type='error'"), "{condition}: {answer}");
    }
    anna.send(&set("<item jid='bert@chess.example'/>")).await;
    let got = anna.received();
    assert!(got.len() == 2 && got[0].contains("push-2"), "a full roster can be changed: {got:#?}");
}

#[tokio::test]
async fn nobody_elses_roster() {
    let bench = Bench::new().await;
    let (_anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let other = bench.online("anna@wuchess.example/a").await;
    for client in [&bert, &other] {
        for stanza in [GET.to_owned(), set("<item jid='x@chess.example'/>")] {
            let answer = client.ask(&stanza.replacen("<iq ", "<iq to='anna@chess.example' ", 1)).await;
            assert!(answer.contains("<forbidden "), "{answer}");
            assert!(!answer.contains("bert@chess.example' sub"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_removed_contact_is_told() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    anna.send(&set("<item jid='bert@chess.example' subscription='remove'/>")).await;
    let got = anna.received();
    assert!(got[0].contains("subscription='remove'"), "{got:#?}");
    assert!(got.last().unwrap().contains("id='s' type='result'"), "{got:#?}");
    let got: Vec<_> = bert.received().iter().map(|s| plain(s)).collect();
    assert_eq!(
        got.iter().filter(|s| s.starts_with("<presence")).collect::<Vec<_>>(),
        [
            "<presence from='anna@chess.example/a' to='bert@chess.example' type='unavailable'/>",
            "<presence from='anna@chess.example' to='bert@chess.example' type='unsubscribe'/>",
            "<presence from='anna@chess.example' to='bert@chess.example' type='unsubscribed'/>",
        ]
    );
    assert!(bert.ask(GET).await.contains("jid='anna@chess.example' subscription='none'"));
    assert!(!anna.ask(GET).await.contains("bert"));
}

#[tokio::test]
async fn a_request_is_not_in_the_roster_and_outlives_a_removal() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    bert.send("<presence type='subscribe' to='anna@chess.example'/>").await;
    anna.received();
    assert!(!anna.ask(GET).await.contains("bert"));
    anna.send(&set("<item jid='bert@chess.example'/>")).await;
    anna.send(&set("<item jid='bert@chess.example' subscription='remove'/>")).await;
    anna.received();
    assert!(!anna.ask(GET).await.contains("bert"));
    let phone = bench.bind("anna@chess.example/phone").await;
    phone.send("<presence/>").await;
    assert!(phone.received().iter().any(|s| s.contains("type='subscribe'")));
}

#[tokio::test]
async fn contacts_of_a_deleted_account_are_told() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let carl = bench.online("carl@chess.example/c").await;
    carl.send("<presence type='subscribe' to='anna@chess.example'/>").await;
    carl.received();
    let host = bench.kernel.host("chess.example").unwrap();
    let id = anna.resource().account().id();
    bench.kernel.delete_account(&host, "anna", None).await.unwrap();
    let got: Vec<_> = bert.received().into_iter().filter(|s| s.starts_with("<presence")).collect();
    assert_eq!(
        got,
        [
            "<presence from='anna@chess.example/a' to='bert@chess.example' type='unavailable'/>",
            "<presence from='anna@chess.example' to='bert@chess.example' type='unsubscribe'/>",
            "<presence from='anna@chess.example' to='bert@chess.example' type='unsubscribed'/>",
        ]
    );
    assert!(bert.ask(GET).await.contains("jid='anna@chess.example' subscription='none'"));
    carl.received();
    assert!(
        carl.ask(GET).await.contains("jid='anna@chess.example' subscription='none'/>"),
        "no ask any more"
    );
    let left = bench.kernel.store().rows_of_account(id).await.unwrap();
    assert!(left.iter().all(|(_, rows)| *rows == 0), "{left:?}");
}

/// Requests of strangers take no room from contacts, and have their own limits.
#[tokio::test]
async fn strangers_do_not_fill_a_roster() {
    let bench = Bench::with(json!({}), limits(json!({ "roster_items": 4 }))).await;
    let _anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    let stranger = bench.online("anna@wuchess.example/w").await;
    let subscribe = "<presence type='subscribe' id='s' to='anna@chess.example'/>";
    stranger.send(subscribe).await;
    assert!(!stranger.received().concat().contains("resource-constraint"));
    bert.send(subscribe).await;
    assert!(bert.received().concat().contains("resource-constraint"), "a quarter of four is one");
    let anna = bench.bind("anna@chess.example/again").await;
    for n in 0..4 {
        let answer = anna.ask(&set(&format!("<item jid='c{n}@chess.example'/>"))).await;
        assert!(answer.contains("type='result'"), "{answer}");
    }
    let answer = anna.ask(&set("<item jid='c4@chess.example'/>")).await;
    assert!(answer.contains("resource-constraint"), "{answer}");
}

#[tokio::test]
async fn a_roster_is_bounded_in_bytes_too() {
    let bench = Bench::with(json!({}), limits(json!({ "roster_bytes": 65_536 }))).await;
    let anna = bench.bind("anna@chess.example/a").await;
    let item = |contact: usize, groups: usize| {
        let groups: String = (0..groups).map(|n| format!("<group>{n}</group>")).collect();
        set(&format!("<item jid='c{contact}@chess.example'>{groups}</item>"))
    };
    assert!(anna.ask(&item(1, 500)).await.contains("type='result'"));
    assert!(anna.ask(&item(2, 600)).await.contains("resource-constraint"));
    assert!(anna.ask(&item(1, 400)).await.contains("type='result'"), "less always fits");
    assert!(anna.ask(&item(2, 500)).await.contains("type='result'"));
}
