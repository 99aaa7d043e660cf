//! Which stanzas pass and which do not.

use storage::{Kinds, Subscription};

use super::{ANNA, BERT, NOTHING, block, deny, done};
use crate::tests::bench::Bench;
use crate::tests::lists;

#[tokio::test]
async fn nothing_comes_from_a_blocked_address() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    bert.received();
    let error =
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    for to in ["anna@chess.example", ANNA] {
        for stanza in [
            format!("<message type='chat' to='{to}' id='m'><body>x</body></message>"),
            format!("<message type='headline' to='{to}' id='m'><body>x</body></message>"),
            format!("<iq type='get' to='{to}' id='q'><query xmlns='jabber:iq:version'/></iq>"),
            format!("<iq type='set' to='{to}' id='q'><query xmlns='urn:example:x'/></iq>"),
            format!(
                "<iq type='get' to='{to}' id='q'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
            ),
        ] {
            let answer = bert.ask(&stanza).await;
            assert!(answer.contains("type='error'") && answer.contains(error), "{stanza}: {answer}");
            assert!(!answer.contains("blocked"), "it looks as if she were away: {answer}");
        }
        for stanza in [
            format!("<presence to='{to}'/>"),
            format!("<presence to='{to}' type='unavailable'/>"),
            format!("<presence to='{to}' type='probe'/>"),
            format!("<presence to='{to}' type='subscribe'/>"),
            format!("<presence to='{to}' type='unsubscribed'/>"),
            format!("<iq type='result' to='{to}' id='q'/>"),
            format!("<message type='error' to='{to}' id='m'/>"),
        ] {
            bert.send(&stanza).await;
            let pushed = |stanza: &String| stanza.contains("jabber:iq:roster"); // of his own roster
            let got: Vec<_> = bert.received().into_iter().filter(|stanza| !pushed(stanza)).collect();
            assert_eq!(got, NOTHING, "{stanza}");
        }
    }
    bert.send("<presence><show>away</show></presence>").await;
    assert_eq!(anna.received(), NOTHING);
    let account = anna.resource().account();
    let item = bench.kernel.roster(account).await.unwrap().get(&bert.bare()).unwrap().clone();
    assert_eq!(item.subscription, Subscription::Both, "polite blocking: her roster is as it was");
}

#[tokio::test]
async fn nothing_goes_to_a_blocked_address() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    bert.received();
    for stanza in [
        "<message to='bert@chess.example' type='chat'><body>x</body></message>",
        "<message to='bert@chess.example/b'><body>x</body></message>",
        "<iq to='bert@chess.example' type='get' id='q'><query xmlns='jabber:iq:version'/></iq>",
        "<presence to='bert@chess.example'/>",
        "<presence to='bert@chess.example' type='subscribe'/>",
        "<presence to='bert@chess.example' type='probe'/>",
    ] {
        let answer = anna.ask(stanza).await;
        assert!(answer.contains("<not-acceptable ") && answer.contains("type='error'"), "{stanza}: {answer}");
        assert!(answer.contains("<blocked xmlns='urn:xmpp:blocking:errors'/>"), "{stanza}: {answer}");
    }
    anna.send("<presence><show>away</show></presence>").await;
    anna.drop_connection().await;
    assert_eq!(bert.received(), NOTHING);
}

#[tokio::test]
async fn an_absent_account_keeps_no_message_of_a_blocked_sender() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    anna.drop_connection().await;
    let bert = bench.online(BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    let message = "<message type='chat' to='anna@chess.example' id='m'><body>x</body></message>";
    let answer = bert.ask(message).await;
    assert!(answer.contains("<service-unavailable "), "{answer}");
    carl.send(message).await;
    assert_eq!(carl.received(), NOTHING);
    bench.kept("anna@chess.example", 1).await;
}

#[tokio::test]
async fn resources_of_one_account_are_never_blocked() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let phone = bench.online("anna@chess.example/phone").await;
    anna.received();
    // by a privacy list, since the blocking command refuses it
    let items = [deny(1, "anna@chess.example", Kinds::ALL), deny(2, "chess.example", Kinds::ALL)];
    lists::set_default(&bench, anna.resource().account(), "x", &items).await;
    phone.send("<message to='anna@chess.example/a'><body>x</body></message>").await;
    assert!(anna.one().contains("<body>x</body>"));
    phone.send("<presence><show>away</show></presence>").await;
    assert!(anna.one().contains("<show>away</show>"));
    let server = "<iq type='get' id='p' to='chess.example'><ping xmlns='urn:xmpp:ping'/></iq>";
    assert!(anna.ask(server).await.contains("type='result'"));
}

#[tokio::test]
async fn sessions_with_active_lists_go_by_those() {
    let bench = Bench::new().await;
    let bert = bench.online(BERT).await;
    let [top, middle, low] = [("top", 5), ("middle", 3), ("low", 1)].map(|(name, priority)| {
        let bench = &bench;
        async move {
            let client = bench.bind(&format!("anna@chess.example/{name}")).await;
            client.send(&format!("<presence><priority>{priority}</priority></presence>")).await;
            client
        }
    });
    let (top, middle, low) = (top.await, middle.await, low.await);
    done(&low, &block(&["bert@chess.example"])).await;
    lists::put(&bench, low.resource().account(), "active", &[deny(1, "carl@chess.example", Kinds::ALL)])
        .await;
    for resource in [middle.resource(), low.resource()] {
        bench.kernel.set_active_list(resource, Some("active")).await.unwrap();
    }
    for client in [&top, &middle, &low] {
        client.received();
    }
    let message = "<message type='chat' to='anna@chess.example'><body>x</body></message>";
    bert.send(message).await;
    assert_eq!(bert.received(), NOTHING);
    assert_eq!([&top, &middle, &low].map(|client| client.received().len()), [0, 1, 0]);
    assert!(
        bert.ask(&message.replace("'anna@chess.example'", "'anna@chess.example/top'"))
            .await
            .contains("service-unav")
    );
    let carl = bench.online("carl@chess.example/c").await;
    carl.send(message).await;
    assert_eq!([&top, &middle, &low].map(|client| client.received().len()), [1, 0, 0]);
    assert!(
        top.ask("<message to='bert@chess.example'><body>x</body></message>").await.contains("not-acceptable")
    );
    middle.send("<message to='bert@chess.example'><body>x</body></message>").await;
    assert_eq!((middle.received().len(), bert.received().len()), (0, 1));
    for resource in [middle.resource(), low.resource()] {
        bench.kernel.set_active_list(resource, None).await.unwrap();
    }
    assert!(bert.ask(message).await.contains("service-unav"));
}

#[tokio::test]
async fn what_came_before_its_sender_was_blocked_is_not_delivered_afterwards() {
    let bench = Bench::new().await;
    let bert = bench.online(BERT).await;
    bert.send("<message type='chat' to='anna@chess.example'><body>x</body></message>").await;
    bert.send("<presence type='subscribe' to='anna@chess.example'/>").await;
    bench.kept("anna@chess.example", 1).await;
    let anna = bench.bind(ANNA).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    anna.send("<presence/>").await;
    let got = anna.settled().await;
    assert!(!got.iter().any(|stanza| stanza.contains("bert@")), "{got:#?}");
    bench.kept("anna@chess.example", 0).await;
}

#[tokio::test]
async fn a_blocked_contact_that_is_deleted_is_no_contact_any_more() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    bert.received();
    let host = bench.kernel.host("chess.example").unwrap();
    bench.kernel.delete_account(&host, "bert", None).await.unwrap();
    let got = anna.received();
    assert!(got.iter().all(|stanza| stanza.starts_with("<iq ")), "only pushes: {got:#?}");
    let roster = anna.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>").await;
    assert!(roster.contains("jid='bert@chess.example' subscription='none'"), "{roster}");
}
