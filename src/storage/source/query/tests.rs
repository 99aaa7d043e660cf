use super::*;

fn read(text: &str, dialect: Dialect) -> Result<Query, QueryError> {
    Query::parse("q", text, dialect, false)
}

#[test]
fn a_name_that_stands_twice_is_one_parameter() {
    let text = "select :b, ':a' from t where x = :a or y = :b";
    let query = read(text, Dialect::Postgres).unwrap();
    assert_eq!(query.parameters(), ["b", "a"]);
    assert_eq!(query.sql(), "select $1, ':a' from t where x = $2 or y = $1");
    assert_eq!(
        query.sql_of_texts(&["text".into(), "integer".into()]),
        "select $1::text, ':a' from t where x = ($2::text)::integer or y = $1::text"
    );
    assert_eq!(query.places(), [0, 1]);
    let query = read(text, Dialect::Sqlite).unwrap();
    assert_eq!(query.sql(), "select ?1, ':a' from t where x = ?2 or y = ?1");
    let query = read(text, Dialect::Mariadb).unwrap();
    assert_eq!(query.sql(), "select ?, ':a' from t where x = ? or y = ?");
    assert_eq!(query.places(), [0, 1, 0]);
}

#[test]
fn one_statement_whatever_stands_around_it() {
    for text in [
        "select 1;",
        " ( select 1 ) ; -- done",
        "/* first */ SELECT 1",
        "select ';'",
        "with a as (select 1) table a",
    ] {
        let query = read(text, Dialect::Postgres).unwrap();
        assert!(!query.sql().trim_end().ends_with(';'), "{text}");
    }
    for (text, error) in [
        ("select 1; select 2", QueryError::Several),
        ("select 1; drop table t --", QueryError::Several),
        ("", QueryError::Empty),
        ("-- nothing", QueryError::Empty),
        (";", QueryError::Empty),
        ("select 'a", QueryError::Unclosed("string")),
        ("select $1", QueryError::Foreign("$".into())),
        ("select \0", QueryError::Nul),
        ("set role admin", QueryError::Word("set".into())),
        ("COMMIT", QueryError::Word("COMMIT".into())),
        (":a", QueryError::Word(":a".into())),
        ("DELETE from t", QueryError::ReadOnly("delete".into())),
    ] {
        assert_eq!(read(text, Dialect::Postgres), Err(error), "{text}");
    }
}

#[test]
fn what_only_one_database_has() {
    assert_eq!(read("select ?", Dialect::Sqlite), Err(QueryError::Foreign("?".into())));
    assert_eq!(read("select @a", Dialect::Sqlite), Err(QueryError::Foreign("@".into())));
    assert_eq!(read("select @a", Dialect::Mariadb).unwrap().parameters(), [""; 0]);
    assert_eq!(read("select data ? 'a'", Dialect::Postgres).unwrap().sql(), "select data ? 'a'");
    assert_eq!(read("select 1 /*! into outfile 'x' */", Dialect::Mariadb), Err(QueryError::Executed));
    assert_eq!(read("select 1 INTO /**/ Outfile 'x'", Dialect::Mariadb), Err(QueryError::File));
}

#[test]
fn statements_that_write_need_permission() {
    let texts = ["insert into t values (:a)", "update t set a = :a", "delete from t", "call p(:a)"];
    for text in texts {
        assert!(Query::parse("q", text, Dialect::Mariadb, true).is_ok(), "{text}");
        assert!(matches!(read(text, Dialect::Mariadb), Err(QueryError::ReadOnly(_))), "{text}");
    }
    for text in
        ["drop table t", "attach 'x' as y", "pragma query_only = off", "copy t to program 'x'", "do $$x$$"]
    {
        let refused = Query::parse("q", text, Dialect::Postgres, true);
        assert!(matches!(refused, Err(QueryError::Word(_))), "{text}: {refused:?}");
    }
}
