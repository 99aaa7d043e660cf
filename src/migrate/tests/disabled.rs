//! Accounts that nobody may log in to, there or here.

use super::bed::Bed;
use super::script::{Script, user};
use crate::{Kind, Mode, OnConflict, Order, RawUser, Reason, Report, Server};

const JACK: &str = "jack@chess.example";

fn jack(disabled: Option<bool>) -> RawUser {
    let mut jack = user("jack");
    jack.accounts[0].disabled = disabled;
    jack
}

/// What becomes of the account's record, and whether the account is enabled then.
async fn import(bed: &Bed, disabled: Option<bool>, on_conflict: OnConflict) -> (u64, Option<Reason>, bool) {
    let order = Order { on_conflict, ..Order::new(Server::Prosody) };
    let report: Report = bed.import(Script(vec![jack(disabled)]), &order).await;
    let counts = &report.tally.counts["chess.example"][&Kind::Account];
    let skipped = counts.skipped.iter().find(|(_, rows)| **rows > 0).map(|(reason, _)| *reason);
    let state = bed.state(&order, JACK).await.unwrap();
    (counts.written(), skipped, state.account.enabled)
}

async fn switch(bed: &Bed, enabled: bool) {
    let id = bed.state(&Order::new(Server::Prosody), JACK).await.unwrap().account.id;
    bed.store.accounts().set_enabled(id, enabled).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_the_source() {
    let bed = Bed::new().await;
    for (disabled, expected) in [
        (Some(false), (1, None, true)),
        (Some(true), (1, None, false)),
        (Some(true), (0, Some(Reason::Unchanged), false)),
        (Some(false), (1, None, true)),
        (Some(false), (0, Some(Reason::Unchanged), true)),
    ] {
        assert_eq!(import(&bed, disabled, OnConflict::Keep).await, expected, "{disabled:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_switched_here_stays_unless_the_source_wins() {
    let bed = Bed::new().await;
    import(&bed, Some(false), OnConflict::Keep).await;
    switch(&bed, false).await;
    for _ in 0..2 {
        assert_eq!(import(&bed, Some(false), OnConflict::Keep).await, (0, Some(Reason::Kept), false));
    }
    let verify = Order { mode: Mode::Verify, ..Order::new(Server::Prosody) };
    assert_eq!(bed.import(Script(vec![jack(Some(false))]), &verify).await.differences(), 1);
    assert_eq!(import(&bed, Some(false), OnConflict::Replace).await, (1, None, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_say_changes_nothing() {
    let bed = Bed::new().await;
    assert_eq!(import(&bed, None, OnConflict::Keep).await, (1, None, true));
    switch(&bed, false).await;
    for on_conflict in [OnConflict::Keep, OnConflict::Replace, OnConflict::Fail] {
        assert_eq!(import(&bed, None, on_conflict).await, (0, Some(Reason::Unchanged), false));
    }
}
