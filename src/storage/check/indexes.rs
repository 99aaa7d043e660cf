//! The indexes that a database has, and those that it should have.

use crate::StorageError;
use crate::dialect::Dialect;
use crate::look::Look;
use crate::schema::Table;

/// An index that is there.
pub(super) struct Present {
    table: String,
    name: String,
    unique: bool,
    /// In order.
    columns: Vec<String>,
}

/// An index that is not there.
pub(super) struct Missing {
    /// `index NAME` or `primary key`.
    pub name: String,
    /// The SQL that makes it.
    pub remedy: String,
}

/// All indexes of the database, without those of some rows only or of expressions, which stand for no other.
pub(super) async fn present(look: &mut Look) -> Result<Vec<Present>, StorageError> {
    let sql = match look.dialect() {
        Dialect::Sqlite => {
            "SELECT m.name, i.name, c.name, i.\"unique\" FROM sqlite_master m JOIN pragma_index_list(m.name) i \
            JOIN pragma_index_info(i.name) c WHERE m.type = 'table' AND i.partial = 0 \
            AND NOT EXISTS (SELECT 1 FROM pragma_index_info(i.name) e WHERE e.name IS NULL) \
            ORDER BY m.name, i.name, c.seqno"
        }
        Dialect::Postgres => {
            "SELECT t.relname::text, i.relname::text, a.attname::text, x.indisunique::int::bigint \
            FROM pg_index x \
            JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
            CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k (number, place) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number \
            WHERE t.relnamespace = current_schema()::regnamespace AND x.indisvalid \
            AND x.indpred IS NULL AND x.indexprs IS NULL AND k.place <= x.indnkeyatts ORDER BY 1, 2, k.place"
        }
        Dialect::Mariadb => {
            "SELECT table_name, index_name, column_name, CAST(non_unique = 0 AS SIGNED) FROM information_schema.statistics \
            WHERE table_schema = database() ORDER BY table_name, index_name, seq_in_index"
        }
    };
    let mut indexes: Vec<Present> = Vec::new();
    for row in look.fetch(sql, &[]).await? {
        let (table, name, column, unique) = (row.text(0)?, row.text(1)?, row.text(2)?, row.flag(3)?);
        match indexes.last_mut() {
            Some(last) if last.name == name && last.table == table => last.columns.push(column),
            _ => indexes.push(Present { table, name, unique, columns: vec![column] }),
        }
    }
    Ok(indexes)
}

/// Those of the table that are not there, under whatever name.
pub(super) fn missing(table: &Table, present: &[Present], dialect: Dialect) -> Vec<Missing> {
    // One with more columns finds the same rows; it forbids less.
    let there = |columns: &[&str], unique: bool| {
        present.iter().filter(|index| index.table == table.name).any(|index| {
            index.columns.iter().zip(columns).filter(|(a, b)| a == b).count() == columns.len()
                && (!unique || (index.unique && index.columns.len() == columns.len()))
        })
    };
    let mut missing = Vec::new();
    // SQLite's cannot be dropped; some are not in its list.
    if dialect != Dialect::Sqlite && !there(table.key, true) {
        missing.push(Missing {
            name: "primary key".to_owned(),
            remedy: format!("ALTER TABLE {} ADD PRIMARY KEY ({})", table.name, table.key.join(", ")),
        });
    }
    for index in table.indexes.iter().filter(|index| !there(index.columns, index.unique)) {
        let unique = if index.unique { "UNIQUE " } else { "" };
        // Only PostgreSQL has such a keyword. MariaDB allows writes meanwhile anyway, SQLite never does.
        let beside = if dialect == Dialect::Postgres { "CONCURRENTLY " } else { "" };
        // Another one of that name, that does not do.
        let taken = present.iter().any(|other| other.table == table.name && other.name == index.name);
        let drop = match (taken, dialect) {
            (false, _) => String::new(),
            (true, Dialect::Mariadb) => format!("DROP INDEX {} ON {}; ", index.name, table.name),
            (true, _) => format!("DROP INDEX {}; ", index.name),
        };
        missing.push(Missing {
            name: format!("index {}", index.name),
            remedy: format!(
                "{drop}CREATE {unique}INDEX {beside}{} ON {} ({})",
                index.name,
                table.name,
                index.columns.join(", ")
            ),
        });
    }
    missing
}
