use super::*;
use crate::{PrivateEntry, PrivateError, PrivateLimits, StorageError};

const UNLIMITED: PrivateLimits = PrivateLimits { entries: 0, bytes: 0 };

fn entries(entries: u32) -> PrivateLimits {
    PrivateLimits { entries, bytes: 0 }
}

fn bytes(bytes: u64) -> PrivateLimits {
    PrivateLimits { entries: 0, bytes }
}

fn entry(name: &str, ns: &str, xml: &str) -> PrivateEntry {
    PrivateEntry { name: name.into(), ns: ns.into(), xml: xml.into() }
}

async fn put(
    bed: &Bed,
    account: AccountId,
    name: &str,
    xml: &str,
    limits: PrivateLimits,
) -> Result<(), PrivateError> {
    bed.store.private().put(account, vec![entry(name, "x:ns", xml)], limits).await
}

#[tokio::test]
async fn a_payload_is_found_by_its_whole_name() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let private = bed.store.private();
    let long = format!("urn:{}", "n".repeat(5000));
    let names =
        [("storage", "storage:bookmarks"), ("ab", "c"), ("a", "bc"), ("a", "BC"), ("a", &long), ("", "")];
    for (n, (name, ns)) in names.into_iter().enumerate() {
        private.put(alice, vec![entry(name, ns, &format!("<x>{n} 'ž'</x>"))], UNLIMITED).await.unwrap();
    }
    private.put(bob, vec![entry("ab", "c", "<bob/>")], UNLIMITED).await.unwrap();
    for (n, (name, ns)) in names.into_iter().enumerate() {
        assert_eq!(private.get(alice, name, ns).await.unwrap(), Some(format!("<x>{n} 'ž'</x>")));
    }
    assert_eq!(private.get(alice, "storage", "storage:rosternotes").await.unwrap(), None);
    assert_eq!(private.get(bob, "a", "bc").await.unwrap(), None);
    assert_eq!(private.all(bob).await.unwrap(), [entry("ab", "c", "<bob/>")]);
    let mut all: Vec<_> = private.all(alice).await.unwrap().into_iter().map(|e| (e.name, e.ns)).collect();
    let mut expected = names.map(|(name, ns)| (name.to_owned(), ns.to_owned()));
    all.sort();
    expected.sort();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_payload_replaces_the_previous_one_and_may_be_empty() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    for xml in ["<x>one</x>", "<x>two</x>", "<x/>", ""] {
        put(&bed, alice, "x", xml, UNLIMITED).await.unwrap();
        assert_eq!(bed.store.private().get(alice, "x", "x:ns").await.unwrap().as_deref(), Some(xml));
    }
    assert_eq!(bed.store.private().all(alice).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_account_may_replace_but_not_add() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    put(&bed, alice, "a", "<a/>", entries(2)).await.unwrap();
    put(&bed, alice, "b", "", entries(2)).await.unwrap();
    assert_eq!(put(&bed, alice, "c", "<c/>", entries(2)).await, Err(PrivateError::Full));
    assert_eq!(bed.store.private().get(alice, "c", "x:ns").await.unwrap(), None);
    put(&bed, alice, "b", "<b>new</b>", entries(2)).await.unwrap();
    put(&bed, bob, "a", "<a/>", entries(2)).await.unwrap();
    put(&bed, alice, "c", "<c/>", entries(3)).await.unwrap();
    assert_eq!(bed.store.private().all(alice).await.unwrap().len(), 3);
}

#[tokio::test]
async fn bytes_are_counted_over_all_payloads() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    put(&bed, alice, "a", "žž", bytes(4)).await.unwrap();
    assert_eq!(put(&bed, alice, "b", "x", bytes(4)).await, Err(PrivateError::Full), "ž has two bytes");
    put(&bed, alice, "b", "", bytes(4)).await.unwrap();
    put(&bed, alice, "b", "123456", bytes(10)).await.unwrap();
    assert_eq!(put(&bed, alice, "b", "1234567", bytes(10)).await, Err(PrivateError::Full));
    assert_eq!(bed.store.private().get(alice, "b", "x:ns").await.unwrap().as_deref(), Some("123456"));
    put(&bed, alice, "a", "", bytes(10)).await.unwrap();
    put(&bed, alice, "b", "1234567890", bytes(10)).await.unwrap();
    put(&bed, alice, "a", "x", bytes(u64::MAX)).await.unwrap();
    put(&bed, alice, "c", &"x".repeat(100_000), UNLIMITED).await.unwrap();
}

#[tokio::test]
async fn several_payloads_are_stored_together_or_not_at_all() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let limits = PrivateLimits { entries: 3, bytes: 10 };
    let set = |all: &[(&str, &str)]| {
        let all = all.iter().map(|(name, xml)| entry(name, "x:ns", xml)).collect();
        bed.store.private().put(alice, all, limits)
    };
    let stored = async || {
        let all = bed.store.private().all(alice).await.unwrap();
        let mut all: Vec<_> = all.into_iter().map(|entry| (entry.name, entry.xml)).collect();
        all.sort();
        all.into_iter().map(|(name, xml)| format!("{name}={xml}")).collect::<Vec<_>>().join(" ")
    };
    set(&[("a", "12345"), ("b", "1234")]).await.unwrap();
    assert_eq!(stored().await, "a=12345 b=1234");
    set(&[("a", "1234567"), ("b", "1"), ("c", "22")]).await.unwrap();
    assert_eq!(stored().await, "a=1234567 b=1 c=22", "what is replaced makes room for the rest");
    assert_eq!(set(&[("a", "1"), ("d", "2")]).await, Err(PrivateError::Full), "four of three");
    assert_eq!(set(&[("b", "12"), ("c", "123")]).await, Err(PrivateError::Full), "twelve of ten bytes");
    assert_eq!(stored().await, "a=1234567 b=1 c=22");
}

#[tokio::test]
async fn limits_hold_within_one_batch() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let commits: Vec<_> = (0..10)
        .map(|n| bed.store.private().put(alice, vec![entry(&format!("x{n}"), "x:ns", "<x/>")], entries(4)))
        .collect();
    let mut stored = 0;
    for commit in commits {
        match commit.await {
            Ok(()) => stored += 1,
            Err(error) => assert_eq!(error, PrivateError::Full),
        }
    }
    assert_eq!((stored, bed.store.private().all(alice).await.unwrap().len()), (4, 4));
}

#[tokio::test]
async fn nothing_is_stored_for_an_account_that_is_gone() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    bed.store.accounts().delete(alice).await.unwrap();
    for limits in [UNLIMITED, entries(5)] {
        let error = put(&bed, alice, "x", "<x/>", limits).await.unwrap_err();
        assert!(matches!(error, PrivateError::Storage(StorageError::Constraint(_))), "{error}");
    }
}
