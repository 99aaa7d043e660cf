use super::*;
use crate::statement::{Call, Shape, Statement};
use crate::{OfflineError, StorageError};

/// Limits the file to `pages` pages; if it has more, to its current size.
async fn limit_pages(bed: &Bed, pages: i64) {
    let done: crate::Commit<()> = bed.store.queue(pages, |connection, &pages| {
        Box::pin(async move {
            let pragma = format!("PRAGMA max_page_count = {pages}");
            let call = Call { statement: Statement::Tables, shape: Shape::Own(pragma), args: &[] };
            connection.fetch(call).await.map(|_| Ok(()))
        })
    });
    done.await.unwrap();
}

#[tokio::test]
async fn a_full_disk_fails_the_writes_that_need_room_and_is_got_over() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let offline = bed.store.offline();
    limit_pages(&bed, 1).await;
    let big = vec![b'x'; 100_000];
    let commits: Vec<_> =
        (0..3).map(|_| offline.store_later(alice, big.clone().into(), None, NOW, None, Some(9))).collect();
    for commit in commits {
        let error = commit.await.unwrap_err();
        assert!(matches!(error, OfflineError::Storage(StorageError::Io(_))), "{error:?}");
    }
    assert_eq!(offline.count(alice).await.unwrap(), 0);
    limit_pages(&bed, 1_000_000).await;
    offline.store(alice, &big, NOW, None, Some(9)).await.unwrap();
    assert_eq!(offline.count(alice).await.unwrap(), 1);
}

#[tokio::test]
async fn closing_moves_the_log_into_the_main_file() {
    let bed = Bed::new().await;
    bed.account("chess.example", "alice").await;
    assert!(bed.folder.path().join("test.db-wal").exists());
    bed.store.close().await.unwrap();
    assert!(!bed.folder.path().join("test.db-wal").exists());
}
