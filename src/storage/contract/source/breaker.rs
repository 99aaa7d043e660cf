//! A database that is away is left alone, and found again.

use std::time::Duration;

use runtime::ManualClock;
use tokio::time::Instant;

use super::super::NOW;
use super::super::bed::{SERVER, database};
use super::super::gate::{Gate, Way};
use super::*;
use crate::source::BreakerState;

const SECOND: Duration = Duration::from_secs(1);

fn one(url: &str) -> SourceOptions {
    let mut options = SourceOptions::new("members", url, ".");
    options.queries.insert("one".into(), "select 1 as one".into());
    options
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_not_asked_all_the_time() {
    let clock = Arc::new(ManualClock::new(NOW));
    let source = Source::new(one("postgres://u:secret@127.0.0.1:1/x"), clock.clone()).unwrap();
    let ask = || source.query("one", &[]);
    for _ in 0..3 {
        let error = ask().await.unwrap_err();
        assert!(matches!(error, SourceError::Unavailable(_)) && error.is_temporary(), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert_eq!(ask().await, Err(SourceError::Open(SECOND)));
    clock.advance(SECOND);
    assert!(matches!(ask().await, Err(SourceError::Unavailable(_))), "a probe");
    assert_eq!(ask().await, Err(SourceError::Open(SECOND * 2)));
    let stat = source.stat();
    assert_eq!((stat.connect_failures, stat.refused, stat.connected), (4, 2, 0));
    assert_eq!(stat.breaker, BreakerState::Open);
    assert_eq!((stat.statements[0].calls, stat.statements[0].failures), (6, 6));
}

struct Outage {
    gate: Gate,
    source: Source,
}

impl Outage {
    async fn new() -> Self {
        let url = database().await;
        let address = std::env::var(SERVER).unwrap().rsplit_once('@').unwrap().1.to_owned();
        let gate = Gate::to(address.clone()).await;
        let url = url.replace(&address, &gate.address.to_string());
        let options = SourceOptions { statement: SECOND, connect: SECOND, ..one(&url) };
        Self { gate, source: open(options) }
    }

    /// Until a probe has succeeded.
    async fn back(&self) {
        while self.source.query("one", &[]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.source.stat().breaker, BreakerState::Closed);
    }
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_database_that_is_silent_is_given_up_and_found_again() {
    let outage = Outage::new().await;
    outage.back().await;
    outage.gate.set(Way::Silent);
    for failure in 0..3 {
        let since = Instant::now();
        let error = outage.source.query("one", &[]).await.unwrap_err();
        // A connection that there was, then new ones.
        match failure {
            0 => assert_eq!(error, SourceError::Silent(SECOND)),
            _ => assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}"),
        }
        assert!(since.elapsed() < SECOND * 10, "{:?}", since.elapsed());
    }
    assert!(matches!(outage.source.query("one", &[]).await, Err(SourceError::Open(_))));
    outage.gate.set(Way::Open);
    outage.back().await;
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_database_that_is_killed_is_found_again() {
    let outage = Outage::new().await;
    outage.back().await;
    outage.gate.set(Way::Cut);
    for _ in 0..3 {
        let error = outage.source.query("one", &[]).await.unwrap_err();
        assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}");
    }
    assert!(matches!(outage.source.query("one", &[]).await, Err(SourceError::Open(_))));
    outage.gate.set(Way::Open);
    outage.back().await;
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_connection_that_was_cut_while_idle_is_replaced_without_an_error() {
    for write in [false, true] {
        let mut outage = Outage::new().await;
        let options = SourceOptions { write, ..outage.source.options().clone() };
        outage.source = open(options);
        for round in 1..4 {
            outage.source.query("one", &[]).await.unwrap();
            assert_eq!(outage.source.stat().connected, round);
            outage.gate.set(Way::Cut);
            // Until both of its sides have ended.
            tokio::time::sleep(Duration::from_millis(50)).await;
            outage.gate.set(Way::Open);
        }
    }
}
