//! A store in a database of its own.

use std::process::id;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use runtime::{ManualClock, Runtime, SystemRandom};
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::{NOW, keys};
use crate::dialect::Dialect;
use crate::{AccountId, Hash, Options, Store};

/// Names a database server, such as `postgres://postgres@127.0.0.1:5432`; without it the tests run on SQLite.
pub const SERVER: &str = "CASTLING_TEST_DATABASE";

/// Databases made by this process.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A store in its own database, and a fixed clock.
pub struct Bed {
    pub folder: TempDir,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    url: String,
}

impl Bed {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let url = database().await;
        let clock = Arc::new(ManualClock::new(NOW));
        let runtime = Runtime::new(clock.clone(), Arc::new(SystemRandom));
        let store = Store::open(Options::new(&url, folder.path()), &runtime).await.unwrap();
        Self { folder, clock, store, url }
    }

    pub fn options(&self) -> Options {
        Options::new(&self.url, self.folder.path())
    }

    pub fn dialect(&self) -> Dialect {
        self.options().scheme().unwrap()
    }

    pub async fn account(&self, domain: &str, local: &str) -> AccountId {
        self.store.accounts().create(domain, local, &[keys(Hash::Sha1, 1)], NOW).await.unwrap()
    }

    /// Gives an account with keys a secret, which the store itself does not.
    pub async fn secret_beside_keys(&self, id: AccountId) {
        let sql = "INSERT INTO account_secret (account_id, format, secret, salt) VALUES";
        self.tamper(&format!("{sql} ({id}, 'bcrypt', '$2b$''\\ä', NULL)")).await;
    }

    /// Runs SQL on the database, bypassing the store.
    pub async fn tamper(&self, sql: &str) {
        let sql = || sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match self.dialect() {
            Dialect::Sqlite => {
                let file = SqliteConnectOptions::new().filename(self.folder.path().join("test.db"));
                let mut connection = file.connect().await.unwrap();
                connection.execute(sql()).await.unwrap();
                connection.close().await.unwrap();
            }
            Dialect::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                connection.execute(sql()).await.unwrap();
            }
            Dialect::Mariadb => {
                let mut connection = MySqlConnection::connect(&self.url).await.unwrap();
                connection.execute(sql()).await.unwrap();
            }
        }
    }
}

/// The URL of an empty database.
pub async fn database() -> String {
    let Ok(server) = std::env::var(SERVER) else { return "sqlite:test.db".into() };
    let name = format!("test_{}_{}", id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let create = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")));
    if server.starts_with("postgres") {
        let mut connection = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
        connection.execute(create).await.unwrap();
    } else {
        let mut connection = MySqlConnection::connect(&server).await.unwrap();
        connection.execute(create).await.unwrap();
    }
    format!("{server}/{name}")
}
