//! How much a plugin may store.

use super::*;

/// Puts a value of so many bytes for the plugin `notes` on `chess.example`, within a cap.
async fn capped(bed: &Bed, key: &str, bytes: usize, cap: u64) -> Result<bool, PluginValueError> {
    let change = change(key, Expect::Any, put(&vec![7; bytes]));
    let done = bed.store.plugin_values().change("notes", "chess.example", change, NOW, cap).await;
    done.map(|Changed { done }| done)
}

#[tokio::test]
async fn a_full_store_takes_no_more_and_may_shrink() {
    let bed = Bed::new().await;
    // Two values of a key of one byte and 35 bytes.
    assert_eq!(capped(&bed, "a", 35, 200).await, Ok(true));
    assert_eq!(capped(&bed, "b", 36, 200).await, Err(PluginValueError::Full));
    assert_eq!(capped(&bed, "b", 35, 200).await, Ok(true));
    assert_eq!(capped(&bed, "c", 0, 200).await, Err(PluginValueError::Full), "64 bytes for itself");
    assert_eq!(capped(&bed, "a", 36, 200).await, Err(PluginValueError::Full));
    assert_eq!(usage(&bed.store).await, 200);
    assert_eq!(get(&bed.store, "a").await, Some(vec![7; 35]));
    assert_eq!(capped(&bed, "a", 35, 10).await, Ok(true), "of the same size, though above the cap");
    assert_eq!(capped(&bed, "a", 34, 10).await, Ok(true));
    assert_eq!(capped(&bed, "a", 35, 199).await, Err(PluginValueError::Full));
    assert_eq!(changed(&bed.store, "b", Expect::Any, PluginWrite::Delete).await, Ok(true));
    assert_eq!(capped(&bed, "c", 36, 200).await, Ok(true));
    assert_eq!(usage(&bed.store).await, 200);
    let (other, one) = (bed.store.plugin_values(), change("a", Expect::Any, put(b"x")));
    assert!(other.change("notes", "wuchess.example", one, NOW, 66).await.unwrap().done, "its own cap");
    assert_eq!(usage(&bed.store).await, 200);
}

#[tokio::test]
async fn the_cap_holds_within_one_batch() {
    let bed = Bed::new().await;
    let values = bed.store.plugin_values();
    let commits: Vec<_> = (0..10)
        .map(|n| change(&n.to_string(), Expect::Any, put(b"1234")))
        .map(|change| values.change("notes", "chess.example", change, NOW, 4 * 69))
        .collect();
    let mut stored = 0;
    for commit in commits {
        match commit.await {
            Ok(Changed { done }) => stored += u32::from(done),
            Err(error) => assert_eq!(error, PluginValueError::Full),
        }
    }
    assert_eq!(stored, 4);
    assert_eq!(keys(&bed.store, "", None, 99).await, ["0", "1", "2", "3"]);
}

#[tokio::test]
async fn expired_values_are_deleted_before_a_new_one_is_refused() {
    let bed = Bed::new().await;
    let store = &bed.store;
    // More than one statement deletes.
    put_all(store, (0..600).map(|n| ("notes", "chess.example", format!("{n:03}"), until(b"x", NOW)))).await;
    changed(store, "live", Expect::Any, until(b"x", NOW + 1)).await.unwrap();
    let full = 600 * 68 + 69;
    assert_eq!(usage(store).await, full);
    assert_eq!(capped(&bed, "new", 1, full + 67).await, Ok(true));
    assert_eq!(usage(store).await, full + 68 - 256 * 68, "no more than a chunk was needed");
    assert_eq!(capped(&bed, "large", 60_000, 60_500).await, Ok(true));
    assert_eq!(keys(store, "", None, 9).await, ["large", "live", "new"]);
    assert_eq!(usage(store).await, counted(store).await);
    assert_eq!(usage(store).await, 60_000 + 69 + 69 + 68);
    assert_eq!(capped(&bed, "more", 300, 60_500).await, Err(PluginValueError::Full), "live counts");
    assert_eq!(get(store, "live").await, Some(b"x".to_vec()));
}

#[tokio::test]
async fn an_expired_value_makes_room_for_its_own_successor() {
    let bed = Bed::new().await;
    changed(&bed.store, "a", Expect::Any, until(&[1; 100], NOW)).await.unwrap();
    changed(&bed.store, "b", Expect::Any, until(&[1; 100], NOW)).await.unwrap();
    assert_eq!(capped(&bed, "a", 200, 265).await, Ok(true));
    assert_eq!(usage(&bed.store).await, 265);
    assert_eq!(counted(&bed.store).await, 265);
}
