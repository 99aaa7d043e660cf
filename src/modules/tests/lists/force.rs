//! Where a list is in force, and since when.

use storage::{Kinds, Subject, Subscription};

use super::*;

const MESSAGE: &str = "<message type='chat' to='anna@chess.example/phone'><body>x</body></message>";

#[tokio::test]
async fn a_replaced_list_is_in_force_wherever_it_is_active() {
    let bench = Bench::new().await;
    let (desk, phone, other) =
        (bench.bind(ANNA).await, bench.bind(PHONE).await, bench.bind("anna@chess.example/other").await);
    let (kernel, account) = (&bench.kernel, desk.resource().account());
    put(&bench, account, "a", &[deny(1, "x")]).await;
    put(&bench, account, "b", &[deny(1, "z")]).await;
    for client in [&desk, &phone] {
        set_active(&bench, client, Some("a")).await;
    }
    set_active(&bench, &other, Some("b")).await;
    let resources = [desk.resource().clone(), phone.resource().clone()];
    let token = phone.hold().make_resumable(300);
    phone.hold().detach().await;
    drop(phone);
    let blocked = |other: &str| resources.iter().all(|one| !admits(kernel, one, other));
    let free = |other: &str| resources.iter().all(|one| admits(kernel, one, other));
    assert!(blocked("x") && free("y"));
    put(&bench, account, "a", &[deny(1, "y")]).await;
    assert!(blocked("y") && free("x"), "the detached session too");
    assert!(!admits(kernel, other.resource(), "z") && admits(kernel, other.resource(), "y"));
    assert!(account.screen().is_none());
    let one = desk.resource().active_list().unwrap();
    assert!(Arc::ptr_eq(&one, &resources[1].active_list().unwrap()), "compiled once");
    let hold = kernel.resume(account.jid(), token, 0, resources[1].about()).await.ok().unwrap();
    assert_eq!(active_name(hold.resource()).as_deref(), Some("a"), "a resumed session has its list");
    default(&bench, account, "a").await;
    assert!(Arc::ptr_eq(&one, &account.screen().unwrap()), "it is compiled already");
    put(&bench, account, "a", &[deny(1, "x")]).await;
    assert!(blocked("x") && free("y") && !kernel_admits(kernel, account, "x"));
}

fn kernel_admits(kernel: &Kernel, account: &Account, other: &str) -> bool {
    let matter = Matter::of(Way::In, &Stanza::message(StanzaType::Chat, None, None));
    kernel.admits(account, matter, &Jid::parse(other).unwrap())
}

#[tokio::test]
async fn an_active_list_takes_the_place_of_the_default_and_ends_with_its_session() {
    let bench = Bench::new().await;
    let (desk, phone) = (bench.online(ANNA).await, bench.online(PHONE).await);
    let bert = bench.online(BERT).await;
    let account = desk.resource().account().clone();
    set_default(&bench, &account, "nobody", &[deny(1, "bert@chess.example")]).await;
    put(&bench, &account, "all", &[allow(1, "bert@chess.example")]).await;
    set_active(&bench, &phone, Some("all")).await;
    phone.received();
    bert.send(MESSAGE).await;
    assert!(phone.one().contains("<body>x</body>"));
    assert!(bert.ask(&MESSAGE.replace("/phone", "/a")).await.contains("<service-unavailable "));
    phone.drop_connection().await;
    let phone = bench.online(PHONE).await;
    assert_eq!(active_name(phone.resource()), None);
    bert.received();
    assert!(bert.ask(MESSAGE).await.contains("<service-unavailable "));
}

#[tokio::test]
async fn a_list_emptied_by_unblocking_is_active_nowhere() {
    let (bench, pushing) = pushing().await;
    let (desk, phone) = (bench.bind(ANNA).await, bench.bind(PHONE).await);
    let account = desk.resource().account();
    desk.send("<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='x'/></block></iq>").await;
    set_active(&bench, &phone, Some("blocklist")).await;
    assert!(!admits(&bench.kernel, phone.resource(), "x"));
    pushing.told();
    phone.received();
    desk.send("<iq type='set' id='2'><unblock xmlns='urn:xmpp:blocking'/></iq>").await;
    assert_eq!(active_name(phone.resource()), None);
    assert_eq!(default_name(account), None);
    assert!(admits(&bench.kernel, phone.resource(), "x"));
    assert_eq!(pushing.told(), ["a: blocklist 1>0 blocklist>-"]);
    assert!(phone.one().contains("<list name='blocklist'/>"));
    assert_eq!(bench.kernel.store().privacy().names(account.id()).await.unwrap(), NOTHING);
}

#[tokio::test]
async fn the_roster_is_in_memory_before_a_list_about_contacts_is_in_force() {
    let bench = Bench::new().await;
    {
        let (anna, _bert) = bench.friends(ANNA, BERT).await;
        let strangers = item(1, Subject::Subscription(Subscription::None), false, Kinds::ALL);
        set_default(&bench, anna.resource().account(), "contacts", &[strangers]).await;
        put(&bench, anna.resource().account(), "spare", &[deny(1, "x")]).await;
    }
    let bench = bench.restarted().await; // nothing is in memory
    let (bert, carl) = (bench.online(BERT).await, bench.online("carl@chess.example/c").await);
    let message = MESSAGE.replace("/phone", "");
    bert.send(&message).await;
    assert_eq!(bert.received(), NOTHING);
    assert!(carl.ask(&message).await.contains("<service-unavailable "));
    let account = bench.kernel.account_in_use(&Jid::parse("anna@chess.example").unwrap()).unwrap();
    assert!(bench.kernel.cached_roster(&account).is_some());
    bench.kernel.invalidate_roster(&account);
    assert!(bench.kernel.cached_roster(&account).is_some(), "until it has been read again");
}

#[tokio::test]
async fn an_account_that_is_not_online_gets_its_roster_with_a_list_about_contacts() {
    let bench = Bench::new().await;
    let account = bench.kernel.account_of(&Jid::parse("anna@chess.example").unwrap()).await.unwrap().unwrap();
    assert!(bench.kernel.cached_roster(&account).is_none());
    let strangers = item(1, Subject::Subscription(Subscription::None), false, Kinds::ALL);
    put(&bench, &account, "a", &[strangers]).await;
    assert!(bench.kernel.cached_roster(&account).is_none(), "it is in force nowhere");
    default(&bench, &account, "a").await;
    assert!(bench.kernel.cached_roster(&account).is_some());
    let anna = bench.bind(ANNA).await;
    set_active(&bench, &anna, Some("a")).await;
    assert!(!admits(&bench.kernel, anna.resource(), BERT));
}
