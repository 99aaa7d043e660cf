//! What plugins store, each on a domain for itself.

mod caps;
mod servers;

use super::*;
use crate::statement::{Call, Shape, Statement};
use crate::{Changed, Expect, PluginChange, PluginValueError, PluginWrite, StorageError};

const CAP: u64 = 1 << 20;
const HOUR: i64 = 3_600_000_000;

fn put(value: &[u8]) -> PluginWrite {
    PluginWrite::Put { value: value.to_vec(), expires_us: None }
}

fn until(value: &[u8], expires_us: i64) -> PluginWrite {
    PluginWrite::Put { value: value.to_vec(), expires_us: Some(expires_us) }
}

fn change(key: &str, expect: Expect, write: PluginWrite) -> PluginChange {
    PluginChange { key: key.into(), expect, write }
}

fn value(value: &[u8]) -> Expect {
    Expect::Value(value.to_vec())
}

/// Changes a value of the plugin `notes` on `chess.example` at [`NOW`].
async fn changed(
    store: &Store,
    key: &str,
    expect: Expect,
    write: PluginWrite,
) -> Result<bool, PluginValueError> {
    let values = store.plugin_values();
    let done = values.change("notes", "chess.example", change(key, expect, write), NOW, CAP).await;
    done.map(|Changed { done }| done)
}

/// Stores values of plugins for domains.
async fn put_all<'a>(store: &Store, all: impl Iterator<Item = (&'a str, &'a str, String, PluginWrite)>) {
    let values = store.plugin_values();
    let commits: Vec<_> = all
        .map(|(plugin, domain, key, write)| (plugin, domain, change(&key, Expect::Any, write)))
        .map(|(plugin, domain, change)| values.change(plugin, domain, change, NOW, CAP))
        .collect();
    for commit in commits {
        assert!(commit.await.unwrap().done);
    }
}

async fn get_at(store: &Store, key: &str, now_us: i64) -> Option<Vec<u8>> {
    store.plugin_values().get("notes", "chess.example", key, now_us).await.unwrap()
}

async fn get(store: &Store, key: &str) -> Option<Vec<u8>> {
    get_at(store, key, NOW).await
}

async fn usage(store: &Store) -> u64 {
    store.plugin_values().usage("notes", "chess.example").await.unwrap()
}

async fn keys(store: &Store, prefix: &str, after: Option<&str>, limit: u32) -> Vec<String> {
    store.plugin_values().keys("notes", "chess.example", prefix, after, limit, NOW).await.unwrap()
}

/// What the values take, counted.
async fn counted(store: &Store) -> u64 {
    let sql = "SELECT item_key, octet_length(value) FROM plugin_value".to_owned();
    let call = Call { statement: Statement::Tables, shape: Shape::Own(sql), args: &[] };
    let rows = store.readers().fetch(call).await.unwrap();
    rows.iter().map(|row| 64 + row.text(0).unwrap().len() as u64 + row.int(1).unwrap().unsigned_abs()).sum()
}

#[tokio::test]
async fn a_value_belongs_to_a_plugin_a_domain_and_a_key() {
    let bed = Bed::new().await;
    let values = bed.store.plugin_values();
    let names = [
        ("notes", "chess.example", "a"),
        ("notes", "chess.example", "A"),
        ("notes", "chess.example", "a "),
        ("notes", "wuchess.example", "a"),
        ("filter", "chess.example", "a"),
        ("notesc", "hess.example", "a"),
    ];
    for (n, (plugin, domain, key)) in names.into_iter().enumerate() {
        let change = change(key, Expect::Absent, put(&[n as u8, 0, 255]));
        assert!(values.change(plugin, domain, change, NOW, CAP).await.unwrap().done);
    }
    for (n, (plugin, domain, key)) in names.into_iter().enumerate() {
        let found = values.get(plugin, domain, key, NOW).await.unwrap();
        assert_eq!(found, Some(vec![n as u8, 0, 255]), "{plugin} {domain} {key:?}");
    }
    assert_eq!(values.get("notes", "chess.example", "b", NOW).await.unwrap(), None);
    assert_eq!(values.keys("filter", "chess.example", "", None, 9, NOW).await.unwrap(), ["a"]);
    assert_eq!(usage(&bed.store).await, 3 * (64 + 3) + 4);
    assert_eq!(values.usage("filter", "nobody.example").await.unwrap(), 0);
}

#[tokio::test]
async fn a_value_is_changed_only_if_it_is_the_expected_one() {
    let bed = Bed::new().await;
    let store = &bed.store;
    let delete = || PluginWrite::Delete;
    for (expect, write, done, left) in [
        (value(b""), put(b"1"), false, None),
        (Expect::Any, delete(), false, None),
        (Expect::Absent, delete(), false, None),
        (Expect::Absent, put(b"1"), true, Some("1")),
        (Expect::Absent, put(b"2"), false, Some("1")),
        (value(b"2"), put(b"3"), false, Some("1")),
        (value(b"11"), delete(), false, Some("1")),
        (value(b"1"), put(b""), true, Some("")),
        (Expect::Absent, put(b"2"), false, Some("")),
        (value(b""), put(b"22"), true, Some("22")),
        (Expect::Any, put(b"3"), true, Some("3")),
        (value(b"3"), delete(), true, None),
        (value(b"3"), delete(), false, None),
        (Expect::Any, put(b"4"), true, Some("4")),
        (Expect::Any, delete(), true, None),
    ] {
        assert_eq!(changed(store, "key", expect, write).await, Ok(done), "before {left:?}");
        assert_eq!(get(store, "key").await.as_deref(), left.map(str::as_bytes));
        assert_eq!(usage(store).await, left.map_or(0, |left| 64 + 3 + left.len() as u64));
    }
}

#[tokio::test]
async fn keys_are_listed_in_bytewise_order_by_their_prefix() {
    let bed = Bed::new().await;
    let store = &bed.store;
    let mut all = [
        "",
        "%",
        "%a",
        "100%",
        "100_",
        "100a",
        "1000",
        "A",
        "a",
        "a'",
        "a\"b",
        "a\\",
        "aa",
        "aÿ",
        "a\u{100}",
        "ÿ",
        "ÿÿ",
        "\u{100}",
        "ž/1",
        "ž/2",
        "žz",
        "\u{d7ff}x",
        "\u{e000}",
        "\u{ffff}",
        "😀",
        "\u{10ffff}",
        "\u{10ffff}z",
    ];
    for key in all {
        assert!(changed(store, key, Expect::Absent, put(key.as_bytes())).await.unwrap(), "{key:?}");
    }
    let elsewhere = change("aa", Expect::Any, put(b"x"));
    bed.store.plugin_values().change("notes", "wuchess.example", elsewhere, NOW, CAP).await.unwrap();
    all.sort_unstable();
    for key in all {
        assert_eq!(get(store, key).await.as_deref(), Some(key.as_bytes()));
    }
    assert_eq!(keys(store, "", None, 99).await, all);
    for prefix in all.into_iter().chain(["10", "ž/", "\u{d7ff}", "nothing"]) {
        let expected: Vec<_> = all.into_iter().filter(|key| key.starts_with(prefix)).collect();
        assert_eq!(keys(store, prefix, None, 99).await, expected, "{prefix:?}");
        for after in ["", "a", "aÿ", "ž/1", "\u{10ffff}"] {
            let expected: Vec<_> = expected.iter().copied().filter(|key| *key > after).collect();
            assert_eq!(keys(store, prefix, Some(after), 99).await, expected, "{prefix:?} after {after:?}");
        }
    }
    assert_eq!(keys(store, "a", None, 2).await, ["a", "a\"b"]);
    assert_eq!(keys(store, "a", Some("a\"b"), 2).await, ["a'", "a\\"]);
    assert_eq!(keys(store, "", None, 0).await, [""; 0]);
}

#[tokio::test]
async fn the_widest_values_and_keys_are_stored_and_wider_ones_refused() {
    let bed = Bed::new().await;
    let (store, values) = (&bed.store, bed.store.plugin_values());
    let long = "k".repeat(1023);
    assert!(changed(store, &long, Expect::Any, put(&[255; 65_536])).await.unwrap());
    assert_eq!(get(store, &long).await, Some(vec![255; 65_536]));
    assert_eq!(keys(store, &long, None, 9).await, [long.as_str()]);
    let (plugin, domain) = ("p".repeat(64), "d".repeat(1023));
    let one = || change("k", Expect::Any, put(b"v"));
    assert!(values.change(&plugin, &domain, one(), NOW, CAP).await.unwrap().done);
    assert_eq!(values.get(&plugin, &domain, "k", NOW).await.unwrap(), Some(b"v".to_vec()));

    let before = usage(store).await;
    let large = changed(store, "large", Expect::Any, put(&[0; 65_537])).await;
    assert_eq!(large, Err(PluginValueError::TooLarge));
    for key in ["k".repeat(1024).as_str(), "a\0b"] {
        assert_eq!(changed(store, key, Expect::Any, put(b"")).await, Err(PluginValueError::InvalidKey));
        let got = values.get("notes", "chess.example", key, NOW).await;
        assert_eq!(got, Err(PluginValueError::InvalidKey));
        for (prefix, after) in [(key, None), ("", Some(key))] {
            let listed = values.keys("notes", "chess.example", prefix, after, 9, NOW).await;
            assert_eq!(listed, Err(PluginValueError::InvalidKey));
        }
    }
    for (plugin, domain) in [("p\0", "d"), ("p", "d\0"), ("ž", "d"), (plugin.repeat(2).as_str(), "d")] {
        let refused = values.change(plugin, domain, one(), NOW, CAP).await;
        assert_eq!(refused, Err(PluginValueError::InvalidOwner));
    }
    assert_eq!(usage(store).await, before);
}

#[tokio::test]
async fn what_has_expired_is_absent() {
    let bed = Bed::new().await;
    let store = &bed.store;
    changed(store, "a", Expect::Any, until(b"1", NOW + 1)).await.unwrap();
    changed(store, "b", Expect::Any, until(b"1", NOW)).await.unwrap();
    changed(store, "c", Expect::Any, until(b"1", NOW)).await.unwrap();
    changed(store, "d", Expect::Any, until(b"1", NOW)).await.unwrap();
    assert_eq!(get(store, "a").await, Some(b"1".to_vec()));
    assert_eq!(get_at(store, "a", NOW + 1).await, None);
    assert_eq!(get(store, "b").await, None);
    assert_eq!(keys(store, "", None, 9).await, ["a"]);
    assert_eq!(usage(store).await, 4 * 66);
    assert_eq!(changed(store, "b", value(b"1"), put(b"2")).await, Ok(false));
    assert_eq!(changed(store, "b", Expect::Absent, put(b"22")).await, Ok(true));
    assert_eq!(changed(store, "c", Expect::Any, PluginWrite::Delete).await, Ok(false), "nothing to delete");
    assert_eq!(get_at(store, "b", i64::MAX).await, Some(b"22".to_vec()), "the time is not kept");
    assert_eq!(changed(store, "a", Expect::Any, put(b"1")).await, Ok(true));
    assert_eq!(get_at(store, "a", i64::MAX).await, Some(b"1".to_vec()));
    assert_eq!(usage(store).await, counted(store).await);
}

#[tokio::test]
async fn what_has_expired_is_deleted_and_no_longer_counted() {
    let bed = Bed::new().await;
    let values = bed.store.plugin_values();
    let all = (0..700).map(|n| {
        let domain = ["chess.example", "wuchess.example"][n % 2];
        ("notes", domain, n.to_string(), until(b"x", NOW + (n as i64 / 600) * HOUR))
    });
    put_all(&bed.store, all).await;
    changed(&bed.store, "stays", Expect::Any, put(b"x")).await.unwrap();
    assert_eq!(values.expire(NOW - 1).await.unwrap(), 0);
    assert_eq!(values.expire(NOW).await.unwrap(), 600);
    let there = values.usage("notes", "wuchess.example").await.unwrap();
    assert_eq!((usage(&bed.store).await, there), (50 * 68 + 70, 50 * 68));
    assert_eq!(counted(&bed.store).await, 100 * 68 + 70);
    assert_eq!(values.expire(NOW + HOUR).await.unwrap(), 100);
    assert_eq!(values.expire(i64::MAX).await.unwrap(), 0);
    assert_eq!(usage(&bed.store).await, 70);
    assert_eq!(keys(&bed.store, "", None, 9).await, ["stays"]);
}

#[tokio::test]
async fn a_plugin_or_a_domain_is_removed_with_all_its_values_and_no_others() {
    let bed = Bed::new().await;
    let values = bed.store.plugin_values();
    let owners =
        ["notes", "filter"].map(|plugin| ["a.example", "b.example"].map(|domain| (plugin, domain))).concat();
    for (plugin, domain) in &owners {
        // As many as two writes delete, and none left for a third.
        put_all(&bed.store, (0..512).map(|n| (*plugin, *domain, n.to_string(), put(b"x")))).await;
    }
    let left = async || {
        let mut left = Vec::new();
        for (plugin, domain) in &owners {
            left.push(values.keys(plugin, domain, "", None, 999, NOW).await.unwrap().len());
        }
        left
    };
    assert_eq!(left().await, [512; 4]);
    assert_eq!(values.remove_plugin("note").await.unwrap(), 0);
    assert_eq!(values.remove_plugin("notes").await.unwrap(), 1024);
    assert_eq!(left().await, [0, 0, 512, 512]);
    assert_eq!(values.usage("notes", "a.example").await.unwrap(), 0);
    assert_eq!(values.remove_domain("b.example").await.unwrap(), 512);
    assert_eq!(left().await, [0, 0, 512, 0]);
    assert_eq!(values.usage("filter", "a.example").await.unwrap(), counted(&bed.store).await);
    assert_eq!(values.remove_plugin("notes").await.unwrap(), 0);
    let again = values.change("notes", "a.example", change("k", Expect::Absent, put(b"x")), NOW, 66);
    assert!(again.await.unwrap().done);
    assert_eq!(bed.store.purge_domain("a.example").await.unwrap(), 0, "no accounts");
    assert_eq!(left().await, [0; 4]);
    assert_eq!(counted(&bed.store).await, 0);
}

#[tokio::test]
async fn a_closed_store_changes_nothing() {
    let bed = Bed::new().await;
    bed.store.close().await.unwrap();
    let refused = changed(&bed.store, "a", Expect::Any, put(b"x")).await;
    assert_eq!(refused, Err(PluginValueError::Storage(StorageError::Closed)));
    let again = Store::open(bed.options(), &Runtime::system()).await.unwrap();
    assert_eq!(get(&again, "a").await, None);
    assert_eq!(usage(&again).await, 0);
}
