//! What a database server sees of a source. Ignored without one.

use std::time::Duration;

use super::*;

/// How many statements of the other connection run, as the server tells.
fn running(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Postgres => (
            "select 1 as done from pg_sleep(:s)",
            "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' \
             and pid <> pg_backend_pid() and query like '%pg_sleep%'",
        ),
        _ => (
            "select sleep(:s) as done",
            "select count(*) from information_schema.processlist where db = database() and id <> connection_id() \
             and info like '%sleep%'",
        ),
    }
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_statement_whose_caller_has_gone_does_not_go_on_for_ever() {
    let bed = Bed::new().await;
    let (slow, count) = running(bed.dialect());
    let statement = Duration::from_secs(5);
    let source = open(SourceOptions { statement, ..options(&bed, &[("slow", slow), ("count", count)]) });
    let running = async |expected: &str| {
        while rows(&source, "count", &[]).await != [[expected]] {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let values = [("s", Value::from(3600))];
    tokio::select! {
        ended = source.query("slow", &values) => panic!("{ended:?}"),
        () = running("integer 1") => {}
    }
    running("integer 0").await;
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_column_that_gets_another_type_is_taken_up() {
    let bed = Bed::new().await;
    if bed.dialect() != Dialect::Postgres {
        return;
    }
    bed.tamper("CREATE TABLE t (a int); INSERT INTO t VALUES (1)").await;
    let source =
        open(SourceOptions { connections: 1, ..options(&bed, &[("q", "select a from t where a = :a")]) });
    assert_eq!(rows(&source, "q", &[("a", 1.into())]).await, [["integer 1"]]);
    bed.tamper("ALTER TABLE t ALTER a TYPE text USING a::text").await;
    let first = source.query("q", &[("a", "1".into())]).await;
    assert!(matches!(first, Err(SourceError::Database(_))), "{first:?}");
    assert_eq!(rows(&source, "q", &[("a", "1".into())]).await, [["text 1"]]);
}
