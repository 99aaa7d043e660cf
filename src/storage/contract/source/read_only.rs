//! The database refuses what writes, in whatever it is wrapped.

use super::*;

const POSTGRES: [&str; 5] = [
    "CREATE TABLE t (i int)",
    "CREATE SEQUENCE counter",
    "CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING i'",
    "CREATE FUNCTION unlocks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
     PERFORM set_config('default_transaction_read_only', 'off', false); RETURN 1; END $$",
    "CREATE FUNCTION unlocks_and_writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
     PERFORM set_config('transaction_read_only', 'off', false); INSERT INTO t VALUES (1); RETURN 1; END $$",
];

const MARIADB: [&str; 2] = [
    "CREATE TABLE t (i int)",
    "CREATE FUNCTION writes() RETURNS int BEGIN INSERT INTO t VALUES (1); RETURN 1; END",
];

/// Statements that write, each by the database's own judgement.
fn writing(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Postgres => &[
            ("cte", "with x as (insert into t values (1) returning i) select i from x"),
            ("into", "select i into copied from t"),
            ("function", "select writes() as done"),
            ("sequence", "select nextval('counter') as next"),
            ("unlocks", "select unlocks_and_writes() as done"),
        ],
        Dialect::Mariadb => {
            &[("function", "select writes() as done"), ("lock", "select writes() + i from t for update")]
        }
        Dialect::Sqlite => &[("cte", "with x as (select 1) insert into t select * from x")],
    }
}

async fn made() -> Bed {
    let bed = Bed::new().await;
    let steps: &[&'static str] = match bed.dialect() {
        Dialect::Postgres => &POSTGRES,
        Dialect::Mariadb => &MARIADB,
        Dialect::Sqlite => &["CREATE TABLE t (i int)"],
    };
    for step in steps {
        bed.tamper(step).await;
    }
    bed.tamper("INSERT INTO t VALUES (7)").await;
    bed
}

#[tokio::test]
async fn what_writes_is_refused_by_the_database() {
    let bed = made().await;
    let mut queries = writing(bed.dialect()).to_vec();
    queries.push(("all", "select i from t"));
    if bed.dialect() == Dialect::Postgres {
        queries.push(("unlock-the-next", "select unlocks() as done"));
    }
    // One connection, so that each statement meets what the one before has left.
    let source = open(SourceOptions { connections: 1, ..options(&bed, &queries) });
    for round in 0..2 {
        for (name, text) in writing(bed.dialect()) {
            let error = source.query(name, &[]).await.unwrap_err();
            let fits = match *name {
                "unlocks" => matches!(error, SourceError::Database(_)),
                _ => error == SourceError::ReadOnly,
            };
            assert!(fits, "{text}: {error:?}");
        }
        assert_eq!(rows(&source, "all", &[]).await, [["integer 7"]], "{round}");
        if bed.dialect() == Dialect::Postgres {
            assert_eq!(rows(&source, "unlock-the-next", &[]).await, [["integer 1"]]);
        }
    }
    assert_eq!(source.stat().connected, 1);
}

#[tokio::test]
async fn what_may_write_says_how_many_rows() {
    let bed = made().await;
    let queries = [
        ("put", "insert into t values (:a), (:b)"),
        ("change", "update t set i = i + 1 where i < :below"),
        ("all", "select i from t order by i"),
        ("clear", "delete from t"),
        ("replaced", "select replace('a', 'a', 'b') as r"),
    ];
    let source = open(SourceOptions { write: true, ..options(&bed, &queries) });
    let put = source.query("put", &[("a", 1.into()), ("b", 2.into())]).await.unwrap();
    assert_eq!((put.affected, put.rows.len()), (2, 0));
    assert_eq!(source.query("change", &[("below", 7.into())]).await.unwrap().affected, 2);
    let all = source.query("all", &[]).await.unwrap();
    assert_eq!((all.affected, all.rows.len()), (0, 3));
    assert_eq!(source.query("replaced", &[]).await.unwrap().affected, 0);
    assert_eq!(source.query("clear", &[]).await.unwrap().affected, 3);
    assert_eq!(rows(&source, "all", &[]).await, [[""; 1]; 0]);
}

#[tokio::test]
async fn rows_that_are_written_can_be_returned() {
    let bed = made().await;
    let source = open(SourceOptions {
        write: true,
        ..options(&bed, &[("put", "insert into t values (:i) returning i")])
    });
    let put = source.query("put", &[("i", 5.into())]).await.unwrap();
    assert_eq!(put.rows.iter().flatten().map(shown).collect::<Vec<_>>(), ["integer 5"]);
    if bed.dialect() == Dialect::Postgres {
        assert_eq!(put.affected, 1);
    }
}

#[tokio::test]
async fn a_statement_that_begins_with_a_write_is_refused_before() {
    let bed = Bed::new().await;
    let error = Source::new(options(&bed, &[("q", "delete from t")]), Arc::new(SystemClock)).err().unwrap();
    assert!(matches!(&error, SourceError::Query(name, _) if name == "q"), "{error:?}");
}

#[tokio::test]
async fn what_may_change_one_row_changes_none_instead_of_several() {
    let bed = made().await;
    let queries = [
        ("put", "insert into t values (:a), (:b)"),
        ("change", "update t set i = i + 10 where i >= :from"),
        ("all", "select i from t order by i"),
    ];
    // One connection, so that each statement meets what the one before has left.
    let source = open(SourceOptions { write: true, connections: 1, ..options(&bed, &queries) });
    source.query("put", &[("a", 1.into()), ("b", 2.into())]).await.unwrap();
    let change = async |from: i64| source.change_one("change", &[("from", from.into())]).await;
    let all = async || rows(&source, "all", &[]).await;
    assert_eq!(change(2).await.err(), Some(SourceError::TooManyAffected(2)));
    assert_eq!(all().await, [["integer 1"], ["integer 2"], ["integer 7"]]);
    assert_eq!(change(7).await.unwrap().affected, 1);
    assert_eq!(change(18).await.unwrap().affected, 0);
    assert_eq!(all().await, [["integer 1"], ["integer 2"], ["integer 17"]]);
    let missing = source.change_one("change", &[]).await;
    assert_eq!(missing.err(), Some(SourceError::Missing("from".into())));
    bed.tamper("DROP TABLE t").await;
    assert!(change(7).await.is_err());
    bed.tamper("CREATE TABLE t (i int)").await;
    bed.tamper("INSERT INTO t VALUES (7)").await;
    assert_eq!(change(7).await.unwrap().affected, 1, "nothing of the failure is left");
    assert_eq!(source.query("all", &[]).await.unwrap().rows.len(), 1);
}
