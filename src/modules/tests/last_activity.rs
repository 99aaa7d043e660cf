//! XEP-0012: when a user was last available, and who may see it.

use std::time::Duration;

use storage::{Kinds, PrivacyItem, Subject};
use xmpp::Jid;

use super::bench::{Bench, Client, NOW_US};
use super::lists;

fn get(to: &str) -> String {
    format!("<iq type='get' id='l' to='{to}'><query xmlns='jabber:iq:last'/></iq>")
}

async fn answers(client: &Client, to: &str, expected: &str) {
    client.received();
    let answer = client.ask(&get(to)).await;
    assert!(answer.contains(expected) && answer.contains(" id='l'"), "{to}: {answer}");
}

fn seconds(seconds: u64) -> String {
    format!("<query xmlns='jabber:iq:last' seconds='{seconds}'/>")
}

const ANNA: &str = "anna@chess.example";

#[tokio::test]
async fn of_somebody_who_has_left() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let second = bench.online("anna@chess.example/second").await;
    answers(&bert, ANNA, &seconds(0)).await;
    anna.send("<presence type='unavailable'><status>not the last</status></presence>").await;
    answers(&bert, ANNA, &seconds(0)).await;
    second.send("<presence type='unavailable'><status>Heading Home &amp; away</status></presence>").await;
    bench.clock.set(NOW_US + 903_999_999);
    second.drop_connection().await;
    answers(&bert, ANNA, &seconds(0)).await; // one is still connected (section 4)
    anna.drop_connection().await;
    let expected = "<query xmlns='jabber:iq:last' seconds='903'>Heading Home &amp; away</query>";
    answers(&bert, ANNA, expected).await;
    // back again, and gone without a status
    let anna = bench.online("anna@chess.example/a").await;
    answers(&bert, ANNA, &seconds(0)).await;
    anna.drop_connection().await;
    answers(&bert, ANNA, &seconds(0)).await;
    bench.clock.set(NOW_US + 1_003_999_999);
    answers(&bert, ANNA, &seconds(100)).await;
}

#[tokio::test]
async fn a_status_holds_for_one_leave() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    anna.send("<presence type='unavailable'><status>once</status></presence>").await;
    anna.send("<presence type='unavailable'><status>not available anyway</status></presence>").await;
    anna.drop_connection().await;
    answers(&bert, ANNA, ">once</query>").await;
    let anna = bench.bind("anna@chess.example/a").await;
    anna.send("<presence><status>here</status></presence>").await;
    anna.send("<presence type='unavailable' to='bert@chess.example'><status>to one</status></presence>")
        .await;
    anna.drop_connection().await;
    answers(&bert, ANNA, &seconds(0)).await;
}

/// At shutdown, what was gathered is written at once.
async fn drained(bench: &Bench) {
    let tasks = &bench.kernel.runtime().tasks;
    tasks.start_drain();
    assert_eq!(tasks.join_all(Duration::from_secs(30)).await, 0);
}

#[tokio::test]
async fn it_is_stored_once_when_the_last_leaves() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let second = bench.online("anna@chess.example/second").await;
    let id = anna.resource().account().id();
    let stored = async || bench.kernel.store().last_activity().get(id).await.unwrap();
    let writes = || {
        let counts = bench.kernel.store().statement_counts();
        counts.iter().filter(|one| one.name == "last_activity.put").map(|one| one.calls).sum::<u64>()
    };
    anna.drop_connection().await;
    second.send("<presence type='unavailable'><status>bye</status></presence>").await;
    second.drop_connection().await;
    assert_eq!(writes(), 0, "it waits for others");
    drained(&bench).await;
    assert_eq!(writes(), 1);
    let last = stored().await.unwrap();
    assert_eq!((last.at_us, &*last.status), (NOW_US, "bye"));
}

#[tokio::test]
async fn many_leave_at_once() {
    let bench = Bench::new().await;
    let (_anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let mut clients = Vec::new();
    for n in 0..50 {
        clients.push(bench.online(&format!("anna@chess.example/{n}")).await);
        clients.push(bench.online(&format!("carl@chess.example/{n}")).await);
    }
    let kernel = &bench.kernel;
    let ends: Vec<_> = clients
        .iter()
        .map(|client| {
            let (kernel, resource) = (kernel.clone(), client.resource().clone());
            kernel.clone().runtime().tasks.spawn("end", async move { kernel.end(&resource).await })
        })
        .collect();
    for end in ends {
        end.await.unwrap();
    }
    answers(&bert, ANNA, &seconds(0)).await;
    let carl = clients[1].resource().account().id();
    drained(&bench).await;
    assert_eq!(kernel.store().last_activity().get(carl).await.unwrap().unwrap().at_us, NOW_US);
}

#[tokio::test]
async fn only_to_those_who_may_see_presence() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let carl = bench.online("carl@chess.example/c").await;
    answers(&carl, ANNA, "<forbidden ").await;
    answers(&carl, "anna@chess.example/a", "<forbidden ").await;
    answers(&carl, "anna@chess.example/none", "<forbidden ").await;
    assert!(anna.received().is_empty(), "it does not reach the client");
    answers(&carl, "nobody@chess.example", "<forbidden ").await;
    answers(&carl, "nobody@chess.example/a", "<forbidden ").await;
    answers(&anna, ANNA, &seconds(0)).await;
    // a full JID is answered by the client
    bert.send(&get("anna@chess.example/a")).await;
    assert!(anna.one().contains("<query xmlns='jabber:iq:last'/>"));
    anna.send(
        "<iq type='result' id='l' to='bert@chess.example/b'><query xmlns='jabber:iq:last' seconds='5'/></iq>",
    )
    .await;
    assert!(bert.one().contains("seconds='5'"));
    answers(&bert, "anna@chess.example/none", "<service-unavailable ").await;
    // one direction is enough, if it is the right one
    anna.send("<presence type='unsubscribed' to='bert@chess.example'/>").await;
    answers(&bert, ANNA, "<forbidden ").await;
    answers(&anna, "bert@chess.example", &seconds(0)).await;
}

#[tokio::test]
async fn not_to_those_from_whom_a_list_withholds_presence() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let subject = Subject::Jid(Jid::parse("bert@chess.example").unwrap());
    let deny = PrivacyItem { order: 1, subject, allow: false, kinds: Kinds::PRESENCE_OUT };
    lists::set_default(&bench, anna.resource().account(), "invisible", &[deny]).await;
    answers(&bert, ANNA, "<forbidden ").await;
    answers(&bert, "anna@chess.example/a", "<forbidden ").await;
    answers(&anna, ANNA, &seconds(0)).await;
}

#[tokio::test]
async fn nothing_is_known_of_who_was_never_available() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    anna.send("<presence type='subscribed' to='bert@chess.example'/>").await;
    let bert = bench.online("bert@chess.example/b").await;
    bert.send("<presence type='subscribe' to='anna@chess.example'/>").await;
    answers(&bert, ANNA, &seconds(0)).await; // connected
    anna.drop_connection().await;
    answers(&bert, ANNA, "<service-unavailable ").await;
}

#[tokio::test]
async fn uptime() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    answers(&anna, "chess.example", &seconds(0)).await;
    bench.clock.advance(Duration::from_millis(123_456_900));
    answers(&anna, "chess.example", &seconds(123_456)).await;
    bench.clock.set(0);
    answers(&anna, "chess.example", &seconds(123_456)).await;
}
