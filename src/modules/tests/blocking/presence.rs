//! Presence that disappears and returns with the list.

use super::{ANNA, BERT, NOTHING, block, done, unavailable, unblock};
use crate::tests::bench::Bench;

#[tokio::test]
async fn who_may_see_presence_sees_it_go_and_come_back() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    let phone = bench.bind("anna@chess.example/phone").await;
    phone.send("<presence><show>dnd</show></presence>").await;
    let silent = bench.bind("anna@chess.example/silent").await;
    for client in [&anna, &bert, &phone] {
        client.received();
    }
    done(&anna, &block(&["bert@chess.example", "carl@chess.example"])).await;
    let mut got = bert.received();
    got.sort();
    let to = "bert@chess.example";
    assert_eq!(got, [unavailable(ANNA, to), unavailable("anna@chess.example/phone", to)]);
    assert_eq!(carl.received(), NOTHING, "he may not see it");
    phone.send("<presence><show>xa</show></presence>").await;
    bert.send("<presence><show>away</show></presence>").await;
    assert_eq!(bert.received().len(), 1, "only his own");
    phone.received();
    anna.received();
    done(&anna, &block(&["bert@chess.example"])).await;
    assert_eq!(bert.received(), NOTHING, "it was blocked already");
    anna.send(&unblock(&[])).await;
    let mut got = bert.received();
    got.sort();
    assert_eq!(
        got,
        [
            "<presence from='anna@chess.example/a' to='bert@chess.example'/>",
            "<presence from='anna@chess.example/phone' to='bert@chess.example'><show>xa</show></presence>",
        ]
    );
    assert_eq!(carl.received(), NOTHING);
    let his = "<presence from='bert@chess.example/b' to='anna@chess.example/a'><show>away</show></presence>";
    assert!(anna.received().contains(&his.to_owned()), "she sees what she has missed");
    assert_eq!(silent.received(), NOTHING);
}

#[tokio::test]
async fn an_unblocked_address_that_another_item_covers_stays_blocked() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@wuchess.example/a").await;
    let bert = bench.online(BERT).await;
    for (one, other) in [(&anna, &bert), (&bert, &anna)] {
        one.send(&format!("<presence type='subscribe' to='{}'/>", other.bare())).await;
        other.send(&format!("<presence type='subscribed' to='{}'/>", one.bare())).await;
    }
    bert.received();
    anna.received();
    done(&anna, &block(&["bert@chess.example"])).await;
    assert_eq!(bert.one(), unavailable("anna@wuchess.example/a", "bert@chess.example"));
    done(&anna, &block(&["chess.example"])).await;
    done(&anna, &unblock(&["bert@chess.example"])).await;
    assert_eq!(bert.received(), NOTHING);
    done(&anna, &unblock(&["chess.example"])).await;
    assert_eq!(bert.one(), "<presence from='anna@wuchess.example/a' to='bert@chess.example'/>");
}

#[tokio::test]
async fn a_domain_stands_for_all_its_contacts_and_a_full_jid_for_one_resource() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@wuchess.example/a").await;
    let bert = bench.online(BERT).await;
    let other = bench.online("bert@chess.example/other").await;
    let carl = bench.online("carl@chess.example/c").await;
    for watcher in [&bert, &carl] {
        watcher.send("<presence type='subscribe' to='anna@wuchess.example'/>").await;
        anna.send(&format!("<presence type='subscribed' to='{}'/>", watcher.bare())).await;
    }
    for client in [&anna, &bert, &other, &carl] {
        client.received();
    }
    let from = "anna@wuchess.example/a";
    done(&anna, &block(&[BERT])).await;
    assert_eq!(bert.one(), unavailable(from, BERT));
    assert_eq!(other.received(), NOTHING);
    assert!(
        bert.ask("<message to='anna@wuchess.example'><body>x</body></message>")
            .await
            .contains("service-unav")
    );
    other.send("<message to='anna@wuchess.example'><body>x</body></message>").await;
    assert!(anna.one().contains("<body>x</body>"));
    done(&anna, &unblock(&[])).await;
    assert_eq!(bert.one(), format!("<presence from='{from}' to='{BERT}'/>"));
    done(&anna, &block(&["chess.example"])).await;
    for client in [&bert, &other] {
        assert_eq!(client.one(), unavailable(from, "bert@chess.example"));
    }
    assert_eq!(carl.one(), unavailable(from, "carl@chess.example"));
}

#[tokio::test]
async fn directed_presence_is_taken_back() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let bert = bench.online(BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    anna.send("<presence to='bert@chess.example/b'/>").await;
    anna.send("<presence to='carl@chess.example'/>").await;
    bert.received();
    carl.received();
    done(&anna, &block(&["bert@chess.example"])).await;
    assert_eq!(bert.one(), unavailable(ANNA, BERT));
    assert_eq!(carl.received(), NOTHING);
    anna.drop_connection().await;
    assert_eq!(bert.received(), NOTHING);
    assert_eq!(carl.received().len(), 1);
}
