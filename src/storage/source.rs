//! Foreign databases: PostgreSQL, MariaDB or SQLite, of which only named statements can be run.
//!
//! A [`Source`] is a small pool of connections to one database, made when they are needed. Its statements are text of the
//! operator, parsed once into a [`Query`]; values are always bound, never pasted. Unless the operator allows writes, the
//! database itself refuses them.
//!
//! Everything is bounded: connecting, the wait for a free connection, a statement (by the database too), rows and bytes
//! of a result. After three failures in a row a breaker opens, and calls fail at once until a probe succeeds.
//!
//! [`Sources`] holds those of a running server by name; [`inspect`] looks at one for `castling check`.

mod breaker;
mod caps;
mod columns;
mod cursor;
mod database;
mod error;
mod file;
mod inspect;
mod lexer;
mod link;
mod mariadb;
mod mariadb_text;
mod options;
mod packed;
mod plan;
mod pool;
mod postgres;
mod postgres_numeric;
mod postgres_text;
mod query;
mod registry;
mod scan;
mod sqlite;
mod stat;
mod tables;
mod tables_sql;
mod value;

pub use breaker::BreakerState;
pub use cursor::Cursor;
pub use database::Source;
pub use error::SourceError;
pub use inspect::{Inspection, Report, inspect};
pub use options::{SourceOptions, SourcePassword};
pub use query::{Query, QueryError};
pub use registry::Sources;
pub use scan::{KeyedRows, Scan, ScanKey, TableRow};
pub use stat::{QueryStat, SourceStat};
pub use tables::{Engine, TableColumn, Tables};
pub use value::{Rows, Value};
