use super::*;
use crate::{PluginSlotError, StorageError};

#[tokio::test]
async fn each_plugin_has_one_value_with_an_account() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let slots = bed.store.plugin_slots();
    assert_eq!(slots.of_account(alice).await.unwrap(), []);
    slots.put(alice, "notes", &[0, 255]).await.unwrap();
    slots.put(alice, "filter", b"1").await.unwrap();
    slots.put(alice, "Filter", b"2").await.unwrap();
    slots.put(bob, "notes", b"bob's").await.unwrap();
    slots.put(alice, "filter", &[7; 4096]).await.unwrap();
    let slot = |plugin: &str, value: &[u8]| (plugin.to_owned(), value.to_vec());
    let all = [slot("Filter", b"2"), slot("filter", &[7; 4096]), slot("notes", &[0, 255])];
    assert_eq!(slots.of_account(alice).await.unwrap(), all);
    slots.put(alice, "filter", &[]).await.unwrap();
    slots.put(alice, "other", &[]).await.unwrap();
    assert_eq!(slots.of_account(alice).await.unwrap(), [slot("Filter", b"2"), slot("notes", &[0, 255])]);
    assert_eq!(slots.of_account(bob).await.unwrap(), [slot("notes", b"bob's")]);
    assert_eq!(slots.put(alice, "notes", &[7; 4097]).await, Err(PluginSlotError::TooLarge));
    for plugin in ["a\0b", "ž", &"p".repeat(65)] {
        assert_eq!(slots.put(alice, plugin, b"x").await, Err(PluginSlotError::InvalidPlugin));
    }
    assert_eq!(slots.of_account(alice).await.unwrap().len(), 2);
    let error = slots.put(bob + 1, "notes", b"x").await.unwrap_err();
    assert!(matches!(error, PluginSlotError::Storage(StorageError::Constraint(_))), "{error}");
}

#[tokio::test]
async fn the_values_are_loaded_by_one_statement() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    for plugin in ["a", "b", "c"] {
        bed.store.plugin_slots().put(alice, plugin, b"x").await.unwrap();
    }
    let calls = || bed.store.statement_counts().iter().map(|stat| stat.calls).sum::<u64>();
    let before = calls();
    assert_eq!(bed.store.plugin_slots().of_account(alice).await.unwrap().len(), 3);
    assert_eq!(calls() - before, 1);
}

#[tokio::test]
async fn a_removed_plugin_leaves_nothing_with_any_account() {
    let bed = Bed::new().await;
    let new = (0..300).map(|n| new_account("chess.example", &format!("u{n}"), &[])).collect();
    let ids: Vec<_> = bed.store.accounts().create_many(new).await.into_iter().map(Result::unwrap).collect();
    let slots = bed.store.plugin_slots();
    let mut commits = Vec::new();
    for id in &ids {
        commits.extend(["notes", "filter"].map(|plugin| slots.put(*id, plugin, b"x")));
    }
    for commit in commits {
        commit.await.unwrap();
    }
    assert_eq!(slots.remove_plugin("note").await.unwrap(), 0);
    assert_eq!(slots.remove_plugin("notes").await.unwrap(), 300);
    for id in [ids[0], ids[299]] {
        assert_eq!(slots.of_account(id).await.unwrap(), [("filter".to_owned(), b"x".to_vec())]);
    }
    assert_eq!(slots.remove_plugin("notes").await.unwrap(), 0);
}
