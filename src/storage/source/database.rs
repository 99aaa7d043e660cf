//! A foreign database and its statements.

use std::sync::Arc;

use runtime::SharedClock;

use super::breaker::Breaker;
use super::caps::Caps;
use super::link::{Call, Link, Types, keeps};
use super::pool::{Pool, Turn};
use super::{Query, Rows, SourceError, SourceOptions, SourceStat, Value};
use crate::stat::Cell;

/// A foreign database that named statements can be run on. Nothing is connected before the first of them.
pub struct Source {
    options: SourceOptions,
    queries: Vec<Named>,
    clock: SharedClock,
    breaker: Breaker,
    pool: Pool,
    refused: runtime::Counter,
}

/// A statement with what is counted of it.
struct Named {
    query: Query,
    types: Types,
    cell: Cell,
}

impl Source {
    /// A source of these options.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`] or [`SourceError::Query`]: a mistake in the options.
    pub fn new(options: SourceOptions, clock: SharedClock) -> Result<Self, SourceError> {
        options.understood()?;
        let named = |query| Named { query, types: Types::empty(), cell: Cell::new() };
        let queries = options.parsed()?.into_iter().map(named).collect();
        let (breaker, pool) = (Breaker::new(&options.name), Pool::new(options.connections));
        Ok(Self { options, queries, clock, breaker, pool, refused: runtime::Counter::new() })
    }

    /// What it was made of.
    pub fn options(&self) -> &SourceOptions {
        &self.options
    }

    /// Its statements, in the order of their names.
    pub fn queries(&self) -> impl Iterator<Item = &Query> {
        self.queries.iter().map(|named| &named.query)
    }

    /// Runs a statement with a value for each of its parameters, in any order.
    ///
    /// If the future is dropped, the connection is closed; the database ends the statement by itself at the latest when
    /// its time is over.
    ///
    /// # Errors
    /// See [`SourceError`]; a result beyond the limits is an error, and never cut short.
    pub async fn query(&self, name: &str, values: &[(&str, Value)]) -> Result<Rows, SourceError> {
        self.call(name, values, None).await
    }

    /// As [`query`](Self::query), for a statement that changes one row: if it would change more, it changes none.
    ///
    /// # Errors
    /// Also [`SourceError::TooManyAffected`].
    pub async fn change_one(&self, name: &str, values: &[(&str, Value)]) -> Result<Rows, SourceError> {
        self.call(name, values, Some(1)).await
    }

    async fn call(
        &self,
        name: &str,
        values: &[(&str, Value)],
        most_affected: Option<u64>,
    ) -> Result<Rows, SourceError> {
        let named = self.queries.iter().find(|named| named.query.name() == name);
        let named = named.ok_or_else(|| SourceError::UnknownQuery(name.to_owned()))?;
        let values = assigned(&named.query, values)?;
        let since = self.clock.monotonic();
        let call = Call {
            query: &named.query,
            values: &values,
            types: &named.types,
            caps: Caps::new(self.options.rows, self.options.bytes),
            write: self.options.write,
            most_affected,
            limit: self.options.statement,
        };
        let result = Box::pin(self.run(&call)).await;
        let rows = result.as_ref().ok().map(|rows| (rows.rows.len() as u64).max(rows.affected));
        named.cell.record(self.clock.monotonic().saturating_sub(since), rows);
        result
    }

    async fn run(&self, call: &Call<'_>) -> Result<Rows, SourceError> {
        let refused = |error| {
            self.refused.add(1);
            error
        };
        self.breaker.refuses(self.clock.monotonic()).map_err(refused)?;
        let turn = self.pool.turn(self.options.wait).await?;
        // It may have opened meanwhile.
        let pass = self.breaker.admit(self.clock.monotonic()).map_err(refused)?;
        let result = self.on_a_connection(&turn, call).await;
        let now = self.clock.monotonic();
        match &result {
            Err(error @ (SourceError::Unavailable(_) | SourceError::Silent(_))) => pass.failed(now, error),
            _ => pass.answered(now),
        }
        result
    }

    /// On an idle connection, else on a new one. A connection that was cut while it was idle is replaced.
    async fn on_a_connection(&self, turn: &Turn<'_>, call: &Call<'_>) -> Result<Rows, SourceError> {
        while let Some(mut link) = turn.idle() {
            if !link.current(&self.options)? {
                continue;
            }
            // A statement that writes may have been run although its answer is lost, so it is not tried twice.
            if call.write && !link.answers(self.options.connect).await? {
                continue;
            }
            match self.on(turn, link, call).await {
                Err(SourceError::Unavailable(why)) if !call.write => {
                    tracing::debug!(source = %self.options.name, why, "an idle connection was lost");
                }
                result => return result,
            }
        }
        let link = turn.connect(&self.options, &self.clock).await?;
        self.on(turn, link, call).await
    }

    async fn on(&self, turn: &Turn<'_>, mut link: Link, call: &Call<'_>) -> Result<Rows, SourceError> {
        let result = link.run(call).await;
        if result.as_ref().err().is_none_or(keeps) {
            turn.put_back(link);
        }
        result
    }

    /// What it has done and is doing.
    pub fn stat(&self) -> SourceStat {
        let statement = |named: &Named| named.cell.stat(named.query.name().to_owned());
        SourceStat {
            name: self.options.name.clone(),
            breaker: self.breaker.state(),
            waiting: self.pool.waiting(),
            busy: self.pool.busy(),
            idle: self.pool.idle(),
            connected: self.pool.connected.get(),
            connect_failures: self.pool.connect_failures.get(),
            refused: self.refused.get(),
            overloaded: self.pool.overloaded.get(),
            statements: self.queries.iter().map(statement).collect(),
        }
    }

    /// Closes idle connections, and those in use when their statements have ended.
    pub(super) async fn close(self: Arc<Self>) {
        self.pool.close().await;
    }
}

/// The values in the order of the parameters.
fn assigned<'a>(query: &Query, values: &'a [(&str, Value)]) -> Result<Vec<&'a Value>, SourceError> {
    let mut slots: Vec<Option<&Value>> = vec![None; query.parameters().len()];
    for (name, value) in values {
        let at = query.parameters().iter().position(|parameter| parameter == name);
        match at.and_then(|at| slots.get_mut(at)) {
            Some(slot @ None) => *slot = Some(value),
            _ => return Err(SourceError::Unknown((*name).to_owned())),
        }
    }
    let missing = |name: &String| SourceError::Missing(name.clone());
    query.parameters().iter().zip(slots).map(|(name, slot)| slot.ok_or_else(|| missing(name))).collect()
}
