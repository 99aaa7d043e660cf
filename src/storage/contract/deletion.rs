use super::*;
use crate::{LastActivity, OfflineId, PrivateEntry, PrivateLimits, RosterChange};

/// Gives the account rows in every table that has an account column.
async fn fill(bed: &Bed, account: AccountId) {
    bed.secret_beside_keys(account).await;
    let change = RosterChange { version: 1, put: vec![friend("bob@remote.example", 1)], remove: Vec::new() };
    bed.store.roster().apply(account, change).await.unwrap();
    bed.store.offline().store(account, b"<message/>", NOW, None, None).await.unwrap();
    let (xml, limits) = ("<x/>".to_owned(), PrivateLimits::default());
    let entry = PrivateEntry { name: "x".into(), ns: "x:ns".into(), xml: xml.clone() };
    bed.store.private().put(account, vec![entry], limits).await.unwrap();
    bed.store.vcards().put(account, xml).await.unwrap();
    let last = LastActivity { at_us: NOW, status: String::new() };
    bed.store.last_activity().put(account, last).await.unwrap();
    let items = [item(1, Subject::Anyone, false, Kinds::ALL)];
    bed.store.privacy().change(account, default_list("strict", &items)).await.unwrap();
    let imported = crate::Imported { records: vec![1; 17], ..Default::default() };
    let change = crate::ImportChange {
        imported: Some((1, imported)),
        ..crate::ImportChange::new(crate::ImportedAccount::Existing(account))
    };
    bed.store.imports().write([change].into()).await.unwrap();
    bed.store.plugin_slots().put(account, "filter", b"x").await.unwrap();
    for (table, rows) in bed.store.rows_of_account(account).await.unwrap() {
        assert!(rows > 0, "this test must put a row into the table {table}");
    }
}

#[tokio::test]
async fn a_deleted_account_leaves_no_row_in_any_table() {
    let bed = Bed::new().await;
    let (alice, bob) =
        (bed.account("chess.example", "alice").await, bed.account("chess.example", "bob").await);
    fill(&bed, alice).await;
    fill(&bed, bob).await;
    let before = bed.store.rows_of_account(bob).await.unwrap();
    assert!(bed.store.purge(alice).await.unwrap());
    for (table, rows) in bed.store.rows_of_account(alice).await.unwrap() {
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(bed.store.rows_of_account(bob).await.unwrap(), before);
    assert!(!bed.store.purge(alice).await.unwrap());
}

#[tokio::test]
async fn a_purged_domain_leaves_the_others() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let new = (0..450).map(|n| new_account("chess.example", &format!("u{n}"), &[Hash::Sha1])).collect();
    let ids: Vec<_> = accounts.create_many(new).await.into_iter().map(Result::unwrap).collect();
    let other = bed.account("wuchess.example", "alice").await;
    fill(&bed, ids[449]).await;
    fill(&bed, other).await;
    assert_eq!(bed.store.purge_domain("chess.example").await.unwrap(), 450);
    assert_eq!(accounts.list("chess.example", None, 9).await.unwrap(), []);
    assert!(bed.store.rows_of_account(ids[449]).await.unwrap().iter().all(|(_, rows)| *rows == 0));
    assert_eq!(bed.store.offline().load(other, OfflineId::default(), 9).await.unwrap().len(), 1);
    assert_eq!(bed.store.purge_domain("chess.example").await.unwrap(), 0);
}

#[tokio::test]
async fn a_table_that_nobody_told_of_is_emptied_too() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    bed.store.close().await.unwrap();
    // No foreign key: the database itself would keep the row.
    let sql = "CREATE TABLE note (account_id BIGINT); INSERT INTO note SELECT id FROM account; \
        INSERT INTO note VALUES (4711)";
    bed.tamper(sql).await;
    let store = Store::open(bed.options(), &Runtime::system()).await.unwrap();
    let note = ("note".to_owned(), 1);
    assert!(store.rows_of_account(alice).await.unwrap().contains(&note));
    assert!(store.purge(alice).await.unwrap());
    assert!(store.rows_of_account(alice).await.unwrap().iter().all(|(_, rows)| *rows == 0));
    assert!(store.rows_of_account(4711).await.unwrap().contains(&note));
}
