//! What a source's databases do alike over sqlx: a result that is read within its limits, and a statement's description.

use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use sqlx::{Column as _, Database, Either, Row as _, Statement as _, TypeInfo as _};

use super::caps::Caps;
use super::{Rows, SourceError, Value};

/// A database that sources can be in.
pub(super) trait Foreign: Database {
    /// Rows changed.
    fn affected(result: &Self::QueryResult) -> u64;

    /// The value of a column.
    fn value(row: &Self::Row, column: usize) -> Result<Value, SourceError>;

    /// The same, with text that is not UTF-8 as bytes.
    fn raw(row: &Self::Row, column: usize) -> Result<Value, SourceError>;

    /// What an error means.
    fn failure(error: sqlx::Error) -> SourceError;
}

/// What a database knows of a statement without running it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Described {
    /// The number of placeholders; on PostgreSQL also their types, as SQL.
    pub parameters: usize,
    pub types: Vec<String>,
    /// Name and type of each column; the type is empty if the database does not know it.
    pub columns: Vec<(String, String)>,
    /// Those whose values cannot be returned.
    pub unreturnable: Vec<(String, String)>,
}

type Steps<'a, D> = Pin<
    Box<
        dyn Stream<Item = Result<Either<<D as Database>::QueryResult, <D as Database>::Row>, sqlx::Error>>
            + Send
            + 'a,
    >,
>;

/// Reads a result. After an error of the limits or of a type, the connection holds the rest and cannot be used any more.
pub(super) async fn collect<D: Foreign>(
    mut steps: Steps<'_, D>,
    mut caps: Caps,
) -> Result<Rows, SourceError> {
    let mut result = Rows::default();
    while let Some(step) = std::future::poll_fn(|context| steps.as_mut().poll_next(context)).await {
        let row = match step.map_err(D::failure)? {
            Either::Left(done) => {
                result.affected += D::affected(&done);
                continue;
            }
            Either::Right(row) => row,
        };
        if result.columns.is_empty() {
            result.columns = names::<D>(&row);
        }
        let values = (0..row.len()).map(|column| D::value(&row, column)).collect::<Result<Vec<_>, _>>()?;
        caps.count(&values)?;
        result.rows.push(values);
    }
    Ok(result)
}

fn names<D: Foreign>(row: &D::Row) -> Arc<[String]> {
    row.columns().iter().map(|column| column.name().to_owned()).collect()
}

/// The description of a prepared statement; columns of some types cannot be returned.
pub(super) fn described<D: Database>(
    statement: &D::Statement,
    returnable: impl Fn(&D::TypeInfo) -> bool,
) -> Described {
    let column = |column: &D::Column| {
        let kind = column.type_info();
        let known = !kind.is_null() && !kind.is_void();
        (column.name().to_owned(), if known { kind.name().to_lowercase() } else { String::new() })
    };
    let parameters = match statement.parameters() {
        Some(Either::Left(types)) => types.len(),
        Some(Either::Right(count)) => count,
        None => 0,
    };
    let of = |wanted: &dyn Fn(&D::Column) -> bool| {
        statement.columns().iter().filter(|one| wanted(one)).map(column).collect::<Vec<_>>()
    };
    let (columns, unreturnable) = (of(&|_| true), of(&|column| !returnable(column.type_info())));
    Described { parameters, types: Vec::new(), columns, unreturnable }
}

/// A column whose value cannot be returned.
pub(super) fn unusable<R: sqlx::Row>(row: &R, column: usize, kind: &str) -> SourceError {
    let name =
        row.columns().get(column).map_or_else(|| column.to_string(), |column| column.name().to_owned());
    SourceError::Type(name, kind.to_lowercase())
}
