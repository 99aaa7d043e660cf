//! XEP-0280: who gets a copy, of what, and who does not.

use std::sync::Arc;

use kernel::Screen;
use storage::{Kinds, PrivacyChange, PrivacyItem, PrivacyList, StorageError, Subject};
use xmpp::Jid;

use super::bench::{Bench, Client};

const ENABLE: &str = "<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
const DISABLE: &str = "<iq type='set' id='d'><disable xmlns='urn:xmpp:carbons:2'/></iq>";

fn chat(id: &str, to: &str) -> String {
    format!("<message type='chat' id='{id}' to='{to}'><body>x</body></message>")
}

/// The message as its recipient sees it.
fn from(from: &str, xml: &str) -> String {
    let rest = xml.strip_prefix("<message type='chat' id='").unwrap();
    let (id, rest) = rest.split_once("' to='").unwrap();
    let (to, rest) = rest.split_once('\'').unwrap();
    format!("<message from='{from}' to='{to}' type='chat' id='{id}'{rest}")
}

fn copy(account: &str, resource: &str, direction: &str, message: &str) -> String {
    let message = message.replacen("<message ", "<message xmlns='jabber:client' ", 1);
    format!(
        "<message from='{account}' to='{account}/{resource}' type='chat'><{direction} xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></{direction}></message>"
    )
}

/// bert's resources: `one` and `two` get copies, `plain` does not; all wait for nothing.
async fn berts(bench: &Bench) -> [Client; 3] {
    let clients = [
        bench.online("bert@chess.example/one").await,
        bench.online("bert@chess.example/two").await,
        bench.online("bert@chess.example/plain").await,
    ];
    for client in &clients[..2] {
        client.received();
        let answer = format!("<iq to='{}' id='e' type='result'/>", client.resource().jid());
        assert_eq!(client.ask(ENABLE).await, answer);
    }
    clients.iter().for_each(|client| drop(client.received()));
    clients
}

fn nothing(clients: &[&Client]) {
    for client in clients {
        let got = client.received();
        assert!(got.is_empty(), "{}: {got:#?}", client.resource().jid());
    }
}

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
async fn who_gets_the_message_gets_no_copy() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    anna.send(&chat("1", "bert@chess.example")).await;
    for client in [&one, &two, &plain] {
        assert_eq!(client.one(), from("anna@chess.example/a", &chat("1", "bert@chess.example")));
    }
    // Of the highest priority that is not negative one gets it, the others get copies, also those that want no messages.
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
async fn what_one_resource_sends_the_others_get_as_copies() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let [one, two, plain] = berts(&bench).await;
    for to in ["anna@chess.example", "anna@chess.example/a", "nobody@chess.example", "anna@elsewhere.example"]
    {
        let message = chat("1", to);
        plain.send(&message).await;
        let original = from("bert@chess.example/plain", &message);
        // The error for a stanza that reaches nobody is copied as well.
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
        let condition = if to.starts_with("bert") { "<not-allowed " } else { "<service-unavailable " };
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
    let list = PrivacyList { name: "x".into(), items: vec![deny] };
    // a list that is active in one session keeps the copy from it as well
    bench.kernel.set_active_screen(two.resource(), Some(Arc::new(Screen::new(list.clone()))));
    plain.send(ENABLE).await;
    plain.received();
    anna.send(&chat("1", "bert@chess.example/one")).await;
    assert_eq!((one.received().len(), plain.received().len()), (1, 1));
    nothing(&[&two]);
    bench.kernel.set_active_screen(two.resource(), None);
    let compute =
        |_: Option<&PrivacyList>| Ok::<_, StorageError>(Some((Some(list.clone()), PrivacyChange::default())));
    bench.kernel.change_default_list(one.resource().account(), compute, || ()).await.unwrap();
    anna.send(&chat("2", "bert@chess.example/one")).await;
    assert!(anna.one().contains("<service-unavailable "));
    one.send(&chat("3", "anna@chess.example")).await;
    assert!(one.one().contains("<not-acceptable "), "what the sender's list forbids");
    nothing(&[&one, &two, &plain, &anna]);
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
    two.drop_connection().await; // with the copy unread, and nobody else to take it
    let later = bench.bind("bert@chess.example/later").await;
    later.send("<presence/>").await;
    let got = later.settled().await;
    assert!(got.iter().all(|stanza| stanza.starts_with("<presence ")), "{got:#?}");
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
async fn the_servers_own_error_is_copied() {
    let bench = Bench::new().await;
    let [one, two, _plain] = berts(&bench).await;
    one.send(&chat("1", "nobody@chess.example")).await;
    assert!(one.one().contains("<service-unavailable "));
    let got = two.received();
    assert_eq!(got.len(), 2, "{got:#?}"); // the sent copy, and the error
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
