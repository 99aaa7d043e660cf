//! Presence follows the lists in force, whatever has changed them.

use storage::{Kinds, Subject};

use super::*;

const OTHER: &str = "bert@chess.example/other";

fn unavailable(from: &str, to: &str) -> String {
    format!("<presence from='{from}' to='{to}' type='unavailable'/>")
}

fn available(from: &str, to: &str) -> String {
    format!("<presence from='{from}' to='{to}'/>")
}

fn sorted(client: &Client) -> Vec<String> {
    let mut got = client.received();
    got.sort();
    got
}

/// Anna's desk and phone, and bert, who is her friend, all available.
async fn friends(bench: &Bench) -> (Client, Client, Client) {
    let (desk, bert) = bench.friends(ANNA, BERT).await;
    let phone = bench.online(PHONE).await;
    for client in [&desk, &phone, &bert] {
        client.received();
    }
    (desk, phone, bert)
}

#[tokio::test]
async fn the_default_list_hides_all_sessions_without_an_active_one() {
    let bench = Bench::new().await;
    let (desk, phone, bert) = friends(&bench).await;
    let carl = bench.online("carl@chess.example/c").await;
    let (kernel, account) = (&bench.kernel, desk.resource().account());
    let bare = "bert@chess.example";
    set_default(&bench, account, "a", &[deny(1, bare), deny(2, "carl@chess.example")]).await;
    assert_eq!(sorted(&bert), [unavailable(ANNA, bare), unavailable(PHONE, bare)]);
    put(&bench, account, "all", &[allow(1, bare)]).await;
    set_active(&bench, &phone, Some("all")).await;
    assert_eq!(bert.one(), available(PHONE, bare));
    assert!(phone.one().contains(BERT), "she sees him again");
    put(&bench, account, "a", &[deny(1, bare), deny(3, "x")]).await;
    assert_eq!(bert.received(), NOTHING, "nothing has changed for him");
    put(&bench, account, "a", &[deny(3, "x")]).await;
    assert_eq!(bert.one(), available(ANNA, bare));
    put(&bench, account, "a", &[allow(2, BERT), deny(3, bare)]).await;
    assert_eq!(bert.received(), [unavailable(ANNA, bare), available(ANNA, BERT)], "one resource may see her");
    kernel.set_active_list(phone.resource(), Some("a")).await.unwrap();
    assert_eq!(bert.received(), [unavailable(PHONE, bare), available(PHONE, BERT)]);
    kernel.remove_list(account, None, "all").await.unwrap();
    assert_eq!(bert.received(), NOTHING);
    kernel.set_active_list(phone.resource(), None).await.unwrap();
    assert_eq!(bert.received(), NOTHING, "the same list, as default");
    kernel.set_active_list(phone.resource(), Some("a")).await.unwrap();
    kernel.set_default_list(account, Some(desk.resource()), None).await.unwrap();
    assert_eq!(bert.one(), available(ANNA, bare));
    assert_eq!(carl.received(), NOTHING, "he may not see it anyway");
}

#[tokio::test]
async fn the_active_list_hides_its_session_alone() {
    let bench = Bench::new().await;
    let (desk, phone, bert) = friends(&bench).await;
    let account = desk.resource().account();
    let bare = "bert@chess.example";
    put(&bench, account, "hidden", &[item(1, Subject::Anyone, false, Kinds::PRESENCE_OUT)]).await;
    set_active(&bench, &phone, Some("hidden")).await;
    assert_eq!(bert.one(), unavailable(PHONE, bare));
    phone.send("<presence><show>away</show></presence>").await;
    bert.send("<presence><show>xa</show></presence>").await;
    assert_eq!(bert.received().len(), 1, "his own");
    let seen = phone.received();
    assert!(seen.iter().any(|stanza| stanza.contains("<show>xa</show>")), "she sees him: {seen:#?}");
    put(&bench, account, "hidden", &[item(1, Subject::Anyone, false, Kinds::PRESENCE_IN)]).await;
    assert_eq!(bert.one(), format!("<presence from='{PHONE}' to='{bare}'><show>away</show></presence>"));
    bert.send("<presence><show>dnd</show></presence>").await;
    assert_eq!(phone.received(), NOTHING);
    bert.received();
    set_active(&bench, &phone, None).await;
    assert!(phone.one().contains("<show>dnd</show>"), "what she has missed");
    assert_eq!(bert.received(), NOTHING);
}

#[tokio::test]
async fn a_list_about_a_group_hides_its_contacts() {
    let bench = Bench::new().await;
    let (desk, phone, bert) = friends(&bench).await;
    let set = "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='bert@chess.example'>\
        <group>rivals</group></item></query></iq>";
    desk.send(set).await;
    let rivals = item(1, Subject::Group("rivals".into()), false, Kinds::ALL);
    let strangers = item(2, Subject::Subscription(storage::Subscription::None), false, Kinds::ALL);
    set_default(&bench, desk.resource().account(), "a", &[rivals, strangers]).await;
    let bare = "bert@chess.example";
    assert_eq!(sorted(&bert), [unavailable(ANNA, bare), unavailable(PHONE, bare)]);
    drop(phone);
}

#[tokio::test]
async fn a_resource_of_all_contacts_at_a_domain_is_one_of_each() {
    let bench = Bench::new().await;
    let (_anna, bert) = bench.friends("anna@wuchess.example/a", BERT).await;
    let other = bench.online(OTHER).await;
    bert.received();
    let account = bench.kernel.account_in_use(&Jid::parse("anna@wuchess.example").unwrap()).unwrap();
    let from = "anna@wuchess.example/a";
    set_default(&bench, &account, "a", &[deny(1, "chess.example/other")]).await;
    assert_eq!((other.one(), bert.received().len()), (unavailable(from, OTHER), 0));
    put(&bench, &account, "a", &[deny(1, "chess.example/b")]).await;
    assert_eq!((other.one(), bert.one()), (available(from, OTHER), unavailable(from, BERT)));
}

#[tokio::test]
async fn directed_presence_is_taken_back() {
    let bench = Bench::new().await;
    let (desk, phone) = (bench.online(ANNA).await, bench.online(PHONE).await);
    let carl = bench.online("carl@chess.example/c").await;
    for client in [&desk, &phone] {
        client.send("<presence to='carl@chess.example/c'/>").await;
    }
    assert_eq!(carl.received().len(), 2);
    put(&bench, desk.resource().account(), "a", &[deny(1, "carl@chess.example")]).await;
    set_active(&bench, &phone, Some("a")).await;
    assert_eq!(carl.one(), unavailable(PHONE, "carl@chess.example/c"));
    set_active(&bench, &phone, None).await;
    assert_eq!(carl.received(), NOTHING, "he was sent it once");
    default(&bench, desk.resource().account(), "a").await;
    assert_eq!(carl.one(), unavailable(ANNA, "carl@chess.example/c"));
}

#[tokio::test]
async fn the_own_server_and_sessions_are_exempt() {
    let bench = Bench::new().await;
    let (desk, phone, bert) = friends(&bench).await;
    let account = desk.resource().account();
    set_default(&bench, account, "a", &[item(1, Subject::Anyone, false, Kinds::ALL)]).await;
    assert_eq!(bert.received().len(), 2);
    assert_eq!((desk.received(), phone.received()), (Vec::new(), Vec::new()));
    phone.send("<presence><show>away</show></presence>").await;
    assert_eq!((desk.received().len(), bert.received()), (1, Vec::new()));
}
