use std::time::Duration;

use super::rosters::put;
use super::*;
use crate::{OfflineError, OfflineId, RosterItem, StorageError};

const ALL: u32 = 1000;

async fn texts(bed: &Bed, account: AccountId) -> Vec<String> {
    let messages = bed.store.offline().load(account, OfflineId::default(), ALL).await.unwrap();
    messages.into_iter().map(|m| String::from_utf8(m.xml.to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn messages_come_back_in_order_and_by_pages() {
    let bed = Bed::new().await;
    let (alice, bob) =
        (bed.account("chess.example", "alice").await, bed.account("chess.example", "bob").await);
    let offline = bed.store.offline();
    let mut ids = Vec::new();
    for n in 0..5 {
        let text = format!("<message>{n}</message>");
        ids.push(offline.store(alice, text.as_bytes(), NOW + n, None, None).await.unwrap());
        offline.store(bob, b"<other/>", NOW, None, None).await.unwrap();
    }
    assert!(ids.is_sorted());
    let page = offline.load(alice, OfflineId::default(), 2).await.unwrap();
    assert_eq!((page.len(), page[1].id, page[1].stored_us), (2, ids[1], NOW + 1));
    let page = offline.load(alice, ids[1], 10).await.unwrap();
    assert_eq!(page.iter().map(|m| m.id).collect::<Vec<_>>(), ids[2..]);
    assert_eq!(page[0].xml, "<message>2</message>");
    assert_eq!(offline.count(alice).await.unwrap(), 5);
}

#[tokio::test]
async fn only_the_accounts_own_messages_are_deleted() {
    let bed = Bed::new().await;
    let (alice, bob) =
        (bed.account("chess.example", "alice").await, bed.account("chess.example", "bob").await);
    let offline = bed.store.offline();
    let mut ids = Vec::new();
    for text in ["a", "b", "c", "d"] {
        ids.push(offline.store(alice, text.as_bytes(), NOW, None, None).await.unwrap());
    }
    let bobs = offline.store(bob, b"bob's", NOW, None, None).await.unwrap();
    assert_eq!(offline.delete(alice, &[ids[1], bobs, ids[1]]).await.unwrap(), 1);
    assert_eq!(texts(&bed, alice).await, ["a", "c", "d"]);
    assert_eq!(offline.delete_up_to(alice, ids[2]).await.unwrap(), 2);
    assert_eq!(texts(&bed, alice).await, ["d"]);
    assert_eq!(offline.delete_up_to(alice, bobs).await.unwrap(), 1);
    assert_eq!(offline.delete(alice, &[]).await.unwrap(), 0);
    assert_eq!(texts(&bed, bob).await, ["bob's"]);
}

#[tokio::test]
async fn a_full_store_takes_no_more() {
    let bed = Bed::new().await;
    let (alice, bob) =
        (bed.account("chess.example", "alice").await, bed.account("chess.example", "bob").await);
    let offline = bed.store.offline();
    for _ in 0..3 {
        offline.store(alice, b"x", NOW, None, Some(3)).await.unwrap();
    }
    assert_eq!(offline.store(alice, b"x", NOW, None, Some(3)).await, Err(OfflineError::Full));
    assert_eq!(offline.store(bob, b"x", NOW, None, Some(0)).await, Err(OfflineError::Full));
    assert!(offline.store(bob, b"x", NOW, None, Some(3)).await.is_ok(), "each account has its own limit");
    assert!(offline.store(alice, b"x", NOW, None, Some(4)).await.is_ok());
    assert_eq!(offline.count(alice).await.unwrap(), 4);
}

#[tokio::test]
async fn a_quarter_is_for_strangers_together() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let pending = RosterItem { in_roster: false, ..friend("asks@chess.example", 1) };
    bed.store.roster().apply(alice, put(1, &[friend("bob@chess.example", 1), pending])).await.unwrap();
    let store = async |sender: &str, limit| {
        let kept =
            bed.store.offline().store_later(alice, "x".into(), Some(jid(sender)), NOW, None, limit).await;
        kept.map(drop)
    };
    for (sender, taken) in
        [("carol@chess.example", true), ("asks@chess.example", true), ("dave@x.example", false)]
    {
        assert_eq!(
            store(sender, Some(8)).await,
            if taken { Ok(()) } else { Err(OfflineError::Full) },
            "{sender}"
        );
    }
    for taken in [true, true, true, true, true, true, false] {
        let kept = store("bob@chess.example", Some(8)).await;
        assert_eq!(kept, if taken { Ok(()) } else { Err(OfflineError::Full) });
    }
    assert_eq!(store("dave@x.example", Some(9)).await, Ok(()), "a quarter of nine is three");
    assert_eq!(store("dave@x.example", None).await, Ok(()), "without a limit there is no part of it");
    assert_eq!(store("bob@chess.example", Some(0)).await, Err(OfflineError::Full));
}

#[tokio::test]
async fn the_limit_holds_within_one_batch() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let offline = bed.store.offline();
    let commits: Vec<_> =
        (0..10).map(|_| offline.store_later(alice, "x".into(), None, NOW, None, Some(4))).collect();
    let mut kept = 0;
    for commit in commits {
        match commit.await {
            Ok(_) => kept += 1,
            Err(error) => assert_eq!(error, OfflineError::Full),
        }
    }
    assert_eq!((kept, offline.count(alice).await.unwrap()), (4, 4));
}

#[tokio::test]
async fn what_has_expired_is_neither_loaded_nor_in_the_way() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let offline = bed.store.offline();
    offline.store(alice, b"short", NOW, Some(NOW + 1_000_000), Some(2)).await.unwrap();
    offline.store(alice, b"long", NOW, Some(NOW + 60_000_000), Some(2)).await.unwrap();
    assert_eq!(texts(&bed, alice).await, ["short", "long"]);
    bed.clock.advance(Duration::from_secs(1));
    assert_eq!(texts(&bed, alice).await, ["long"]);
    offline.store(alice, b"new", NOW + 1_000_000, None, Some(2)).await.unwrap();
    assert_eq!(texts(&bed, alice).await, ["long", "new"]);
    assert_eq!(offline.purge_expired(NOW + 59_000_000).await.unwrap(), 0);
    assert_eq!(offline.purge_expired(NOW + 60_000_000).await.unwrap(), 1);
    assert_eq!(offline.count(alice).await.unwrap(), 1);
}

#[tokio::test]
async fn nothing_is_kept_for_an_account_that_is_gone() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    bed.store.accounts().delete(alice).await.unwrap();
    let error = bed.store.offline().store(alice, b"x", NOW, None, Some(9)).await.unwrap_err();
    assert!(matches!(error, OfflineError::Storage(StorageError::Constraint(_))), "{error}");
}
