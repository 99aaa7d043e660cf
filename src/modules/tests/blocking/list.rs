//! The list itself: read, changed, refused, pushed, stored.

use kernel::DomainLimits;
use serde_json::json;
use storage::{Kinds, PrivacyChange};
use xmpp::Stanza;

use super::{ANNA, BERT, GET, NOTHING, block, command, deny, done, items, list, unblock};
use crate::tests::bench::Bench;

#[tokio::test]
async fn the_list_is_read_and_changed() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    assert_eq!(
        anna.ask(GET).await,
        "<iq to='anna@chess.example/a' id='g' type='result'><blocklist xmlns='urn:xmpp:blocking'/></iq>"
    );
    done(&anna, &block(&["bert@chess.example", "Romeo@Montague.example/Orchard", "shakespeare.example"]))
        .await;
    done(&anna, &block(&["bert@chess.example", "carl@chess.example"])).await;
    let all =
        ["bert@chess.example", "carl@chess.example", "romeo@montague.example/Orchard", "shakespeare.example"];
    assert_eq!(list(&anna).await, all);
    done(&anna, &unblock(&["carl@chess.example", "nobody@chess.example"])).await;
    assert_eq!(list(&anna).await, [all[0], all[2], all[3]]);
    done(&anna, &unblock(&[])).await;
    assert_eq!(list(&anna).await, NOTHING);
    let account = anna.resource().account();
    assert!(account.screen().is_none());
    let privacy = bench.kernel.store().privacy();
    assert_eq!(privacy.names(account.id()).await.unwrap(), NOTHING);
    assert_eq!(privacy.default_list(account.id()).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let bench = Bench::with_modules(json!({ "blocking": { "blocked": 2 } }), DomainLimits::default()).await;
    let anna = bench.online(ANNA).await;
    let bert = bench.online(BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    let empty_item = "<iq type='set' id='s'><unblock xmlns='urn:xmpp:blocking'><item/></unblock></iq>";
    for (request, answer) in [
        (block(&[]), "<bad-request "),
        (empty_item.to_owned(), "<bad-request "),
        (block(&["carl@chess.example", "@"]), "<jid-malformed "),
        (unblock(&["@"]), "<jid-malformed "),
        (block(&["anna@chess.example"]), "you cannot block your own address"),
        (block(&["carl@chess.example", "anna@chess.example/x"]), "you cannot block your own address"),
        (block(&["chess.example"]), "you cannot block your own server"),
        (block(&["x.example", "y.example"]), "your block list is full (2 entries)"),
    ] {
        let got = anna.ask(&request).await;
        assert!(got.contains("type='error'") && got.contains(answer), "{request}: {got}");
    }
    assert_eq!(list(&anna).await, ["bert@chess.example"]);
    done(&anna, &block(&["bert@chess.example", "carl@chess.example"])).await;
    for request in [GET.to_owned(), block(&["x.example"]), unblock(&[])] {
        let got = bench.online("anna@wuchess.example/a").await;
        let got = got.ask(&request.replacen("<iq ", "<iq to='anna@chess.example' ", 1)).await;
        assert!(got.contains("<forbidden "), "{got}");
    }
    let got = bert.ask(&GET.replacen("<iq ", "<iq to='anna@chess.example' ", 1)).await;
    assert!(got.contains("<service-unavailable "), "{got}");
}

#[tokio::test]
async fn pushes_go_to_those_who_have_asked_and_before_the_result() {
    let bench = Bench::new().await;
    let desk = bench.online("anna@chess.example/desk").await;
    let phone = bench.online("anna@chess.example/phone").await;
    let deaf = bench.online("anna@chess.example/deaf").await;
    for client in [&desk, &phone] {
        client.send(GET).await;
    }
    for client in [&desk, &phone, &deaf] {
        client.received();
    }
    let push = |to: &str, number: u32, name: &str, jids: &[&str]| {
        let items = items(jids);
        let payload = match jids {
            [] => format!("<{name} xmlns='urn:xmpp:blocking'/>"),
            _ => format!("<{name} xmlns='urn:xmpp:blocking'>{items}</{name}>"),
        };
        format!("<iq to='anna@chess.example/{to}' id='block-{number}' type='set'>{payload}</iq>")
    };
    let both = ["bert@chess.example", "x.example"];
    let steps =
        [("block", &both[..]), ("block", &["y.example"]), ("unblock", &["x.example"]), ("unblock", &[])];
    for (number, (name, jids)) in (1..).zip(steps) {
        desk.send(&command(name, jids)).await;
        let result = "<iq to='anna@chess.example/desk' id='s' type='result'/>";
        assert_eq!(desk.received(), [push("desk", number, name, jids).as_str(), result]);
    }
    let pushed: Vec<_> =
        (1..).zip(steps).map(|(number, (name, jids))| push("phone", number, name, jids)).collect();
    assert_eq!(phone.received(), pushed, "in the order of the changes");
    deaf.send(&block(&both)).await;
    assert_eq!(deaf.one(), "<iq to='anna@chess.example/deaf' id='s' type='result'/>");
    assert_eq!(phone.received().len(), 1);
    for request in [block(&both), unblock(&["z.example"])] {
        done(&deaf, &request).await;
        assert_eq!(phone.received(), NOTHING, "nothing has changed");
    }
}

#[tokio::test]
async fn what_is_sent_behind_a_change_is_screened_by_it() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let bert = bench.online(BERT).await;
    let message = "<message to='bert@chess.example' id='m'><body>x</body></message>";
    for (request, passes) in
        [(block(&["bert@chess.example"]), false), (unblock(&["bert@chess.example"]), true)]
    {
        for xml in [request.as_str(), message] {
            let stanza = Stanza::parse_str(xml).unwrap().with_from(anna.resource().jid().clone());
            anna.hold().process(stanza).await; // not waiting for the answer
        }
        anna.hold().settled(anna.hold().read()).await;
        let got = anna.received();
        assert!(got[0].contains("type='result'"), "{got:#?}");
        assert_eq!(got.len(), if passes { 1 } else { 2 }, "{got:#?}");
        assert_eq!(bert.received().len(), usize::from(passes));
    }
}

#[tokio::test]
async fn it_survives_a_restart() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let id = anna.resource().account().id();
    let mut other = deny(1, "z.example", Kinds::ALL);
    other.allow = true;
    let named = PrivacyChange { list: "blocklist".into(), put: vec![other], ..PrivacyChange::default() };
    bench.kernel.store().privacy().change(id, named).await.unwrap();
    done(&anna, &block(&["bert@chess.example"])).await;
    done(&anna, &block(&["x.example"])).await;
    drop(anna);
    let bench = bench.restarted().await;
    let bert = bench.online(BERT).await;
    let message = "<message type='chat' to='anna@chess.example' id='m'><body>x</body></message>";
    assert!(
        bert.ask(message).await.contains("<service-unavailable "),
        "read with the account, nobody is logged in"
    );
    bench.kept("anna@chess.example", 0).await;
    let anna = bench.online(ANNA).await;
    assert_eq!(list(&anna).await, ["bert@chess.example", "x.example"]);
    let screen = anna.resource().account().screen().unwrap();
    assert_eq!(screen.list().name, "blocklist-2", "a list of another's making is left alone");
    assert_eq!(screen.list().items.len(), 2);
    done(&anna, &unblock(&[])).await;
    assert_eq!(bench.kernel.store().privacy().names(id).await.unwrap(), ["blocklist"]);
}
