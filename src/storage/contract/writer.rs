use super::*;
use crate::{CreateError, OfflineId, RosterChange, StorageError};

fn change(version: u64) -> RosterChange {
    RosterChange { version, put: vec![friend("bob@remote.example", version)], remove: Vec::new() }
}

// These run on one thread: what is queued without an await in between is in one batch.

#[tokio::test]
async fn a_write_that_fails_leaves_its_neighbours_standing() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let nobody = alice + 1;
    let before = bed.store.writer_stat();
    let roster = bed.store.roster();
    let first = bed.store.offline().store_later(alice, "one".into(), None, NOW, None, None);
    // Its first half succeeds and must be undone with the second.
    let bad = roster.apply_many(vec![(alice, change(7)), (nobody, change(1))]);
    let second = bed.store.offline().store_later(alice, "two".into(), None, NOW, None, None);
    let bad_too = bed.store.offline().store_later(nobody, "three".into(), None, NOW, None, None);
    let third = bed.store.settings().set("after", b"1");
    assert!(matches!(bad.await, Err(StorageError::Constraint(_))));
    assert!(bad_too.await.is_err());
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    third.await.unwrap();
    let kept = bed.store.offline().load(alice, OfflineId::default(), 9).await.unwrap();
    assert_eq!(kept.iter().map(|m| m.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(roster.load(alice).await.unwrap().version, 0);
    let after = bed.store.writer_stat();
    assert_eq!(after.batches - before.batches, 1);
    assert_eq!(after.reruns - before.reruns, 1);
    assert_eq!(after.writes - before.writes, 5);
    assert_eq!(after.queued, 0);
}

#[tokio::test]
async fn writes_commit_in_the_order_of_their_calls_however_they_are_polled() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let offline = bed.store.offline();
    let mut commits: Vec<_> = (0..600)
        .map(|n| (n, offline.store_later(alice, format!("{n}").into(), None, NOW, None, None)))
        .collect();
    // Every third is dropped without being polled, the rest is awaited in reverse order.
    commits.retain(|(n, _)| n % 3 != 0);
    while let Some((_, commit)) = commits.pop() {
        commit.await.unwrap();
    }
    let kept = offline.load(alice, OfflineId::default(), 1000).await.unwrap();
    let texts: Vec<_> = kept.iter().map(|m| String::from_utf8(m.xml.to_vec()).unwrap()).collect();
    assert_eq!(texts, (0..600).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_later_write_sees_an_earlier_one_of_the_same_batch() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let first = accounts.create("chess.example", "alice", &[], NOW);
    let second = accounts.create("chess.example", "alice", &[], NOW);
    assert_eq!(second.await, Err(CreateError::Exists));
    assert!(first.await.is_ok());
}

#[tokio::test]
async fn what_waits_goes_into_one_transaction() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let before = bed.store.writer_stat();
    let commits: Vec<_> = (1..=100).map(|version| bed.store.roster().apply(alice, change(version))).collect();
    assert_eq!(bed.store.writer_stat().queued, 100);
    for commit in commits {
        commit.await.unwrap();
    }
    let after = bed.store.writer_stat();
    assert_eq!((after.writes - before.writes, after.batches - before.batches), (100, 1));
    assert_eq!(bed.store.roster().load(alice).await.unwrap().version, 100);
}

#[tokio::test]
async fn closing_commits_what_is_queued_and_refuses_what_comes_later() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let queued: Vec<_> = (0..600)
        .map(|n| bed.store.offline().store_later(alice, format!("{n}").into(), None, NOW, None, None))
        .collect();
    bed.store.close().await.unwrap();
    for commit in queued {
        commit.await.unwrap();
    }
    assert_eq!(bed.store.settings().set("late", b"1").await, Err(StorageError::Closed));
    assert_eq!(bed.store.settings().get("late").await, Err(StorageError::Closed));
    bed.store.close().await.unwrap();
    assert_eq!(bed.store.writer_stat().queued, 0);
    let again = Store::open(bed.options(), &Runtime::system()).await.unwrap();
    assert_eq!(again.offline().count(alice).await.unwrap(), 600);
}

#[tokio::test]
async fn a_store_that_was_dropped_opens_again_with_all_it_had() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    bed.store.roster().apply(alice, change(5)).await.unwrap();
    let options = bed.options();
    let Bed { folder: _folder, store, .. } = bed;
    drop(store);
    let again = Store::open(options, &Runtime::system()).await.unwrap();
    assert_eq!(again.roster().load(alice).await.unwrap().version, 5);
    again.close().await.unwrap();
}

#[tokio::test]
async fn statements_are_counted_by_name() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    bed.store.roster().apply(alice, change(1)).await.unwrap();
    bed.store.roster().load(alice).await.unwrap();
    bed.store.roster().load(alice).await.unwrap();
    bed.store.roster().apply(alice + 1, change(1)).await.unwrap_err();
    let stats = bed.store.statement_counts();
    let stat = |name: &str| stats.iter().find(|stat| stat.name == name).unwrap();
    assert_eq!((stat("roster.load").calls, stat("roster.load").rows), (2, 2));
    assert_eq!((stat("roster.version").calls, stat("roster.version").failures), (2, 1));
    assert!(!stats.iter().any(|stat| stat.name == "offline.load"), "what never ran is left out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_write_at_once_and_each_keeps_its_order() {
    const WRITERS: usize = 8;
    const EACH: usize = 50;
    let bed = Bed::new().await;
    let tasks = runtime::Tasks::new();
    let mut running = Vec::new();
    for n in 0..WRITERS {
        let id = bed.account("chess.example", &format!("u{n}")).await;
        let store = bed.store.clone();
        running.push(tasks.spawn("test", async move {
            let texts = (0..EACH).map(|n| n.to_string());
            let queued: Vec<_> = texts
                .map(|text| store.offline().store_later(id, text.into(), None, NOW, None, Some(99)))
                .collect();
            for commit in queued {
                commit.await.unwrap();
            }
            store.offline().load(id, OfflineId::default(), 99).await.unwrap()
        }));
    }
    for task in running {
        let kept = task.await.unwrap();
        let texts: Vec<_> = kept.iter().map(|m| String::from_utf8(m.xml.to_vec()).unwrap()).collect();
        assert_eq!(texts, (0..EACH).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn more_writes_than_may_wait_are_refused() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let store = Store::open(Options { queue: 10, ..bed.options() }, &Runtime::system()).await.unwrap();
    let commits: Vec<_> = (0..30).map(|_| store.vcards().put(alice, "<vCard/>".into())).collect();
    let mut refused = 0;
    for commit in commits {
        match commit.await {
            Ok(()) => assert_eq!(refused, 0, "one that came later was taken"),
            Err(error) => {
                assert_eq!(error, StorageError::Overloaded);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 20);
    assert_eq!(store.writer_stat().overloaded, 20);
    store.vcards().put(alice, "<vCard/>".into()).await.unwrap();
}

#[tokio::test]
async fn a_write_that_has_waited_for_longer_than_the_deadline_is_refused() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let late = bed.store.vcards().put(alice, "<vCard>late</vCard>".into());
    bed.clock.advance(std::time::Duration::from_secs(6));
    let in_time = bed.store.vcards().put(alice, "<vCard>in time</vCard>".into());
    assert_eq!(late.await, Err(StorageError::Overloaded));
    in_time.await.unwrap();
    assert_eq!(bed.store.vcards().get(alice).await.unwrap().as_deref(), Some("<vCard>in time</vCard>"));
    assert_eq!(bed.store.writer_stat().overloaded, 1);
}
