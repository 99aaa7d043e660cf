use super::*;
use crate::{AccountRecord, CreateError, LastActivity, PrivacyList};

async fn load(bed: &Bed, local: &str) -> Option<AccountRecord> {
    bed.store.accounts().load("chess.example", local).await.unwrap()
}

/// Calls and rows of all statements so far.
fn reads(bed: &Bed) -> (u64, u64) {
    let stats = bed.store.statement_counts();
    stats.iter().fold((0, 0), |(calls, rows), stat| (calls + stat.calls, rows + stat.rows))
}

#[tokio::test]
async fn an_account_is_loaded_with_what_belongs_to_it() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    bed.account("wuchess.example", "alice").await;
    assert_eq!(load(&bed, "carol").await, None);
    let account = bed.store.accounts().lookup("chess.example", "alice").await.unwrap().unwrap();
    let bare = AccountRecord { account: account.clone(), last: None, default_list: None };
    assert_eq!(load(&bed, "alice").await, Some(bare));
    let items = [
        item(3, Subject::Anyone, false, Kinds::ALL),
        item(1, Subject::Jid(jid("bob@chess.example")), true, Kinds::MESSAGE),
        item(2, Subject::Group("Friends".into()), true, Kinds::ALL),
    ];
    let privacy = bed.store.privacy();
    privacy.change(alice, default_list("strict", &items)).await.unwrap();
    privacy.change(alice, PrivacyChange { default: None, ..default_list("other", &items) }).await.unwrap();
    privacy.change(bob, default_list("strict", &items[..1])).await.unwrap();
    let last = LastActivity { at_us: NOW, status: "bye".into() };
    bed.store.last_activity().put(alice, last.clone()).await.unwrap();
    let [third, first, second] = items;
    let list = PrivacyList { name: "strict".into(), items: vec![first, second, third] };
    let whole = AccountRecord { account, last: Some(last), default_list: Some(list) };
    assert_eq!(load(&bed, "alice").await, Some(whole));
    let bobs = load(&bed, "bob").await.unwrap();
    assert_eq!((bobs.last, bobs.default_list.unwrap().items.len()), (None, 1));
}

#[tokio::test]
async fn loading_takes_one_statement_and_without_a_list_one_row() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let last = LastActivity { at_us: NOW, status: String::new() };
    bed.store.last_activity().put(alice, last).await.unwrap();
    let items = [item(1, Subject::Anyone, true, Kinds::IQ), item(2, Subject::Anyone, false, Kinds::ALL)];
    let unused = PrivacyChange { default: None, ..default_list("unused", &items) };
    bed.store.privacy().change(alice, unused).await.unwrap();
    let before = reads(&bed);
    assert_eq!(load(&bed, "alice").await.unwrap().default_list, None);
    let between = reads(&bed);
    assert_eq!((between.0 - before.0, between.1 - before.1), (1, 1));
    bed.store.privacy().change(alice, default_list("unused", &[])).await.unwrap();
    let before = reads(&bed);
    assert_eq!(load(&bed, "alice").await.unwrap().default_list.unwrap().items, items);
    let after = reads(&bed);
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 2));
}

#[tokio::test]
async fn an_account_created_twice_at_once_exists_and_is_found() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    for n in 0..20 {
        let local = format!("ldap{n}");
        let first = accounts.create("chess.example", &local, &[], NOW);
        let second = accounts.create("chess.example", &local, &[], NOW + 1);
        assert_eq!(second.await, Err(CreateError::Exists));
        // Before the result of the first is read: after `Exists` a caller may load at once.
        let found = load(&bed, &local).await.unwrap();
        assert_eq!((Ok(found.account.id), found.account.created_us), (first.await, NOW));
        assert_eq!(accounts.keys("chess.example", &local).await.unwrap().unwrap().1, []);
    }
}
