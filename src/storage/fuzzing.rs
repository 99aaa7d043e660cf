//! For the fuzz targets.

use crate::dialect::Dialect;
use crate::source::Query;

/// Reads a statement with named parameters for each database, and checks what came of it.
///
/// # Panics
/// It was read wrongly.
pub fn statement(text: &str) {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::Mariadb] {
        for write in [false, true] {
            if let Ok(query) = Query::parse("fuzzed", text, dialect, write) {
                is_right(&query, text, dialect, write);
            }
        }
    }
}

fn is_right(query: &Query, text: &str, dialect: Dialect, write: bool) {
    for (at, name) in query.parameters().iter().enumerate() {
        assert!(!name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'), "{name:?}");
        assert!(text.contains(&format!(":{name}")), "{name:?} is not in {text:?}");
        assert!(!query.parameters().iter().skip(at + 1).any(|other| other == name), "{name:?} twice");
    }
    let places = query.places();
    assert!(places.iter().all(|place| *place < query.parameters().len()));
    let sql = query.sql();
    if places.is_empty() {
        // It is sent as it was written, without what stands behind it, and is still one statement that may be run.
        assert!(text.starts_with(sql.as_str()), "{sql:?} was {text:?}");
        assert!(Query::parse("fuzzed", &sql, dialect, write).is_ok(), "{sql:?} was {text:?}");
    }
}
