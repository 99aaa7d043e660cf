//! The indexes that a database has, and those that it should have.

use crate::StorageError;
use crate::dialect::Dialect;
use crate::look::Look;
use crate::schema::Table;

/// Its table and its columns in order.
type Columns = (String, Vec<String>);

/// An index that is not there.
pub(super) struct Missing {
    /// `index NAME` or `primary key`.
    pub name: String,
    /// The SQL that makes it.
    pub remedy: String,
}

/// All indexes of the database.
pub(super) async fn present(look: &mut Look) -> Result<Vec<Columns>, StorageError> {
    let sql = match look.dialect() {
        Dialect::Sqlite => {
            "SELECT m.name, i.name, c.name FROM sqlite_master m JOIN pragma_index_list(m.name) i \
            JOIN pragma_index_info(i.name) c WHERE m.type = 'table' ORDER BY m.name, i.name, c.seqno"
        }
        Dialect::Postgres => {
            "SELECT t.relname::text, i.relname::text, a.attname::text FROM pg_index x \
            JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
            CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k (number, place) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number \
            WHERE t.relnamespace = current_schema()::regnamespace AND x.indisvalid ORDER BY 1, 2, k.place"
        }
        Dialect::Mariadb => {
            "SELECT table_name, index_name, column_name FROM information_schema.statistics \
            WHERE table_schema = database() ORDER BY table_name, index_name, seq_in_index"
        }
    };
    let mut indexes: Vec<(String, Columns)> = Vec::new();
    for row in look.fetch(sql, &[]).await? {
        let (table, name, column) = (row.text(0)?, row.text(1)?, row.text(2)?);
        match indexes.last_mut() {
            Some((last, (of, columns))) if *last == name && *of == table => columns.push(column),
            _ => indexes.push((name, (table, vec![column]))),
        }
    }
    Ok(indexes.into_iter().map(|(_, columns)| columns).collect())
}

/// Those of the table that are not there, under whatever name.
pub(super) fn missing(table: &Table, present: &[Columns], dialect: Dialect) -> Vec<Missing> {
    let there = |columns: &[&str]| {
        let of = present.iter().filter(|(of, _)| of == table.name).map(|(_, columns)| columns);
        of.into_iter()
            .any(|index| index.len() >= columns.len() && index.iter().zip(columns).all(|(a, b)| a == b))
    };
    let mut missing = Vec::new();
    // SQLite's cannot be dropped; some are not in its list.
    if dialect != Dialect::Sqlite && !there(table.key) {
        missing.push(Missing {
            name: "primary key".to_owned(),
            remedy: format!("ALTER TABLE {} ADD PRIMARY KEY ({})", table.name, table.key.join(", ")),
        });
    }
    for index in table.indexes.iter().filter(|index| !there(index.columns)) {
        let unique = if index.unique { "UNIQUE " } else { "" };
        // Only PostgreSQL has such a keyword. MariaDB allows writes meanwhile anyway, SQLite never does.
        let beside = if dialect == Dialect::Postgres { "CONCURRENTLY " } else { "" };
        missing.push(Missing {
            name: format!("index {}", index.name),
            remedy: format!(
                "CREATE {unique}INDEX {beside}{} ON {} ({})",
                index.name,
                table.name,
                index.columns.join(", ")
            ),
        });
    }
    missing
}
