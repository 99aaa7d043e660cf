//! Which messages are copied, and to which resources.

use super::{DISABLE, ENABLE, berts, chat, copy, from, nothing};
use crate::tests::bench::Bench;

#[tokio::test]
async fn what_one_resource_receives_the_others_get_as_copies() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    for to in ["bert@chess.example/one", "bert@chess.example/plain"] {
        let message = chat("1", to);
        anna.send(&message).await;
        let original = from("anna@chess.example/a", &message);
        let copied = |name| copy("bert@chess.example", name, "received", &original);
        match to.ends_with("one") {
            true => assert_eq!((one.one(), two.one()), (original.clone(), copied("two"))),
            false => {
                assert_eq!((one.one(), two.one()), (copied("one"), copied("two")));
                assert_eq!(plain.one(), original);
            }
        }
        nothing(&[&one, &two, &plain, &anna]);
    }
}

#[tokio::test]
async fn what_one_resource_sends_the_others_get_as_copies() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    for to in ["anna@chess.example", "anna@chess.example/a", "nobody@chess.example", "anna@elsewhere.example"]
    {
        let message = chat("1", to);
        plain.send(&message).await;
        let original = from("bert@chess.example/plain", &message);
        // The error for an undeliverable stanza is copied as well.
        let refused = usize::from(!to.starts_with("anna@chess"));
        for (client, resource) in [(&one, "one"), (&two, "two")] {
            let got = client.received();
            assert_eq!(got.first(), Some(&copy("bert@chess.example", resource, "sent", &original)));
            assert_eq!(got.len(), 1 + refused, "{got:#?}");
        }
        assert_eq!(anna.received().len(), usize::from(to.starts_with("anna@chess")));
        plain.received(); // errors
        one.send(&message).await;
        let sent = copy("bert@chess.example", "two", "sent", &from("bert@chess.example/one", &message));
        assert_eq!(two.received().first(), Some(&sent));
        one.received();
        nothing(&[&plain]);
        anna.received();
    }
}

#[tokio::test]
async fn both_ends_on_one_server_get_their_own_copies() {
    let bench = Bench::new().await;
    let [one, two, _plain] = berts(&bench).await;
    let anna = bench.online("anna@chess.example/a").await;
    let other = bench.online("anna@chess.example/other").await;
    other.send(ENABLE).await;
    drop((anna.received(), other.received()));
    let message = chat("1", "anna@chess.example/a");
    one.send(&message).await;
    let original = from("bert@chess.example/one", &message);
    assert_eq!(two.one(), copy("bert@chess.example", "two", "sent", &original));
    assert_eq!(anna.one(), original);
    assert_eq!(other.one(), copy("anna@chess.example", "other", "received", &original));
    nothing(&[&one]);
}

#[tokio::test]
async fn copies_keep_the_type() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, _plain] = berts(&bench).await;
    for (attribute, expected) in [("", ""), (" type='normal'", " type='normal'")] {
        let body = "<body>x</body></message>";
        anna.send(&format!("<message{attribute} to='bert@chess.example/one'>{body}")).await;
        one.received();
        let got = two.one();
        let outer =
            format!("<message from='bert@chess.example' to='bert@chess.example/two'{expected}><received ");
        assert!(got.starts_with(&outer), "{got}");
        let inner = format!(
            "<message xmlns='jabber:client' from='anna@chess.example/a' to='bert@chess.example/one'{expected}>"
        );
        assert!(got.contains(&inner), "{got}");
    }
}

#[tokio::test]
async fn errors_are_copied_if_what_they_answer_was() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    let error = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    one.send(&chat("1", "anna@chess.example")).await;
    assert!(two.one().contains("<sent "));
    anna.received();
    let answer =
        |id: &str| format!("<message type='error' id='{id}' to='bert@chess.example/one'>{error}</message>");
    anna.send(&answer("2")).await;
    assert_eq!(one.received().len(), 1);
    nothing(&[&two, &plain]);
    anna.send(&answer("1")).await;
    assert_eq!(one.received().len(), 1);
    let got = two.one();
    assert!(got.contains(" type='error'><received ") && got.contains("<gone "), "{got}");
    nothing(&[&plain]);
    // and the other way round
    anna.send(&chat("3", "bert@chess.example/one")).await;
    assert!(one.one().contains("id='3'") && two.one().contains("<received "));
    one.send(&format!("<message type='error' id='3' to='anna@chess.example/a'>{error}</message>")).await;
    let got = two.one();
    assert!(got.contains(" type='error'><sent ") && got.contains("<gone "), "{got}");
}

#[tokio::test]
async fn switched_on_and_off() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, _plain] = berts(&bench).await;
    let copies = async |expected: usize| {
        anna.send(&chat("1", "bert@chess.example/one")).await;
        assert_eq!((one.received().len(), two.received().len()), (1, expected));
    };
    assert!(two.ask(ENABLE).await.contains("type='result'"), "already on");
    copies(1).await;
    for _ in 0..2 {
        assert!(two.ask(DISABLE).await.contains("type='result'"));
        copies(0).await;
    }
    assert!(two.ask(&ENABLE.replace(" id=", " to='bert@chess.example' id=")).await.contains("type='result'"));
    copies(1).await;
    for to in ["bert@chess.example", "nobody@chess.example", "chess.example"] {
        let refused = anna.ask(&ENABLE.replace(" id=", &format!(" to='{to}' id="))).await;
        let condition = if to.contains('@') { "<not-allowed " } else { "<service-unavailable " };
        assert!(refused.contains(condition), "{refused}");
    }
    let get = anna.ask("<iq type='get' id='g'><enable xmlns='urn:xmpp:carbons:2'/></iq>").await;
    assert!(get.contains("<service-unavailable "), "{get}");
}

#[tokio::test]
async fn it_stays_on_through_a_reload_and_ends_with_the_session() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, _plain] = berts(&bench).await;
    bench.serve(Vec::new()).await;
    anna.send(&chat("1", "bert@chess.example/one")).await;
    assert!(two.one().contains("<received "));
    two.drop_connection().await;
    let two = bench.online("bert@chess.example/two").await;
    one.received();
    anna.send(&chat("2", "bert@chess.example/one")).await;
    assert_eq!(one.received().len(), 1);
    nothing(&[&two]);
}

#[tokio::test]
async fn no_statement_for_a_copy() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, _plain] = berts(&bench).await;
    let calls = || bench.kernel.store().statement_counts().iter().map(|one| one.calls).sum::<u64>();
    let before = calls();
    two.send(DISABLE).await;
    two.send(ENABLE).await;
    two.received();
    anna.send(&chat("1", "bert@chess.example/one")).await;
    one.send(&chat("2", "anna@chess.example")).await;
    assert_eq!((one.received().len(), two.received().len()), (1, 2));
    assert_eq!(calls(), before);
}

#[tokio::test]
async fn the_servers_own_error_is_copied() {
    let bench = Bench::new().await;
    let [one, two, _plain] = berts(&bench).await;
    one.send(&chat("1", "nobody@chess.example")).await;
    assert!(one.one().contains("<service-unavailable "));
    let got = two.received();
    assert_eq!(got.len(), 2, "{got:#?}"); // the sent copy, and the error
}
