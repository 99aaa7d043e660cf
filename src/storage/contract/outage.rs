//! A database server that goes away and comes back. Ignored without one.

use std::time::Duration;

use tokio::time::Instant;

use super::bed::{SERVER, database};
use super::gate::{Gate, Way};
use super::*;
use crate::StorageError;

/// The least that a configuration may ask for.
const DEADLINE: Duration = Duration::from_secs(2);

struct Outage {
    gate: Gate,
    store: Store,
    alice: AccountId,
}

impl Outage {
    async fn new() -> Self {
        let url = database().await;
        let server = std::env::var(SERVER).unwrap();
        let address = server.rsplit_once('@').unwrap().1.to_owned();
        let gate = Gate::to(address.clone()).await;
        let options = Options {
            deadline: DEADLINE,
            ..Options::new(url.replace(&address, &gate.address.to_string()), ".")
        };
        let store = Store::open(options, &Runtime::system()).await.unwrap();
        let alice = store.accounts().create("chess.example", "alice", &[], NOW).await.unwrap();
        Self { gate, store, alice }
    }

    async fn write(&self, text: &str) -> Result<(), StorageError> {
        self.store.vcards().put(self.alice, text.into()).await.map(drop)
    }

    async fn read(&self) -> Result<Option<String>, StorageError> {
        self.store.vcards().get(self.alice).await
    }

    /// Waits until a probe has succeeded.
    async fn back(&self) {
        while self.store.away_for().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn gone<T: std::fmt::Debug>(result: Result<T, StorageError>) {
    let error = result.unwrap_err();
    assert!(
        matches!(error, StorageError::Away | StorageError::Unreachable(_) | StorageError::Deadline(_)),
        "{error:?}"
    );
    assert!(error.is_temporary());
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_server_that_does_not_answer_is_away_after_the_deadline_and_is_found_again() {
    let outage = Outage::new().await;
    outage.write("<vCard>before</vCard>").await.unwrap();
    outage.gate.set(Way::Silent);
    let since = Instant::now();
    let (written, read) = tokio::join!(outage.write("<vCard>lost</vCard>"), outage.read());
    gone(written);
    gone(read);
    assert!(since.elapsed() >= DEADLINE, "it fails before the deadline");
    assert!(outage.store.away_for().is_some());
    let refused = outage.store.writer_stat().refused;
    assert_eq!(outage.write("<vCard>lost</vCard>").await, Err(StorageError::Away));
    assert_eq!(outage.read().await, Err(StorageError::Away));
    assert_eq!(outage.store.writer_stat().refused, refused + 2);
    assert_eq!(outage.store.writer_stat().queued, 0);
    outage.gate.set(Way::Open);
    outage.back().await;
    outage.write("<vCard>after</vCard>").await.unwrap();
    assert_eq!(outage.read().await.unwrap().as_deref(), Some("<vCard>after</vCard>"));
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_server_that_is_killed_is_away_at_once_and_is_found_again() {
    let outage = Outage::new().await;
    outage.write("<vCard>before</vCard>").await.unwrap();
    outage.gate.set(Way::Cut);
    let (written, read) = tokio::join!(outage.write("<vCard>lost</vCard>"), outage.read());
    gone(written);
    gone(read);
    assert!(outage.store.away_for().is_some());
    outage.gate.set(Way::Open);
    outage.back().await;
    assert_eq!(outage.read().await.unwrap().as_deref(), Some("<vCard>before</vCard>"));
    outage.write("<vCard>after</vCard>").await.unwrap();
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn connections_that_were_reset_are_replaced_without_an_error() {
    let outage = Outage::new().await;
    for round in 0..3 {
        // Several connections are in use.
        let commits: Vec<_> = (0..20).map(|_| outage.write("<vCard/>")).collect();
        for commit in commits {
            commit.await.unwrap();
        }
        outage.gate.set(Way::Cut);
        tokio::time::sleep(Duration::from_millis(50)).await;
        outage.gate.set(Way::Open);
        let text = format!("<vCard>{round}</vCard>");
        outage.write(&text).await.unwrap();
        assert_eq!(outage.read().await.unwrap(), Some(text));
        assert_eq!(outage.store.away_for(), None);
    }
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn writes_that_are_queued_when_it_goes_are_answered_within_the_deadline() {
    let outage = Outage::new().await;
    outage.gate.set(Way::Silent);
    let since = Instant::now();
    let commits: Vec<_> =
        (0..1000).map(|n| outage.store.vcards().put(outage.alice, format!("<vCard>{n}</vCard>"))).collect();
    for commit in commits {
        gone(commit.await);
    }
    // Twice: the batch, and what the machine needs besides.
    assert!(since.elapsed() < DEADLINE * 2, "{:?}", since.elapsed());
    outage.gate.set(Way::Open);
    outage.back().await;
    assert_eq!(outage.read().await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_store_that_is_closed_while_its_database_is_away_ends() {
    let outage = Outage::new().await;
    outage.gate.set(Way::Silent);
    gone(outage.read().await);
    let _ = outage.store.close().await;
    assert_eq!(outage.read().await, Err(StorageError::Closed));
}
