//! Foreign databases: what their statements take and return, and what they may not do.

mod breaker;
mod inspection;
mod limits;
mod read_only;
mod registry;
mod running;
mod values;

use std::sync::Arc;

use runtime::SystemClock;

use super::bed::Bed;
use crate::dialect::Dialect;
use crate::source::{Source, SourceError, SourceOptions, Value};

/// Counts from 1 to `:count`.
pub(super) const COUNT: &str =
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < :count) select i from n";

/// The options of a source in the bed's database.
pub(super) fn options(bed: &Bed, queries: &[(&str, &str)]) -> SourceOptions {
    let queries = queries.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    SourceOptions { queries, ..SourceOptions::new("members", bed.options().url, bed.folder.path()) }
}

pub(super) fn open(options: SourceOptions) -> Source {
    Source::new(options, Arc::new(SystemClock)).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn source(bed: &Bed, queries: &[(&str, &str)]) -> Source {
    open(options(bed, queries))
}

/// A value in words: its own `Debug` does not show it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => format!("bool {value}"),
        Value::Integer(value) => format!("integer {value}"),
        Value::Real(value) => format!("real {value}"),
        Value::Text(value) => format!("text {value}"),
        Value::Bytes(value) => format!("bytes {value:?}"),
    }
}

/// The rows of a statement, each value in words.
pub(super) async fn rows(source: &Source, name: &str, values: &[(&str, Value)]) -> Vec<Vec<String>> {
    let rows = source.query(name, values).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    rows.rows.iter().map(|row| row.iter().map(shown).collect()).collect()
}
