//! Two servers on one database.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_swaps_at_once_one_is_made() {
    const ROUNDS: u32 = 20;
    let bed = Bed::new().await;
    let other = Store::open(bed.options(), &Runtime::system()).await.unwrap();
    let mut before = Expect::Absent;
    for n in 0..ROUNDS {
        let swap = |store: &Store, by: u8| {
            let next = change("key", before.clone(), put(&[n as u8, by]));
            store.plugin_values().change("notes", "chess.example", next, NOW, CAP)
        };
        let (here, there) = tokio::join!(swap(&bed.store, 1), swap(&other, 2));
        let (here, there) = (here.unwrap().done, there.unwrap().done);
        assert!(here != there, "round {n}: {here} and {there}");
        let by = if here { 1 } else { 2 };
        assert_eq!(get(&bed.store, "key").await, Some(vec![n as u8, by]));
        before = value(&[n as u8, by]);
    }
    assert_eq!(usage(&bed.store).await, 64 + 3 + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_write_at_once_keep_the_cap_and_the_count() {
    const EACH: usize = 12;
    const FIT: u64 = 20;
    let bed = Bed::new().await;
    let other = Store::open(bed.options(), &Runtime::system()).await.unwrap();
    let (mut stored, mut full) = (0, 0);
    for n in 0..EACH {
        // Both lock two owners within one transaction, each server the other one first.
        let mut commits = Vec::new();
        for (by, store) in [&bed.store, &other].into_iter().enumerate() {
            for turn in 0..2 {
                let domain = ["chess.example", "wuchess.example"][(by + turn) % 2];
                let next = change(&format!("{by}{n:02}"), Expect::Absent, put(b"x"));
                commits.push(store.plugin_values().change("notes", domain, next, NOW, FIT * 68));
            }
        }
        for commit in commits {
            match commit.await {
                Ok(Changed { done: true }) => stored += 1,
                Err(PluginValueError::Full) => full += 1,
                unexpected => panic!("{unexpected:?}"),
            }
        }
    }
    assert_eq!((stored, full), (2 * FIT, (4 * EACH) as u64 - 2 * FIT));
    let there = other.plugin_values().usage("notes", "wuchess.example").await.unwrap();
    assert_eq!((usage(&other).await, there), (FIT * 68, FIT * 68));
    assert_eq!(counted(&bed.store).await, 2 * FIT * 68);
}
