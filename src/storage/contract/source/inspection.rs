//! What a look at a source finds.

use super::*;
use crate::Finding;
use crate::source::{Report, inspect};

async fn look(bed: &Bed, queries: &[(&str, &str)]) -> Vec<Report> {
    let write = queries.iter().any(|(_, text)| text.starts_with("insert"));
    let options = SourceOptions { write, ..options(bed, queries) };
    inspect(&options, Arc::new(SystemClock)).await.unwrap_or_else(|error| panic!("{error}")).statements
}

async fn members() -> Bed {
    let bed = Bed::new().await;
    bed.tamper("CREATE TABLE member (id integer, username varchar(99), password varchar(99))").await;
    bed
}

fn said(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{} — {}\n", finding.what, finding.remedy)).collect()
}

#[tokio::test]
async fn a_statement_that_can_be_run_has_its_types_told() {
    let bed = members().await;
    let found =
        look(&bed, &[("q", "select id, password from member where username = :jid and id > :id")]).await;
    let [report] = &found[..] else { panic!("{found:?}") };
    assert_eq!(said(&report.errors) + &said(&report.warnings), "");
    let of = |pairs: &[(String, String)]| pairs.iter().map(|(a, b)| format!("{a} {b}")).collect::<Vec<_>>();
    let (parameters, columns) = match bed.dialect() {
        Dialect::Postgres => (["jid text", "id integer"], ["id int4", "password varchar"]),
        Dialect::Mariadb => (["jid ", "id "], ["id int", "password varchar"]),
        Dialect::Sqlite => (["jid ", "id "], ["id integer", "password text"]),
    };
    assert_eq!(of(&report.parameters), parameters);
    assert_eq!(of(&report.columns), columns);
}

#[tokio::test]
async fn the_database_complains_by_itself() {
    let bed = members().await;
    let found = look(
        &bed,
        &[
            ("column", "select pasword from member where username = :jid"),
            ("good", "select password from member where username = :jid"),
            ("syntax", "select from from member"),
            ("table", "select password from members where username = :jid"),
            ("twice", "select id, password as id from member"),
        ],
    )
    .await;
    let by: Vec<_> = found.iter().map(|report| (report.name.as_str(), said(&report.errors))).collect();
    assert!(by[0].1.contains("pasword") && by[0].1.contains("correct the name of the column"), "{by:?}");
    assert_eq!(by[1], ("good", String::new()));
    assert!(by[2].1.contains("correct the statement"), "{by:?}");
    assert!(by[3].1.contains("members") && by[3].1.contains("correct the name of the table"), "{by:?}");
    assert!(by[4].1.contains("two columns are called id"), "{by:?}");
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn what_only_postgresql_tells() {
    let bed = members().await;
    if bed.dialect() != Dialect::Postgres {
        return;
    }
    let found = look(
        &bed,
        &[
            ("kind", "select id from member where :name is null"),
            ("place", "select point(1, 2) as place"),
            ("types", "select id from member where id = :a::uuid"),
        ],
    )
    .await;
    let by: Vec<_> = found.iter().map(|report| said(&report.errors)).collect();
    assert!(by[0].contains("write the type, as in :name::text"), "{by:?}");
    assert!(by[1].contains("column place has the type point, which cannot be returned"), "{by:?}");
    assert!(by[2].contains("operator does not exist"), "{by:?}");
}

/// One row more than a table may have that is read as a whole.
fn fill(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Mariadb => {
            "SET SESSION max_recursive_iterations = 2000; INSERT INTO member WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) \
             SELECT i, concat('u', i), 'x' FROM n; ANALYZE TABLE member"
        }
        _ => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) \
             INSERT INTO member SELECT i, 'u' || i, 'x' FROM n"
        }
    }
}

#[tokio::test]
async fn a_large_table_that_is_read_as_a_whole_is_a_warning_with_the_index_that_helps() {
    let bed = members().await;
    let queries = [
        ("by-name", "select password from member as m where m.username = :jid limit :n"),
        ("find", "select password from member where :id = id"),
        ("put", "insert into member (id) values (:id)"),
    ];
    let few: String = look(&bed, &queries).await.iter().map(|report| said(&report.warnings)).collect();
    assert_eq!(few, "");
    bed.tamper(fill(bed.dialect())).await;
    let many = look(&bed, &queries).await;
    let index = if bed.dialect() == Dialect::Postgres {
        "CREATE INDEX ON member"
    } else {
        "CREATE INDEX member_username ON member"
    };
    assert_eq!(
        said(&many[0].warnings),
        format!("the whole table member is read (more than 1000 rows) — {index} (username)\n")
    );
    assert!(said(&many[1].warnings).ends_with(" (id)\n"), "{many:?}");
    assert_eq!(said(&many[2].warnings), "");
    bed.tamper("CREATE INDEX by_name ON member (username)").await;
    bed.tamper("CREATE INDEX by_id ON member (id)").await;
    let indexed = look(&bed, &queries).await;
    assert_eq!(indexed.iter().map(|report| said(&report.warnings)).collect::<String>(), "");
}

#[tokio::test]
async fn a_call_on_a_column_needs_an_index_of_its_own() {
    let bed = members().await;
    bed.tamper(fill(bed.dialect())).await;
    bed.tamper("CREATE INDEX by_name ON member (username)").await;
    let found = look(&bed, &[("q", "select password from member where lower(username) = :jid")]).await;
    let said = said(&found[0].warnings);
    let remedy = match bed.dialect() {
        Dialect::Postgres => "CREATE INDEX ON member (lower(username))",
        Dialect::Mariadb => "compare the column itself instead of lower(username)",
        Dialect::Sqlite => "CREATE INDEX member_lower_username ON member (lower(username))",
    };
    assert!(said.contains(remedy), "{said}");
}

#[tokio::test]
async fn a_source_that_cannot_be_reached_says_why_without_its_password() {
    let options = SourceOptions::new("members", "mysql://u:secret@127.0.0.1:1/x", ".");
    let error = inspect(&options, Arc::new(SystemClock)).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
}
