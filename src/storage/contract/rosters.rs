use super::*;
use crate::{Roster, RosterChange, StorageError};

pub(super) fn put(version: u64, items: &[RosterItem]) -> RosterChange {
    RosterChange { version, put: items.to_vec(), remove: Vec::new() }
}

fn sorted(mut roster: Roster) -> Roster {
    roster.items.sort_by(|a, b| a.jid.as_str().cmp(b.jid.as_str()));
    roster
}

#[tokio::test]
async fn a_roster_comes_back_as_it_was_stored() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    assert_eq!(bed.store.roster().load(alice).await.unwrap(), Roster::default());
    let full = RosterItem {
        jid: jid("bob@remote.example"),
        name: Some("Bob \"<&>\" 棋".into()),
        subscription: Subscription::To,
        ask: true,
        pending_in: Some("<presence type='subscribe'><status>let me in</status></presence>".into()),
        approved: true,
        groups: vec!["Chess, Club".into(), "it's".into(), "[\"x\"]".into()],
        in_roster: true,
        version: 3,
    };
    let items = [
        full,
        RosterItem { pending_in: Some("<presence/>".into()), ..RosterItem::new(jid("carol@remote.example")) },
        RosterItem { subscription: Subscription::From, ..friend("dan@remote.example", 1) },
        friend("remote.example/registered", 2),
    ];
    bed.store.roster().apply(alice, put(3, &items)).await.unwrap();
    let roster = sorted(bed.store.roster().load(alice).await.unwrap());
    assert_eq!(roster, Roster { version: 3, items: items.to_vec() });
}

#[tokio::test]
async fn items_are_changed_and_removed_in_one_write() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let items = [friend("a@x.example", 1), friend("b@x.example", 1), friend("c@x.example", 1)];
    bed.store.roster().apply(alice, put(1, &items)).await.unwrap();
    let renamed = RosterItem { name: Some("A".into()), groups: vec![], ..friend("a@x.example", 2) };
    let change = RosterChange { version: 2, put: vec![renamed.clone()], remove: vec![jid("b@x.example")] };
    bed.store.roster().apply(alice, change).await.unwrap();
    let roster = sorted(bed.store.roster().load(alice).await.unwrap());
    assert_eq!(roster.version, 2);
    assert_eq!(roster.items, [renamed, friend("c@x.example", 1)]);
    let last = RosterChange { version: 3, put: vec![], remove: vec![jid("a@x.example"), jid("c@x.example")] };
    bed.store.roster().apply(alice, last).await.unwrap();
    let roster = bed.store.roster().load(alice).await.unwrap();
    assert_eq!(roster, Roster { version: 3, items: vec![] }, "the version outlives the items");
}

#[tokio::test]
async fn a_roster_of_any_length_is_written_and_of_two_items_with_one_address_the_later_wins() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let mut items: Vec<_> = (0..300).map(|n| friend(&format!("c{n:03}@x.example"), 1)).collect();
    // More than MariaDB takes in one packet, 16 MiB.
    for item in &mut items[..20] {
        item.pending_in = Some("x".repeat(1 << 20));
    }
    let last = RosterItem { name: Some("Last".into()), ..friend("c007@x.example", 1) };
    let change = put(1, &[items.as_slice(), std::slice::from_ref(&last)].concat());
    bed.store.roster().apply(alice, change).await.unwrap();
    items[7] = last;
    assert_eq!(sorted(bed.store.roster().load(alice).await.unwrap()).items, items);
    let remove = items.drain(10..).map(|item| item.jid).collect();
    bed.store.roster().apply(alice, RosterChange { version: 2, put: vec![], remove }).await.unwrap();
    assert_eq!(sorted(bed.store.roster().load(alice).await.unwrap()).items, items);
}

#[tokio::test]
async fn rosters_of_the_same_name_on_two_domains_are_apart() {
    let bed = Bed::new().await;
    let here = bed.account("chess.example", "alice").await;
    let there = bed.account("wuchess.example", "alice").await;
    bed.store.roster().apply(here, put(1, &[friend("bob@chess.example", 1)])).await.unwrap();
    assert_eq!(bed.store.roster().load(there).await.unwrap(), Roster::default());
}

#[tokio::test]
async fn two_rosters_change_together_or_not_at_all() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let changes = vec![
        (alice, put(1, &[friend("bob@chess.example", 1)])),
        (bob, put(1, &[friend("alice@chess.example", 1)])),
    ];
    bed.store.roster().apply_many(changes).await.unwrap();
    assert_eq!(bed.store.roster().load(alice).await.unwrap().items.len(), 1);
    assert_eq!(bed.store.roster().load(bob).await.unwrap().items.len(), 1);
    let nobody = bob + 1;
    let changes = vec![(alice, put(2, &[friend("eve@chess.example", 2)])), (nobody, put(1, &[]))];
    let error = bed.store.roster().apply_many(changes).await.unwrap_err();
    assert!(matches!(error, StorageError::Constraint(_)), "{error}");
    assert_eq!(bed.store.roster().load(alice).await.unwrap().version, 1);
}

#[tokio::test]
async fn the_longest_address_is_a_legal_key() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let part = "a".repeat(1023);
    let domain = format!("{}.{}", vec!["a".repeat(63); 15].join("."), "a".repeat(63));
    let long = |last: char| format!("{part}@{domain}/{}{last}", &part[1..]);
    let items = [friend(&long('x'), 1), friend(&long('y'), 1)];
    assert_eq!(items[0].jid.as_str().len(), 3071);
    bed.store.roster().apply(alice, put(1, &items)).await.unwrap();
    assert_eq!(sorted(bed.store.roster().load(alice).await.unwrap()).items, items);
}
