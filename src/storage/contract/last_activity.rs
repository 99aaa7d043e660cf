use super::*;
use crate::{LastActivity, StorageError};

fn at(at_us: i64, status: &str) -> LastActivity {
    LastActivity { at_us, status: status.into() }
}

#[tokio::test]
async fn the_latest_activity_is_kept_in_whichever_order_they_come() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let last = bed.store.last_activity();
    assert_eq!(last.get(alice).await.unwrap(), None);
    let steps = [
        (at(NOW, "Heading home"), at(NOW, "Heading home")),
        (at(NOW - 1, "older"), at(NOW, "Heading home")),
        (at(NOW, ""), at(NOW, "")),
        (at(NOW + 1, "later"), at(NOW + 1, "later")),
        (at(i64::MIN, "oldest"), at(NOW + 1, "later")),
    ];
    for (put, stored) in steps {
        last.put(alice, put.clone()).await.unwrap();
        assert_eq!(last.get(alice).await.unwrap(), Some(stored), "after {put:?}");
    }
    assert_eq!(last.get(bob).await.unwrap(), None);
    let error = last.put(bob + 1, at(NOW, "")).await.unwrap_err();
    assert!(matches!(error, StorageError::Constraint(_)), "{error}");
}
