//! What is not copied, and which resources get no copies.

use storage::{Kinds, PrivacyItem, Subject};
use xmpp::Jid;

use super::{ENABLE, berts, chat, copy, from, nothing};
use crate::tests::bench::Bench;
use crate::tests::lists;

#[tokio::test]
async fn who_gets_the_message_gets_no_copy() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    anna.send(&chat("1", "bert@chess.example")).await;
    for client in [&one, &two, &plain] {
        assert_eq!(client.one(), from("anna@chess.example/a", &chat("1", "bert@chess.example")));
    }
    // One resource of the highest non-negative priority gets it; the others get copies, including those that
    // take no messages.
    two.send("<presence><priority>5</priority></presence>").await;
    one.send("<presence><priority>-1</priority></presence>").await;
    [&one, &two, &plain].into_iter().for_each(|client| drop(client.received()));
    anna.send(&chat("2", "bert@chess.example")).await;
    let original = from("anna@chess.example/a", &chat("2", "bert@chess.example"));
    assert_eq!(two.one(), original);
    assert_eq!(one.one(), copy("bert@chess.example", "one", "received", &original));
    nothing(&[&plain]);
}

#[tokio::test]
async fn of_messages_to_oneself_each_resource_gets_one() {
    let bench = Bench::new().await;
    let [one, two, plain] = berts(&bench).await;
    let message = chat("1", "bert@chess.example");
    one.send(&message).await;
    for client in [&one, &two, &plain] {
        assert_eq!(client.one(), from("bert@chess.example/one", &message), "all are of the highest priority");
    }
    let message = chat("2", "bert@chess.example/plain");
    one.send(&message).await;
    let original = from("bert@chess.example/one", &message);
    assert_eq!(plain.one(), original);
    assert_eq!(two.one(), copy("bert@chess.example", "two", "sent", &original));
    nothing(&[&one]);
    let message = chat("3", "bert@chess.example/two");
    plain.send(&message).await;
    let original = from("bert@chess.example/plain", &message);
    assert_eq!(two.one(), original);
    assert_eq!(one.one(), copy("bert@chess.example", "one", "sent", &original));
    nothing(&[&plain]);
}

#[tokio::test]
async fn private_messages_are_delivered_as_they_are_and_not_copied() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    for hint in ["<private xmlns='urn:xmpp:carbons:2'/>", "<no-copy xmlns='urn:xmpp:hints'/>"] {
        let hinted = |message: String| message.replace("</message>", &format!("{hint}</message>"));
        let message = hinted(chat("1", "bert@chess.example/one"));
        anna.send(&message).await;
        assert_eq!(one.one(), from("anna@chess.example/a", &message));
        one.send(&hinted(chat("1", "anna@chess.example"))).await;
        assert!(anna.one().contains(hint));
        nothing(&[&one, &two, &plain]);
    }
}

#[tokio::test]
async fn what_is_not_of_a_conversation_is_not_copied() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    for message in [
        "<message type='headline' to='bert@chess.example/one'><body>x</body></message>",
        "<message type='groupchat' to='bert@chess.example/one'><body>x</body></message>",
        "<message to='bert@chess.example/one'><move xmlns='urn:example:move'/></message>",
        "<message type='error' id='7' to='bert@chess.example/one'><body>x</body></message>",
        "<presence to='bert@chess.example/one'/>",
    ] {
        anna.send(message).await;
        assert_eq!(one.received().len(), 1, "{message}");
        one.send(&message.replace("bert@chess.example/one", "anna@chess.example/a")).await;
        assert_eq!(anna.received().len(), 1, "{message}");
        nothing(&[&one, &two, &plain]);
    }
}

#[tokio::test]
async fn what_is_blocked_is_not_copied() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    let deny = PrivacyItem {
        order: 1,
        subject: Subject::Jid(Jid::parse("anna@chess.example").unwrap()),
        allow: false,
        kinds: Kinds::ALL,
    };
    let account = two.resource().account();
    lists::put(&bench, account, "x", &[deny]).await;
    // a session's active list also keeps copies from it
    bench.kernel.set_active_list(two.resource(), Some("x")).await.unwrap();
    plain.send(ENABLE).await;
    plain.received();
    anna.send(&chat("1", "bert@chess.example/one")).await;
    assert_eq!((one.received().len(), plain.received().len()), (1, 1));
    nothing(&[&two]);
    bench.kernel.set_active_list(two.resource(), None).await.unwrap();
    lists::default(&bench, account, "x").await;
    anna.send(&chat("2", "bert@chess.example/one")).await;
    assert!(anna.one().contains("<service-unavailable "));
    one.send(&chat("3", "anna@chess.example")).await;
    assert!(one.one().contains("<not-acceptable "), "what the sender's list forbids");
    nothing(&[&one, &two, &plain, &anna]);
}

#[tokio::test]
async fn a_forged_copy_is_a_message_like_others() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, _plain] = berts(&bench).await;
    let forged = copy("carl@chess.example", "c", "received", "<message from='carl@chess.example/c'/>");
    let forged =
        forged.replace("from='carl@chess.example' to='carl@chess.example/c'", "to='bert@chess.example/one'");
    anna.send(&forged).await;
    assert!(one.one().starts_with("<message from='anna@chess.example/a' to='bert@chess.example/one'"));
    let got = two.one();
    assert!(got.starts_with("<message from='bert@chess.example' to='bert@chess.example/two'"), "{got}");
    assert!(got.contains("from='anna@chess.example/a'"), "who has forged it is seen: {got}");
}
