//! Copies, stored messages and what a session left unread.

use super::{ENABLE, berts, chat, copy, from, nothing};
use crate::tests::bench::Bench;

#[tokio::test]
async fn a_message_to_oneself_that_finds_nobody_is_copied_and_kept() {
    let bench = Bench::new().await;
    let [one, two, plain] = berts(&bench).await;
    for client in [&one, &two, &plain] {
        client.send("<presence><priority>-1</priority></presence>").await;
    }
    [&one, &two, &plain].into_iter().for_each(|client| drop(client.received()));
    one.send("<message type='chat' id='1'><body>x</body></message>").await;
    let original = from("bert@chess.example/one", &chat("1", "bert@chess.example"));
    assert_eq!(two.one(), copy("bert@chess.example", "two", "sent", &original));
    nothing(&[&one, &plain]);
    bench.kept("bert@chess.example", 1).await;
}

#[tokio::test]
async fn what_is_left_over_is_not_copied_again() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, third] = berts(&bench).await;
    third.send("<presence><priority>-1</priority></presence>").await;
    third.send(ENABLE).await;
    [&one, &two, &third].into_iter().for_each(|client| drop(client.received()));
    one.hold().manage();
    anna.send(&chat("1", "bert@chess.example/one")).await;
    assert!(one.one().contains("id='1'"));
    assert!(two.one().contains("<received ") && third.one().contains("<received "));
    one.drop_connection().await; // never acknowledged
    let again = two.receives(2).await; // and the end of `one`
    assert!(again.iter().any(|got| got.starts_with("<message from='anna@chess.example/a'")), "{again:#?}");
    let all: Vec<_> = again.into_iter().chain(two.settled().await).chain(third.settled().await).collect();
    assert!(!all.iter().any(|got| got.contains("urn:xmpp:carbons:2")), "{all:#?}");
}

#[tokio::test]
async fn a_copy_that_nobody_has_read_is_not_kept() {
    let bench = Bench::new().await;
    let [one, two, third] = berts(&bench).await;
    for client in [&one, &third] {
        client.send("<presence><priority>-1</priority></presence>").await;
    }
    two.received();
    one.send(&chat("1", "anna@chess.example")).await;
    two.drop_connection().await; // with the copy unread, and no other session to take it
    let later = bench.bind("bert@chess.example/later").await;
    later.send("<presence/>").await;
    let got = later.settled().await;
    assert!(got.iter().all(|stanza| stanza.starts_with("<presence ")), "{got:#?}");
}

#[tokio::test]
async fn an_unread_copy_dies_with_its_session() {
    let bench = Bench::new().await;
    let [one, two, _plain] = berts(&bench).await;
    one.send(&chat("1", "anna@chess.example")).await; // `two` has a copy unread
    two.drop_connection().await;
    let got = one.settled().await;
    assert!(!got.iter().any(|stanza| stanza.contains("urn:xmpp:carbons:2")), "{got:#?}");
}

#[tokio::test]
async fn copies_stay_behind_stored_messages() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let one = bench.bind("bert@chess.example/one").await;
    let two = bench.bind("bert@chess.example/two").await;
    two.send(ENABLE).await;
    two.received();
    let held = bench.kernel.arrive(two.resource(), xmpp::Stanza::parse_str("<presence/>").unwrap());
    anna.send(&chat("question", "bert@chess.example")).await;
    one.send(&chat("answer", "anna@chess.example")).await;
    bench.kernel.arrived(held).await;
    let got = two.settled().await;
    let at = |id: &str| got.iter().position(|stanza| stanza.contains(id));
    assert!(at("question") < at("answer"), "{got:#?}");
}
