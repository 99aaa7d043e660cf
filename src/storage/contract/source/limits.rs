//! Limits of a result, of time, and of connections.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Takes as long as its value says, in seconds; on SQLite, for ever.
fn slow(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "select 1 as done from pg_sleep(:s)",
        Dialect::Mariadb => "select sleep(:s) as done",
        Dialect::Sqlite => {
            "with recursive n (i) as (select :s union all select i + 1 from n) select count(*) from n"
        }
    }
}

#[tokio::test]
async fn a_result_is_never_cut_short() {
    let bed = Bed::new().await;
    let source = open(SourceOptions { rows: 10, ..options(&bed, &[("count", COUNT)]) });
    let count = async |to: i64| source.query("count", &[("count", to.into())]).await;
    // Again and again, since what is left of a result must not be read by the next statement.
    for _ in 0..3 {
        assert_eq!(count(10).await.unwrap().rows.len(), 10);
        assert_eq!(count(11).await, Err(SourceError::TooManyRows(10)));
        assert_eq!(count(900).await, Err(SourceError::TooManyRows(10)));
    }
    let stat = &source.stat().statements[0];
    assert_eq!((stat.name.as_str(), stat.calls, stat.failures, stat.rows), ("count", 9, 6, 30));
}

#[tokio::test]
async fn bytes_of_all_rows_count() {
    let bed = Bed::new().await;
    let text = "select :text as t union all select :text as t";
    let source = open(SourceOptions { bytes: 2000, ..options(&bed, &[("twice", text)]) });
    let twice =
        async |length: usize| source.query("twice", &[("text", Value::Text("x".repeat(length)))]).await;
    assert_eq!(twice(1000).await.unwrap().rows.len(), 2);
    assert_eq!(twice(1001).await, Err(SourceError::TooManyBytes(2000)));
    assert_eq!(twice(1_000_000).await, Err(SourceError::TooManyBytes(2000)));
    assert_eq!(twice(3).await.unwrap().rows.len(), 2);
}

#[tokio::test]
async fn a_statement_is_ended_by_the_database() {
    let bed = Bed::new().await;
    let queries = [("slow", slow(bed.dialect())), ("one", "select 1 as one")];
    let source = open(SourceOptions { statement: SECOND, connections: 1, ..options(&bed, &queries) });
    for _ in 0..4 {
        let since = Instant::now();
        assert_eq!(source.query("slow", &[("s", 30.into())]).await, Err(SourceError::Deadline(SECOND)));
        assert!(since.elapsed() >= SECOND * 9 / 10, "{:?}", since.elapsed());
        assert_eq!(rows(&source, "one", &[]).await, [["integer 1"]]);
    }
    let stat = source.stat();
    assert_eq!(stat.connected, 1, "the database has answered, so the connection is kept");
    assert_eq!(stat.breaker.word(), "closed");
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing_behind() {
    let bed = Bed::new().await;
    let queries = [("slow", slow(bed.dialect())), ("one", "select 1 as one")];
    let source = open(SourceOptions { connections: 1, ..options(&bed, &queries) });
    let connected = async {
        while source.stat().connected == 0 {
            tokio::time::sleep(SECOND / 50).await;
        }
    };
    let values = [("s", Value::from(30))];
    tokio::select! {
        ended = source.query("slow", &values) => panic!("{ended:?}"),
        () = connected => {}
    }
    assert_eq!(source.stat().busy, 0);
    assert_eq!(rows(&source, "one", &[]).await, [["integer 1"]]);
    assert_eq!(source.stat().connected, 2, "the first connection was closed half read");
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_is_refused() {
    let bed = Bed::new().await;
    let queries = [("slow", slow(bed.dialect())), ("one", "select 1 as one")];
    let wait = SECOND / 10;
    let source = open(SourceOptions { connections: 1, statement: SECOND, wait, ..options(&bed, &queries) });
    let late = async {
        // Until the slow one has the only connection.
        while source.stat().busy == 0 {
            tokio::task::yield_now().await;
        }
        source.query("one", &[]).await
    };
    let values = [("s", Value::from(30))];
    let (slow, late) = tokio::join!(source.query("slow", &values), late);
    assert_eq!(slow, Err(SourceError::Deadline(SECOND)));
    assert_eq!(late, Err(SourceError::Busy(wait)));
    let stat = source.stat();
    assert_eq!((stat.overloaded, stat.waiting, stat.busy, stat.idle), (1, 0, 0, 1));
    assert_eq!(rows(&source, "one", &[]).await, [["integer 1"]]);
}
