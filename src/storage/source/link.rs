//! A connection to a foreign database.

use std::time::Duration;

use arc_swap::ArcSwapOption;
use runtime::SharedClock;
use sqlx::mysql::{MySql, MySqlConnection};
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::sqlite::Sqlite;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr as _, SqlStr, TypeInfo as _};

use super::caps::Caps;
use super::columns::{Described, Foreign, collect, described};
use super::file::FileId;
use super::sqlite::SqliteLink;
use super::{Query, Rows, SourceError, SourceOptions, Value, mariadb, postgres, sqlite};
use crate::dialect::Dialect;

/// How much later than the database we give a statement up: its own answer leaves the connection usable, and where the
/// whole host is slow, connections that are all opened anew make it slower.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// What PostgreSQL has found for the parameters of a statement: the same for all connections of a source.
pub(super) type Types = ArcSwapOption<Vec<String>>;

/// A statement with its values, one for each of its parameters.
pub(super) struct Call<'a> {
    pub query: &'a Query,
    pub values: &'a [&'a Value],
    pub types: &'a Types,
    pub caps: Caps,
    pub write: bool,
    /// How many rows it may change; beyond that it changes none.
    pub most_affected: Option<u64>,
    pub limit: Duration,
}

pub(super) enum Link {
    Sqlite(Box<SqliteLink>),
    Postgres(PgConnection),
    Mariadb(MySqlConnection),
}

impl Link {
    /// # Errors
    /// [`SourceError::Unavailable`], also if it takes longer than it may.
    pub async fn connect(options: &SourceOptions, clock: &SharedClock) -> Result<Self, SourceError> {
        let connecting = async {
            Ok(match options.dialect()? {
                Dialect::Sqlite => Self::Sqlite(Box::new(sqlite::connect(options, clock.clone()).await?)),
                Dialect::Postgres => Self::Postgres(postgres::connect(options).await?),
                Dialect::Mariadb => Self::Mariadb(mariadb::connect(options).await?),
            })
        };
        match tokio::time::timeout(options.connect, Box::pin(connecting)).await {
            Ok(connected) => connected,
            Err(_) => Err(SourceError::Unavailable(format!(
                "no connection within {} s",
                options.connect.as_secs_f32()
            ))),
        }
    }

    /// Whether it leads to the file that is there now. Always so for a database server.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`]: there is none.
    pub fn current(&self, options: &SourceOptions) -> Result<bool, SourceError> {
        match self {
            Self::Sqlite(link) => Ok(FileId::of(&options.sqlite_file()?, options.write)? == link.file),
            Self::Postgres(_) | Self::Mariadb(_) => Ok(true),
        }
    }

    /// Whether the connection is still there.
    ///
    /// # Errors
    /// [`SourceError::Silent`]: it may be, but nothing comes through.
    pub async fn answers(&mut self, limit: Duration) -> Result<bool, SourceError> {
        let asking = async {
            match self {
                Self::Sqlite(_) => true,
                Self::Postgres(connection) => connection.ping().await.is_ok(),
                Self::Mariadb(connection) => connection.ping().await.is_ok(),
            }
        };
        tokio::time::timeout(limit, asking).await.map_err(|_| SourceError::Silent(limit))
    }

    /// Runs a statement. See [`keeps`] for whether the connection can be used after an error.
    pub async fn run(&mut self, call: &Call<'_>) -> Result<Rows, SourceError> {
        let running = self.native(call);
        let result = match tokio::time::timeout(call.limit.saturating_add(GRACE), Box::pin(running)).await {
            Ok(Err(SourceError::Deadline(_))) => Err(SourceError::Deadline(call.limit)),
            Ok(result) => result,
            Err(_) => Err(SourceError::Silent(call.limit)),
        };
        let mut rows = result?;
        if !(call.write && call.query.writes()) {
            rows.affected = 0;
        }
        Ok(rows)
    }

    async fn native(&mut self, call: &Call<'_>) -> Result<Rows, SourceError> {
        let Some(most) = call.most_affected.filter(|_| call.write) else { return self.statement(call).await };
        self.control("BEGIN").await?;
        let result = match self.statement(call).await {
            Ok(rows) if rows.affected > most => Err(SourceError::TooManyAffected(rows.affected)),
            result => result,
        };
        match &result {
            Ok(_) => self.control("COMMIT").await?,
            Err(error) if keeps(error) => self.control("ROLLBACK").await?,
            Err(_) => {} // as does the end of the connection
        }
        result
    }

    async fn control(&mut self, sql: &'static str) -> Result<(), SourceError> {
        let sql = sqlx::raw_sql(sql);
        match self {
            Self::Sqlite(link) => link.connection.execute(sql).await.map(drop).map_err(Sqlite::failure),
            Self::Postgres(connection) => connection.execute(sql).await.map(drop).map_err(Postgres::failure),
            Self::Mariadb(connection) => connection.execute(sql).await.map(drop).map_err(MySql::failure),
        }
    }

    async fn statement(&mut self, call: &Call<'_>) -> Result<Rows, SourceError> {
        match self {
            Self::Sqlite(link) => {
                let _running = link.timer.start(call.limit);
                let arguments = sqlite::arguments(call.values)?;
                let steps = link.connection.fetch_many(sqlx::query_with(safe(call.query.sql()), arguments));
                collect::<Sqlite>(steps, call.caps).await
            }
            Self::Postgres(connection) => on_postgres(connection, call).await,
            Self::Mariadb(connection) => on_mariadb(connection, call).await,
        }
    }

    /// What the database knows of a statement.
    pub async fn describe(&mut self, query: &Query) -> Result<Described, SourceError> {
        let sql = safe(query.sql());
        match self {
            Self::Sqlite(link) => {
                let _running = link.timer.start(GRACE);
                let statement = link.connection.prepare(sql).await.map_err(Sqlite::failure)?;
                Ok(described::<Sqlite>(&statement, |_| true))
            }
            Self::Postgres(connection) => postgres::describe(connection, query).await,
            Self::Mariadb(connection) => {
                let statement = connection.prepare(sql).await.map_err(MySql::failure)?;
                Ok(described::<MySql>(&statement, |kind| kind.name() != "GEOMETRY"))
            }
        }
    }

    /// Says good-bye, if that does not take long.
    pub async fn close(self) {
        let closing = async {
            match self {
                Self::Sqlite(link) => link.connection.close().await,
                Self::Postgres(connection) => connection.close().await,
                Self::Mariadb(connection) => connection.close().await,
            }
        };
        // What it was used for is done.
        let _ = tokio::time::timeout(GRACE, closing).await;
    }
}

/// Whether a connection can be used after this error of a statement: nothing of its result is left to be read.
pub(super) fn keeps(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::Deadline(_)
            | SourceError::Refused(_)
            | SourceError::ReadOnly
            | SourceError::Conflict
            | SourceError::TooManyAffected(_)
            | SourceError::Database(_)
    )
}

/// In a transaction of its own if it only reads: in one that has begun, no statement can allow itself to write.
async fn on_postgres(connection: &mut PgConnection, call: &Call<'_>) -> Result<Rows, SourceError> {
    let known = call.types.load_full();
    let types = match known {
        Some(types) => types,
        None => {
            let types = std::sync::Arc::new(postgres::describe(connection, call.query).await?.types);
            call.types.store(Some(types.clone()));
            types
        }
    };
    let arguments = postgres::arguments(call.values, &types)?;
    let sql = safe(call.query.sql_of_texts(&types));
    if !call.write {
        connection.execute(sqlx::raw_sql("BEGIN READ ONLY")).await.map_err(Postgres::failure)?;
    }
    let result =
        collect::<Postgres>(connection.fetch_many(sqlx::query_with(sql, arguments)), call.caps).await;
    let changed = matches!(result, Err(SourceError::Database(_)));
    let result = finish(result, call, connection.execute(sqlx::raw_sql("ROLLBACK")), Postgres::failure).await;
    if changed {
        // A column may have another type by now, which the prepared statement would never take up.
        call.types.store(None);
        connection.clear_cached_statements().await.map_err(Postgres::failure)?;
    }
    result
}

async fn on_mariadb(connection: &mut MySqlConnection, call: &Call<'_>) -> Result<Rows, SourceError> {
    let places = call.query.places();
    let values: Vec<&Value> = places.iter().filter_map(|index| call.values.get(*index).copied()).collect();
    let arguments = mariadb::arguments(&values)?;
    let sql = safe(call.query.sql());
    if !call.write {
        connection.execute(sqlx::raw_sql("START TRANSACTION READ ONLY")).await.map_err(MySql::failure)?;
    }
    let result = collect::<MySql>(connection.fetch_many(sqlx::query_with(sql, arguments)), call.caps).await;
    finish(result, call, connection.execute(sqlx::raw_sql("ROLLBACK")), MySql::failure).await
}

/// Ends the transaction of a statement that only reads, unless the connection is given up anyway.
async fn finish<T>(
    result: Result<Rows, SourceError>,
    call: &Call<'_>,
    rollback: impl Future<Output = Result<T, sqlx::Error>>,
    failure: fn(sqlx::Error) -> SourceError,
) -> Result<Rows, SourceError> {
    if !call.write && result.as_ref().err().is_none_or(keeps) {
        rollback.await.map_err(failure)?;
    }
    result
}

/// A statement of the operator's configuration; values are never part of it.
fn safe(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}
