//! What a source has done and is doing, for metrics and `castling stats`.

use super::BreakerState;
use crate::stat::Counted;

/// The cost of one statement since the source was put in force; its name is the configuration's.
pub type QueryStat = Counted<String>;

/// A snapshot of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStat {
    /// Its name in the configuration.
    pub name: String,
    /// Whether statements are let through.
    pub breaker: BreakerState,
    /// Calls that wait for a connection.
    pub waiting: usize,
    /// Connections that run a statement.
    pub busy: usize,
    /// Connections that are open and free.
    pub idle: usize,
    /// Connections made.
    pub connected: u64,
    /// Connections that could not be made.
    pub connect_failures: u64,
    /// Calls refused since the breaker was open.
    pub refused: u64,
    /// Calls that no connection became free for in time.
    pub overloaded: u64,
    /// Its statements, those that have not run included.
    pub statements: Vec<QueryStat>,
}
