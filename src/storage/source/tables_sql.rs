//! The statements that read foreign tables.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::SourceError;
use super::scan::{Scan, ScanKey};
use crate::dialect::Dialect;

/// A statement of this module; names in it are quoted, values bound.
pub(super) fn own(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

pub(super) fn names_sql(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
        }
        Dialect::Postgres => {
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false)) ORDER BY 1"
        }
        Dialect::Mariadb => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1"
        }
    }
    .to_owned()
}

/// Takes the table's name.
pub(super) fn columns_sql(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "SELECT name, NULL FROM pragma_table_info(?) ORDER BY cid",
        Dialect::Postgres => {
            "SELECT column_name::text, NULL::text FROM information_schema.columns \
             WHERE table_schema = ANY (current_schemas(false)) AND table_name = $1 ORDER BY ordinal_position"
        }
        Dialect::Mariadb => {
            "SELECT column_name, character_set_name FROM information_schema.columns \
             WHERE table_schema = database() AND table_name = ? ORDER BY ordinal_position"
        }
    }
    .to_owned()
}

pub(super) fn count_sql(dialect: Dialect, table: &str) -> Result<String, SourceError> {
    Ok(format!("SELECT count(*) FROM {}", quoted(dialect, table)?))
}

/// Whether the rows of a key come in one value.
pub(super) fn is_packed(dialect: Dialect, scan: &Scan) -> bool {
    dialect == Dialect::Sqlite && scan.many && !scan.distinct && matches!(scan.key, ScanKey::Column(_))
}

/// The key and its rows as JSON, which has no bytes: what should be text is taken for it.
fn packed_sql(dialect: Dialect, scan: &Scan, key: &str) -> Result<String, SourceError> {
    let key = quoted(dialect, key)?;
    let names = scan.columns.iter().chain(&scan.then);
    let cell = |name: &String| {
        let name = quoted(dialect, name)?;
        Ok::<_, SourceError>(format!("iif(typeof({name}) = 'blob', CAST({name} AS TEXT), {name})"))
    };
    let cells = names.map(cell).collect::<Result<Vec<_>, _>>()?.join(", ");
    let (table, order) = (quoted(dialect, &scan.table)?, in_bytes(dialect, &key));
    let rows = format!("json_group_array(json_array({cells}))");
    Ok(format!("SELECT {key}, {rows} FROM {table} GROUP BY {order} ORDER BY {order}"))
}

/// The statement and the texts to be bound.
pub(super) fn scan_sql(dialect: Dialect, scan: &Scan) -> Result<(String, Vec<String>), SourceError> {
    if let ScanKey::Column(key) = &scan.key
        && is_packed(dialect, scan)
    {
        return Ok((packed_sql(dialect, scan, key)?, Vec::new()));
    }
    let then = names(dialect, &scan.then)?;
    let (body, key, texts) = match &scan.key {
        ScanKey::Column(key) => {
            let key = quoted(dialect, key)?;
            let body = select(dialect, scan, &key)?;
            // PostgreSQL orders what is distinct by what is selected only, which a collation is not.
            let body = if scan.distinct { format!("SELECT * FROM ({body}) AS joined") } else { body };
            (body, key, Vec::new())
        }
        _ => {
            let (body, texts) = keyed(dialect, scan)?;
            (format!("SELECT * FROM ({body}) AS joined"), "k".to_owned(), texts)
        }
    };
    let order = std::iter::once(in_bytes(dialect, &key)).chain(then).collect::<Vec<_>>().join(", ");
    Ok((format!("{body} ORDER BY {order}"), texts))
}

/// The rows in no order, with the key as the column `k`.
fn keyed(dialect: Dialect, scan: &Scan) -> Result<(String, Vec<String>), SourceError> {
    match &scan.key {
        ScanKey::Column(key) => {
            Ok((select(dialect, scan, &format!("{} AS k", quoted(dialect, key)?))?, Vec::new()))
        }
        ScanKey::Joined { first, second, instead } => {
            let (table, rest) = (quoted(dialect, &scan.table)?, names(dialect, &scan.columns)?);
            let (first, second) = (quoted(dialect, first)?, quoted(dialect, second)?);
            let list = |key: &str| listed(&format!("{key} AS k"), &rest);
            let (parts, texts) = joined(dialect, &table, [&first, &second], instead, &list, word(scan));
            Ok((parts.join(" UNION ALL "), texts))
        }
        ScanKey::At { column, domain } => {
            let key = at(dialect, &quoted(dialect, column)?, placeholder(dialect, 1).as_str());
            Ok((select(dialect, scan, &format!("{key} AS k"))?, vec![domain.clone()]))
        }
        ScanKey::Through { from, table, to, key } => through(dialect, scan, [from, table, to], key),
    }
}

/// Both tables have short names, so that columns of the same name can be told apart.
fn through(
    dialect: Dialect,
    scan: &Scan,
    [from, table, to]: [&String; 3],
    key: &ScanKey,
) -> Result<(String, Vec<String>), SourceError> {
    let owner = Scan {
        table: table.clone(),
        columns: vec![to.clone()],
        key: key.clone(),
        then: Vec::new(),
        distinct: false,
        many: false,
    };
    let (owners, texts) = keyed(dialect, &owner)?;
    let rest: Vec<_> = names(dialect, &scan.columns)?.iter().map(|name| format!("d.{name}")).collect();
    let sql = format!(
        "{word} {list} FROM {table} AS d LEFT JOIN ({owners}) AS o ON o.{to} = d.{from}",
        word = word(scan),
        list = listed("coalesce(o.k, '') AS k", &rest),
        table = quoted(dialect, &scan.table)?,
        to = quoted(dialect, to)?,
        from = quoted(dialect, from)?,
    );
    Ok((sql, texts))
}

/// A plain statement with this expression in front.
fn select(dialect: Dialect, scan: &Scan, key: &str) -> Result<String, SourceError> {
    let rest = names(dialect, &scan.columns)?;
    Ok(format!("{} {} FROM {}", word(scan), listed(key, &rest), quoted(dialect, &scan.table)?))
}

fn names(dialect: Dialect, names: &[String]) -> Result<Vec<String>, SourceError> {
    names.iter().map(|name| quoted(dialect, name)).collect()
}

fn word(scan: &Scan) -> &'static str {
    if scan.distinct { "SELECT DISTINCT" } else { "SELECT" }
}

fn listed(key: &str, rest: &[String]) -> String {
    std::iter::once(key.to_owned()).chain(rest.iter().cloned()).collect::<Vec<_>>().join(", ")
}

/// The place of the `number`th text.
fn placeholder(dialect: Dialect, number: usize) -> String {
    match dialect {
        Dialect::Postgres => format!("${number}::text"),
        _ => "?".to_owned(),
    }
}

/// Two expressions with `@` between them; the second is never NULL.
fn at(dialect: Dialect, first: &str, second: &str) -> String {
    match dialect {
        Dialect::Mariadb => format!("concat(coalesce({first}, ''), '@', {second})"),
        _ => format!("coalesce({first}, '') || '@' || {second}"),
    }
}

/// One part for each text that stands instead of a value, and one for all other values.
fn joined(
    dialect: Dialect,
    table: &str,
    [first, second]: [&str; 2],
    instead: &[(String, Vec<String>)],
    list: &dyn Fn(&str) -> String,
    word: &str,
) -> (Vec<String>, Vec<String>) {
    let mut texts = Vec::new();
    let mut bind = |text: &str| {
        texts.push(text.to_owned());
        placeholder(dialect, texts.len())
    };
    let join = |host: &str| at(dialect, first, &format!("coalesce({host}, '')"));
    let mut parts = Vec::new();
    for (value, hosts) in instead {
        for host in hosts {
            let key = join(&bind(host));
            let value = same(dialect, second, &bind(value));
            parts.push(format!("{word} {} FROM {table} WHERE {value}", list(&key)));
        }
    }
    let others: Vec<_> =
        instead.iter().map(|(value, _)| format!("NOT ({})", same(dialect, second, &bind(value)))).collect();
    let others = if others.is_empty() { String::new() } else { format!(" WHERE {}", others.join(" AND ")) };
    parts.push(format!("{word} {} FROM {table}{others}", list(&join(second))));
    (parts, texts)
}

/// Whether a column has a value, to the byte; one without any has the empty one.
fn same(dialect: Dialect, column: &str, value: &str) -> String {
    let column = format!("coalesce({column}, '')");
    match dialect {
        Dialect::Mariadb => format!("{} = {}", in_bytes(dialect, &column), in_bytes(dialect, value)),
        _ => format!("{column} = {value}"),
    }
}

/// An expression by whose value in UTF-8 rows are compared.
fn in_bytes(dialect: Dialect, text: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("{text} COLLATE BINARY"),
        Dialect::Postgres => format!("{text} COLLATE \"C\""),
        Dialect::Mariadb => format!("CAST(CONVERT({text} USING utf8mb4) AS BINARY)"),
    }
}

/// # Errors
/// [`SourceError::Unsupported`]: no table or column that an importer knows has such a name.
fn quoted(dialect: Dialect, name: &str) -> Result<String, SourceError> {
    if name.is_empty() || name.contains(['"', '`', '\\', '\0']) {
        return Err(SourceError::Unsupported(format!("{name:?} is not a name of a table or column")));
    }
    Ok(match dialect {
        Dialect::Mariadb => format!("`{name}`"),
        _ => format!("\"{name}\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(dialect: Dialect, scan: &Scan) -> (String, Vec<String>) {
        scan_sql(dialect, scan).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_table_in_the_order_of_a_column() {
        let scan = Scan {
            table: "roster-items".into(),
            columns: vec!["jid".into()],
            key: ScanKey::Column("collection-owner".into()),
            then: vec!["object-sequence".into()],
            distinct: false,
            many: false,
        };
        let expected = [
            "SELECT \"collection-owner\", \"jid\" FROM \"roster-items\" ORDER BY \"collection-owner\" COLLATE BINARY, \"object-sequence\"",
            "SELECT \"collection-owner\", \"jid\" FROM \"roster-items\" ORDER BY \"collection-owner\" COLLATE \"C\", \"object-sequence\"",
            "SELECT `collection-owner`, `jid` FROM `roster-items` ORDER BY CAST(CONVERT(`collection-owner` USING utf8mb4) AS BINARY), `object-sequence`",
        ];
        for (dialect, expected) in
            [Dialect::Sqlite, Dialect::Postgres, Dialect::Mariadb].into_iter().zip(expected)
        {
            assert_eq!(sql(dialect, &scan), (expected.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn rows_that_are_alike_are_put_in_order_afterwards() {
        let scan = Scan {
            table: "users".into(),
            columns: Vec::new(),
            key: ScanKey::Column("realm".into()),
            then: Vec::new(),
            distinct: true,
            many: false,
        };
        let expected = "SELECT * FROM (SELECT DISTINCT \"realm\" FROM \"users\") AS joined ORDER BY \"realm\" COLLATE \"C\"";
        assert_eq!(sql(Dialect::Postgres, &scan).0, expected);
    }

    #[test]
    fn a_table_of_one_domain() {
        let scan = Scan {
            table: "last".into(),
            columns: vec!["seconds".into()],
            key: ScanKey::At { column: "username".into(), domain: "d.example".into() },
            then: vec!["seconds".into()],
            distinct: false,
            many: false,
        };
        let expected = [
            "SELECT * FROM (SELECT coalesce(\"username\", '') || '@' || ? AS k, \"seconds\" FROM \"last\") AS joined ORDER BY k COLLATE BINARY, \"seconds\"",
            "SELECT * FROM (SELECT coalesce(\"username\", '') || '@' || $1::text AS k, \"seconds\" FROM \"last\") AS joined ORDER BY k COLLATE \"C\", \"seconds\"",
            "SELECT * FROM (SELECT concat(coalesce(`username`, ''), '@', ?) AS k, `seconds` FROM `last`) AS joined ORDER BY CAST(CONVERT(k USING utf8mb4) AS BINARY), `seconds`",
        ];
        for (dialect, expected) in
            [Dialect::Sqlite, Dialect::Postgres, Dialect::Mariadb].into_iter().zip(expected)
        {
            assert_eq!(sql(dialect, &scan), (expected.to_owned(), vec!["d.example".to_owned()]));
        }
    }

    #[test]
    fn a_table_in_the_order_of_another_ones_key() {
        let key =
            ScanKey::Joined { first: "username".into(), second: "server_host".into(), instead: Vec::new() };
        let scan = Scan {
            table: "data".into(),
            columns: vec!["id".into(), "ord".into()],
            key: ScanKey::Through {
                from: "id".into(),
                table: "list".into(),
                to: "id".into(),
                key: Box::new(key),
            },
            then: vec!["ord".into()],
            distinct: false,
            many: false,
        };
        let expected = [
            "SELECT * FROM (SELECT coalesce(o.k, '') AS k, d.\"id\", d.\"ord\" FROM \"data\" AS d LEFT JOIN (SELECT coalesce(\"username\", '') || '@' || coalesce(\"server_host\", '') AS k, \"id\" FROM \"list\") AS o ON o.\"id\" = d.\"id\") AS joined ORDER BY k COLLATE BINARY, \"ord\"",
            "SELECT * FROM (SELECT coalesce(o.k, '') AS k, d.\"id\", d.\"ord\" FROM \"data\" AS d LEFT JOIN (SELECT coalesce(\"username\", '') || '@' || coalesce(\"server_host\", '') AS k, \"id\" FROM \"list\") AS o ON o.\"id\" = d.\"id\") AS joined ORDER BY k COLLATE \"C\", \"ord\"",
            "SELECT * FROM (SELECT coalesce(o.k, '') AS k, d.`id`, d.`ord` FROM `data` AS d LEFT JOIN (SELECT concat(coalesce(`username`, ''), '@', coalesce(`server_host`, '')) AS k, `id` FROM `list`) AS o ON o.`id` = d.`id`) AS joined ORDER BY CAST(CONVERT(k USING utf8mb4) AS BINARY), `ord`",
        ];
        for (dialect, expected) in
            [Dialect::Sqlite, Dialect::Postgres, Dialect::Mariadb].into_iter().zip(expected)
        {
            assert_eq!(sql(dialect, &scan), (expected.to_owned(), Vec::new()));
        }
        let host = Box::new(ScanKey::Column("host".into()));
        let plain = ScanKey::Through { from: "n".into(), table: "node".into(), to: "n".into(), key: host };
        let plain = sql(Dialect::Sqlite, &Scan { key: plain, ..scan }).0;
        assert!(
            plain.contains("LEFT JOIN (SELECT \"host\" AS k, \"n\" FROM \"node\") AS o ON o.\"n\" = d.\"n\""),
            "{plain}"
        );
    }

    #[test]
    fn names_that_end_their_quotes_are_refused() {
        for name in ["", "a\"b", "a`b", "a\\", "a\0"] {
            assert!(count_sql(Dialect::Sqlite, name).is_err(), "{name:?}");
        }
    }
}
