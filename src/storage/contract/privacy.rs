use super::*;
use crate::dialect::Dialect;
use crate::{PrivacyList, StorageError};

fn anyone(order: u32) -> PrivacyItem {
    item(order, Subject::Anyone, false, Kinds::ALL)
}

fn put(list: &str, items: &[PrivacyItem]) -> PrivacyChange {
    PrivacyChange { default: None, ..default_list(list, items) }
}

fn remove(list: &str, orders: &[u32]) -> PrivacyChange {
    PrivacyChange { list: list.into(), remove: orders.to_vec(), ..PrivacyChange::default() }
}

async fn orders(bed: &Bed, account: AccountId, name: &str) -> Vec<u32> {
    let list = bed.store.privacy().list(account, name).await.unwrap();
    list.map_or(Vec::new(), |list| list.items.iter().map(|item| item.order).collect())
}

async fn default_name(bed: &Bed, account: AccountId) -> Option<String> {
    bed.store.privacy().default_list(account).await.unwrap().map(|list| list.name)
}

#[tokio::test]
async fn a_list_comes_back_as_it_was_stored_and_in_order() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let privacy = bed.store.privacy();
    assert_eq!(privacy.list(alice, "public").await.unwrap(), None);
    let mut items = vec![
        item(0, Subject::Jid(jid("bob@remote.example/Home")), true, Kinds::MESSAGE | Kinds::IQ),
        item(1, Subject::Jid(jid("remote.example")), false, Kinds::PRESENCE_IN | Kinds::PRESENCE_OUT),
        item(2, Subject::Group("Chess, Club 棋".into()), true, Kinds::IQ),
        item(9, Subject::Group(String::new()), true, Kinds::PRESENCE_OUT),
        item(u32::MAX, Subject::Anyone, false, Kinds::ALL),
    ];
    let all = [Subscription::None, Subscription::To, Subscription::From, Subscription::Both];
    for (order, subscription) in (10..).zip(all) {
        items.push(item(order, Subject::Subscription(subscription), false, Kinds::MESSAGE));
    }
    privacy.change(alice, put("public", &items)).await.unwrap();
    items.sort_by_key(|item| item.order);
    let list = PrivacyList { name: "public".into(), items };
    assert_eq!(privacy.list(alice, "public").await.unwrap(), Some(list));
    assert_eq!(privacy.list(alice, "Public").await.unwrap(), None, "names compare bytewise");
    assert_eq!(privacy.list(bob, "public").await.unwrap(), None);
    assert_eq!(privacy.default_list(alice).await.unwrap(), None);
}

#[tokio::test]
async fn a_change_removes_before_it_stores() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let privacy = bed.store.privacy();
    privacy.change(alice, put("a", &[anyone(1), anyone(2), anyone(3)])).await.unwrap();
    let new = item(2, Subject::Group("new".into()), true, Kinds::IQ);
    let replaced = item(3, Subject::Group("replaced".into()), true, Kinds::MESSAGE);
    let again = item(4, Subject::Group("again".into()), true, Kinds::MESSAGE);
    let items = vec![anyone(4), new.clone(), replaced.clone(), again.clone()];
    let change = PrivacyChange { put: items, ..remove("a", &[1, 2, 7, 2]) };
    privacy.change(alice, change).await.unwrap();
    let list = privacy.list(alice, "a").await.unwrap().unwrap();
    assert_eq!(list.items, [new, replaced, again], "of two items of one order the later one counts");
    privacy.change(alice, PrivacyChange { list: "a".into(), ..PrivacyChange::default() }).await.unwrap();
    assert_eq!(orders(&bed, alice, "a").await, [2, 3, 4]);
}

#[tokio::test]
async fn long_lists_are_stored_and_removed_whole() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let items: Vec<_> = (0..1050).rev().map(anyone).collect();
    bed.store.privacy().change(alice, put("long", &items)).await.unwrap();
    assert_eq!(orders(&bed, alice, "long").await, (0..1050).collect::<Vec<_>>());
    let gone: Vec<_> = (1..1050).collect();
    bed.store.privacy().change(alice, remove("long", &gone)).await.unwrap();
    assert_eq!(orders(&bed, alice, "long").await, [0]);
}

#[tokio::test]
async fn a_list_without_items_does_not_exist() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let privacy = bed.store.privacy();
    let long = |last: char| format!("{}{last}", "n".repeat(1022));
    for name in [&long('b'), "b", &long('a'), "a", ""] {
        privacy.change(alice, put(name, &[anyone(1), anyone(2)])).await.unwrap();
    }
    assert_eq!(privacy.names(alice).await.unwrap(), ["", "a", "b", &long('a'), &long('b')]);
    privacy.change(alice, remove("b", &[1, 2])).await.unwrap();
    assert!(privacy.remove(alice, &long('a')).await.unwrap());
    assert!(!privacy.remove(alice, &long('a')).await.unwrap());
    assert!(privacy.remove(alice, "").await.unwrap());
    assert_eq!(privacy.names(alice).await.unwrap(), ["a", &long('b')]);
    assert_eq!(privacy.list(alice, "b").await.unwrap(), None);
    assert_eq!(orders(&bed, alice, &long('b')).await, [1, 2]);
}

#[tokio::test]
async fn one_list_at_most_is_the_default() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let privacy = bed.store.privacy();
    privacy.change(alice, default_list("a", &[anyone(2), anyone(1)])).await.unwrap();
    privacy.change(bob, default_list("bob", &[anyone(1)])).await.unwrap();
    let list = privacy.default_list(alice).await.unwrap().unwrap();
    assert_eq!(list, PrivacyList { name: "a".into(), items: vec![anyone(1), anyone(2)] });
    privacy.change(alice, put("b", &[anyone(1)])).await.unwrap();
    assert_eq!(default_name(&bed, alice).await.as_deref(), Some("a"));
    privacy.change(alice, default_list("b", &[])).await.unwrap();
    assert_eq!(default_name(&bed, alice).await.as_deref(), Some("b"));
    privacy.change(alice, default_list("nothing", &[])).await.unwrap();
    assert_eq!(default_name(&bed, alice).await.as_deref(), Some("b"), "no such list: the default stays");
    let none = PrivacyChange { default: Some(false), ..PrivacyChange::default() };
    privacy.change(alice, none).await.unwrap();
    assert_eq!(default_name(&bed, alice).await, None);
    assert_eq!(privacy.names(alice).await.unwrap(), ["a", "b"]);
    assert_eq!(default_name(&bed, bob).await.as_deref(), Some("bob"));
}

#[tokio::test]
async fn accounts_with_a_default_list_are_counted_by_domain() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let other = bed.account("wuchess.example", "alice").await;
    let privacy = bed.store.privacy();
    let counts = async || {
        let count = |domain| privacy.accounts_with_default(domain);
        [count("chess.example").await.unwrap(), count("wuchess.example").await.unwrap()]
    };
    privacy.change(alice, put("a", &[anyone(1)])).await.unwrap();
    assert_eq!(counts().await, [0, 0], "a list that is not the default does not count");
    for account in [alice, bob, other] {
        privacy.change(account, default_list("a", &[anyone(1), anyone(2)])).await.unwrap();
    }
    privacy.change(alice, default_list("b", &[anyone(1)])).await.unwrap();
    assert_eq!(counts().await, [2, 1]);
    assert_eq!(privacy.accounts_with_default("chess").await.unwrap(), 0);
    privacy.remove(bob, "a").await.unwrap();
    assert!(bed.store.accounts().delete(other).await.unwrap());
    assert_eq!(counts().await, [1, 0]);
}

#[tokio::test]
async fn a_default_list_that_loses_its_items_is_no_longer_the_default() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let privacy = bed.store.privacy();
    privacy.change(alice, default_list("a", &[anyone(1), anyone(2)])).await.unwrap();
    privacy.change(alice, put("b", &[anyone(1)])).await.unwrap();
    privacy.change(alice, remove("a", &[1])).await.unwrap();
    privacy.change(alice, remove("b", &[1])).await.unwrap();
    assert_eq!(default_name(&bed, alice).await.as_deref(), Some("a"));
    privacy.change(alice, remove("a", &[2])).await.unwrap();
    // A new list of the same name is not the default.
    privacy.change(alice, put("a", &[anyone(1)])).await.unwrap();
    assert_eq!(default_name(&bed, alice).await, None);
    privacy.change(alice, default_list("a", &[])).await.unwrap();
    assert!(privacy.remove(alice, "a").await.unwrap());
    privacy.change(alice, put("a", &[anyone(1)])).await.unwrap();
    assert_eq!(default_name(&bed, alice).await, None);
}

#[tokio::test]
async fn nothing_is_stored_for_an_account_that_is_gone() {
    let bed = Bed::new().await;
    let error = bed.store.privacy().change(1, default_list("a", &[anyone(1)])).await.unwrap_err();
    assert!(matches!(error, StorageError::Constraint(_)), "{error}");
    assert_eq!(bed.store.privacy().names(1).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_damaged_item_is_an_error_wherever_it_is_read() {
    for damage in [
        "item_order = -1",
        "item_order = 4294967296",
        "subject = 4",
        "subject = 1, value = '@'",
        "subject = 1, value = NULL",
        "subject = 3, value = 'sideways'",
        "value = 'someone'",
        "kinds = 0",
        "kinds = 16",
        "kinds = 32",
        "allow = 'yes'",
        "list = x'ff'",
    ] {
        let bed = Bed::new().await;
        // Other databases do not take these.
        if bed.dialect() != Dialect::Sqlite && damage.contains(" = 'yes'") | damage.contains("x'ff'") {
            continue;
        }
        let alice = bed.account("chess.example", "alice").await;
        bed.store.privacy().change(alice, default_list("a", &[anyone(1)])).await.unwrap();
        bed.store.close().await.unwrap();
        let sql = format!("UPDATE privacy_item SET {damage}").leak();
        bed.tamper(sql).await;
        let store = Store::open(bed.options(), &Runtime::system()).await.unwrap();
        let errors = [
            store.privacy().list(alice, "a").await.unwrap_err(),
            store.privacy().default_list(alice).await.unwrap_err(),
            store.accounts().load("chess.example", "alice").await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, StorageError::Corrupt(_)), "{damage}: {error}");
        }
        assert!(store.accounts().lookup("chess.example", "alice").await.unwrap().is_some());
    }
}
