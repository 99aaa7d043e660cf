//! What only database servers have. Ignored without one: `cargo xtask test --only databases` starts them.

use sqlx::{Connection, Executor};

use super::bed::database;
use super::*;
use crate::StorageError;
use crate::dialect::Dialect;
use crate::statement::{Call, Shape, Statement};

/// Tables with their columns in order, and whether each may be NULL, as the database itself tells.
async fn columns(store: &Store, dialect: Dialect) -> Vec<(String, String, bool)> {
    let sql = match dialect {
        Dialect::Sqlite => {
            "SELECT m.name, c.name, c.\"notnull\" = 0 FROM sqlite_master m JOIN pragma_table_info(m.name) c \
            WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.name <> 'id' ORDER BY 1, c.cid"
        }
        Dialect::Postgres => {
            "SELECT table_name::text, column_name::text, is_nullable = 'YES' FROM information_schema.columns \
            WHERE table_schema = current_schema() AND column_name <> 'id' ORDER BY 1, ordinal_position"
        }
        Dialect::Mariadb => {
            "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns \
            WHERE table_schema = database() AND column_name <> 'id' ORDER BY 1, ordinal_position"
        }
    };
    let call = Call { statement: Statement::Tables, shape: Shape::Own(sql.into()), args: &[] };
    let rows = store.readers().fetch(call).await.unwrap();
    rows.iter().map(|row| (row.text(0).unwrap(), row.text(1).unwrap(), row.flag(2).unwrap())).collect()
}

async fn opens(url: &str) -> Result<Store, StorageError> {
    Store::open(Options::new(url, "."), &Runtime::system()).await
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn the_schema_is_that_of_sqlite_column_by_column() {
    let (bed, folder) = (Bed::new().await, tempfile::TempDir::new().unwrap());
    let sqlite = Store::open(Options::new("sqlite:x.db", folder.path()), &Runtime::system()).await.unwrap();
    let expected = columns(&sqlite, Dialect::Sqlite).await;
    assert!(expected.len() > 40, "{expected:?}");
    assert_eq!(columns(&bed.store, bed.dialect()).await, expected);
    assert_eq!(bed.store.account_tables(), sqlite.account_tables());
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_newer_schema_is_refused() {
    let bed = Bed::new().await;
    bed.tamper("INSERT INTO schema_version (version, name, applied_us) VALUES (99, 'later', 0)").await;
    let error = opens(&bed.options().url).await.err().unwrap();
    assert!(matches!(error, StorageError::NewerSchema { found: 99, known: 7 }), "{error}");
    let error = Store::probe(&bed.options(), &Runtime::system()).await.unwrap_err();
    assert!(matches!(error, StorageError::NewerSchema { found: 99, known: 7 }), "{error}");
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn another_programs_database_is_left_alone() {
    let bed = Bed::new().await;
    bed.tamper("CREATE TABLE users (username VARCHAR(9)); DROP TABLE schema_version").await;
    let error = opens(&bed.options().url).await.err().unwrap();
    assert!(matches!(error, StorageError::Corrupt(_)), "{error}");
    bed.tamper("INSERT INTO users VALUES ('still'); DROP TABLE users").await;
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn several_servers_that_start_at_once_migrate_once() {
    let url = database().await;
    let mut starting = tokio::task::JoinSet::new();
    for n in 0..6 {
        let url = url.clone();
        starting.spawn(async move {
            let store = opens(&url).await.unwrap();
            store.accounts().create("chess.example", &format!("u{n}"), &[], NOW).await.unwrap()
        });
    }
    let ids: std::collections::BTreeSet<AccountId> = starting.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 6);
}

/// MariaDB commits each definition by itself: a server that is killed leaves some of them behind.
#[tokio::test]
#[ignore = "needs a database server"]
async fn a_migration_that_was_killed_after_any_of_its_steps_goes_on() {
    let whole = Bed::new().await;
    if whole.dialect() != Dialect::Mariadb {
        return;
    }
    let expected = columns(&whole.store, Dialect::Mariadb).await;
    let steps = crate::migration::mariadb_steps();
    assert!(steps.len() > 14, "{steps:?}");
    for done in 1..=steps.len() {
        let url = database().await;
        let mut connection = sqlx::mysql::MySqlConnection::connect(&url).await.unwrap();
        for step in &steps[..done] {
            connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(step.clone()))).await.unwrap();
        }
        let store = opens(&url).await.unwrap();
        assert_eq!(columns(&store, Dialect::Mariadb).await, expected, "after {:?}", steps[done - 1]);
        assert_eq!(crate::check(&Options::new(&url, "."), &Runtime::system()).await.unwrap().findings, []);
    }
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let scheme = Bed::new().await.options().url.split(':').next().unwrap().to_owned();
    for url in
        [format!("{scheme}://u:secret@127.0.0.1:1/x"), format!("{scheme}://u:secret@nowhere.invalid/x")]
    {
        let error = opens(&url).await.err().unwrap();
        assert!(matches!(error, StorageError::Unreachable(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs a database server"]
async fn a_connection_that_the_server_cuts_is_made_anew() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let cut = match bed.dialect() {
        Dialect::Postgres => {
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()"
        }
        _ => {
            "SET @kill = (SELECT group_concat(concat('KILL ', id) SEPARATOR '; ') FROM \
            information_schema.processlist WHERE db = database() AND id <> connection_id()); \
            EXECUTE IMMEDIATE concat('BEGIN NOT ATOMIC ', @kill, '; END')"
        }
    };
    bed.tamper(cut).await;
    // Each connection notices when it is used next.
    let mut read = bed.store.vcards().get(alice).await;
    let mut written = bed.store.vcards().put(alice, "<vCard/>".into()).await;
    for _ in 0..8 {
        if read.is_ok() && written.is_ok() {
            break;
        }
        written = bed.store.vcards().put(alice, "<vCard/>".into()).await;
        read = bed.store.vcards().get(alice).await;
    }
    written.unwrap();
    assert_eq!(bed.store.vcards().get(alice).await.unwrap().as_deref(), Some("<vCard/>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a database server"]
async fn writes_to_two_accounts_keep_the_order_of_both() {
    let bed = Bed::new().await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(bed.account("chess.example", &format!("u{n}")).await);
    }
    let mut commits = Vec::new();
    let mut last = vec![0; ids.len()];
    for version in 1..=300 {
        let (one, other) = (version % 6, (version * 5 + version / 6) % 6);
        let change = |version: usize| crate::RosterChange { version: version as u64, ..Default::default() };
        let accounts = if one == other { vec![one] } else { vec![one, other] };
        let changes = accounts.iter().map(|n| (ids[*n], change(version))).collect();
        accounts.iter().for_each(|n| last[*n] = version as u64);
        commits.push(bed.store.roster().apply_many(changes));
    }
    for commit in commits {
        commit.await.unwrap();
    }
    for (id, version) in ids.iter().zip(last) {
        assert_eq!(bed.store.roster().load(*id).await.unwrap().version, version);
    }
    assert_eq!(bed.store.writer_stat().queued, 0);
}
