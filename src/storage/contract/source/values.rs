//! Values of each type, as parameters and as columns.

use super::*;

const POSTGRES: &str = "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE v (b bool, s smallint, i int, l bigint, \
    r real, d double precision, t text, v varchar(9), c char(3), n numeric(20, 4), da date, ti time, ts timestamp, \
    tz timestamptz, u uuid, j json, jb jsonb, by bytea, iv interval, ip inet, e mood, z text); \
    INSERT INTO v VALUES (true, -2, 3, 9223372036854775807, 0.5, -1e300, 'grün', 'v', 'c', -12345.6789, '2026-11-24', \
    '08:05:09.5', '2026-11-24 08:05', '2026-11-24 08:05:09+02', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{\"a\": 1}', \
    '{\"b\":[1]}', '\\x00ff', '1 year -2 days 03:04:05', '10.1.0.0/16', 'glad', NULL)";

const IN_POSTGRES: [&str; 22] = [
    "bool true",
    "integer -2",
    "integer 3",
    "integer 9223372036854775807",
    "real 0.5",
    "real -1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "text grün",
    "text v",
    "text c  ",
    "text -12345.6789",
    "text 2026-11-24",
    "text 08:05:09.5",
    "text 2026-11-24 08:05:00",
    "text 2026-11-24 06:05:09+00",
    "text a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "text {\"a\": 1}",
    "text {\"b\": [1]}",
    "bytes [0, 255]",
    "text 1 year -2 days +03:04:05",
    "text 10.1.0.0/16",
    "text glad",
    "null",
];

const MARIADB: &str = "CREATE TABLE v (b bool, s smallint, i int, l bigint, ul bigint unsigned, r float, d double, t text, \
    v varchar(9) COLLATE utf8mb4_bin, c char(3), n decimal(20, 4), da date, ti time, ts datetime, tz timestamp, y year, \
    j json, by1 varbinary(9), e enum('sad', 'glad'), bi bit(9), z text) CHARACTER SET utf8mb4; \
    INSERT INTO v VALUES (true, -2, 3, 9223372036854775807, 18446744073709551615, 0.5, -1.5, 'grün', 'v', 'c', \
    -12345.6789, '2026-11-24', '-30:05:09', '2026-11-24 08:05', '2026-11-24 08:05:09', 2026, '{\"a\": 1}', x'00ff', \
    'glad', b'100000001', NULL)";

const IN_MARIADB: [&str; 21] = [
    "integer 1",
    "integer -2",
    "integer 3",
    "integer 9223372036854775807",
    "text 18446744073709551615",
    "real 0.5",
    "real -1.5",
    "text grün",
    "text v",
    "text c",
    "text -12345.6789",
    "text 2026-11-24",
    "text -30:05:09",
    "text 2026-11-24 08:05:00",
    "text 2026-11-24 08:05:09",
    "integer 2026",
    "text {\"a\": 1}",
    "bytes [0, 255]",
    "text glad",
    "integer 257",
    "null",
];

const SQLITE: &str = "CREATE TABLE v (b boolean, i integer, r real, t text, d date, by1 blob, z text, odd integer); \
    INSERT INTO v VALUES (1, -9223372036854775808, 0.5, 'grün', '2026-11-24', x'00ff', NULL, 'not a number')";

const IN_SQLITE: [&str; 8] = [
    "integer 1",
    "integer -9223372036854775808",
    "real 0.5",
    "text grün",
    "text 2026-11-24",
    "bytes [0, 255]",
    "null",
    "text not a number",
];

#[tokio::test]
async fn a_column_of_each_type() {
    let bed = Bed::new().await;
    let (make, expected) = match bed.dialect() {
        Dialect::Postgres => (POSTGRES, &IN_POSTGRES[..]),
        Dialect::Mariadb => (MARIADB, &IN_MARIADB[..]),
        Dialect::Sqlite => (SQLITE, &IN_SQLITE[..]),
    };
    bed.tamper(make).await;
    let source = source(&bed, &[("all", "select * from v")]);
    let found = source.query("all", &[]).await.unwrap();
    assert_eq!(found.rows.iter().flatten().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(found.columns.len(), expected.len());
    assert_eq!(found.columns.first().map(String::as_str), Some("b"));
    assert_eq!(found.affected, 0);
}

#[tokio::test]
async fn a_parameter_of_each_type() {
    let bed = Bed::new().await;
    bed.tamper(match bed.dialect() {
        Dialect::Mariadb => "CREATE TABLE p (i bigint, r double, t text, b blob, z text)",
        Dialect::Postgres => "CREATE TABLE p (i bigint, r double precision, t text, b bytea, z text)",
        Dialect::Sqlite => "CREATE TABLE p (i integer, r real, t text, b blob, z text)",
    })
    .await;
    let queries = [
        ("put", "insert into p (i, r, t, b, z) values (:i, :r, :t, :b, :z)"),
        ("find", "select i, r, t, b, z from p where i = :i and r = :r and t = :t and b = :b and z is null"),
    ];
    let source = open(SourceOptions { write: true, ..options(&bed, &queries) });
    let values = || {
        vec![
            ("i", Value::from(i64::MIN)),
            ("r", Value::from(0.1)),
            ("t", Value::from("a'; DROP TABLE p; -- ü \\")),
            ("b", Value::from(vec![0, 39, 92, 255])),
        ]
    };
    let mut all = values();
    all.push(("z", Value::Null));
    assert_eq!(source.query("put", &all).await.unwrap().affected, 1);
    let expected = [
        "integer -9223372036854775808",
        "real 0.1",
        "text a'; DROP TABLE p; -- ü \\",
        "bytes [0, 39, 92, 255]",
        "null",
    ];
    assert_eq!(rows(&source, "find", &values()).await, [expected]);
}

#[tokio::test]
async fn a_value_is_never_part_of_the_statement() {
    let bed = Bed::new().await;
    bed.tamper("CREATE TABLE who (name varchar(99)); INSERT INTO who VALUES ('alice')").await;
    let queries = [("by-name", "select name from who where name = :name"), ("all", "select name from who")];
    let source = source(&bed, &queries);
    for text in ["x' or '1'='1", "alice'; drop table who; --", "alice\\' or 1=1 -- ", ":name", "$1", "?"] {
        assert_eq!(rows(&source, "by-name", &[("name", text.into())]).await, [[""; 1]; 0], "{text}");
    }
    assert_eq!(rows(&source, "by-name", &[("name", "alice".into())]).await, [["text alice"]]);
    assert_eq!(rows(&source, "all", &[]).await, [["text alice"]]);
}

#[tokio::test]
async fn parameters_are_given_by_name() {
    let bed = Bed::new().await;
    bed.tamper("CREATE TABLE pair (a varchar(9), b varchar(9)); INSERT INTO pair VALUES ('1', '2')").await;
    let text = "select a from pair where b = :b and a = :a and (b = :b or a = ':b')";
    let source = source(&bed, &[("q", text)]);
    let (a, b) = (("a", Value::from("1")), ("b", Value::from("2")));
    assert_eq!(rows(&source, "q", &[a.clone(), b.clone()]).await, [["text 1"]]);
    assert_eq!(rows(&source, "q", &[b.clone(), a.clone()]).await, [["text 1"]]);
    for (values, error) in [
        (vec![a.clone()], SourceError::Missing("b".into())),
        (vec![a.clone(), b.clone(), ("c", Value::Null)], SourceError::Unknown("c".into())),
        (vec![a.clone(), b, a.clone()], SourceError::Unknown("a".into())),
    ] {
        assert_eq!(source.query("q", &values).await, Err(error));
    }
    assert_eq!(source.query("other", &[a]).await, Err(SourceError::UnknownQuery("other".into())));
}

/// PostgreSQL converts what is given as text to the type that it finds for the parameter.
#[tokio::test]
#[ignore = "needs a database server"]
async fn text_becomes_the_type_that_postgresql_wants() {
    let bed = Bed::new().await;
    if bed.dialect() != Dialect::Postgres {
        return;
    }
    bed.tamper(POSTGRES).await;
    let text = "select count(*) from v where u = :u and da = :da and n = :n and i = :i and b = :b and e = :e and by = :by \
                and jb @> :jb and tz < :tz and v = :v";
    let source = source(&bed, &[("q", text)]);
    let values = |i: Value| {
        vec![
            ("u", Value::from("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
            ("da", "2026-11-24".into()),
            ("n", "-12345.6789".into()),
            ("i", i),
            ("b", Value::Bool(true)),
            ("e", "glad".into()),
            ("by", vec![0, 255].into()),
            ("jb", "{\"b\": [1]}".into()),
            ("tz", "2026-11-25".into()),
            ("v", "v".into()),
        ]
    };
    assert_eq!(rows(&source, "q", &values(Value::Integer(3))).await, [["integer 1"]]);
    assert_eq!(rows(&source, "q", &values("3".into())).await, [["integer 1"]]);
    let secret = source.query("q", &values("secret".into())).await.unwrap_err();
    assert_eq!(secret, SourceError::Refused("22P02".into()), "without the value");
    assert!(matches!(source.query("q", &values(vec![3].into())).await, Err(SourceError::Refused(_))));
    assert_eq!(rows(&source, "q", &values(Value::Null)).await, [["integer 0"]]);
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_type_that_cannot_be_returned_is_an_error_and_the_source_goes_on() {
    let bed = Bed::new().await;
    let point = match bed.dialect() {
        Dialect::Postgres => "select point(1, 2) as place",
        _ => "select st_geomfromtext('POINT(1 2)') as place",
    };
    let source = source(&bed, &[("q", point), ("one", "select 1 as one")]);
    let error = source.query("q", &[]).await.unwrap_err();
    assert!(matches!(&error, SourceError::Type(column, _) if column == "place"), "{error:?}");
    assert_eq!(rows(&source, "one", &[]).await, [["integer 1"]]);
}
