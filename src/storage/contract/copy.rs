//! A server's data is moved to another database.

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::bed::database;
use super::*;
use crate::schema::{Kind as ColumnKind, TABLES};
use crate::statement::{Call, Shape, Statement};
use crate::{
    CopyError, CopyProgress, Expect, PluginChange, PluginWrite, PrivateEntry, PrivateLimits, StorageError,
    copy,
};

/// An empty database of the same kind, and one in SQLite.
async fn destinations(folder: &TempDir) -> Vec<Options> {
    vec![Options::new(database().await, folder.path()), Options::new("sqlite:other.db", folder.path())]
}

/// An account with rows in every table.
async fn rich(bed: &Bed, local: &str) -> AccountId {
    let (id, store) = (bed.account("chess.example", local).await, &bed.store);
    bed.secret_beside_keys(id).await;
    let put = vec![friend("bob@remote.example", 1), friend("ωμέγα@remote.example", 1)];
    store.roster().apply(id, crate::RosterChange { version: 1, put, remove: Vec::new() }).await.unwrap();
    store.offline().store(id, &[0, 255, 39, 92], NOW, Some(NOW * 2), None).await.unwrap();
    let entry = PrivateEntry { name: "a".into(), ns: "x:a".into(), xml: "<a xmlns='x:a'>😀</a>".into() };
    store.private().put(id, vec![entry], PrivateLimits::default()).await.unwrap();
    store.vcards().put(id, "<vCard>'\\'</vCard>".into()).await.unwrap();
    let last = crate::LastActivity { at_us: NOW, status: "gone".into() };
    store.last_activity().put(id, last).await.unwrap();
    let blocked = item(1, Subject::Jid(jid("spam.example")), false, Kinds::ALL);
    store.privacy().change(id, default_list("blocked", &[blocked])).await.unwrap();
    let imported = crate::Imported { records: vec![1; 17], ..Default::default() };
    let change = crate::ImportChange {
        imported: Some((1, imported)),
        ..crate::ImportChange::new(crate::ImportedAccount::Existing(id))
    };
    store.imports().write([change].into()).await.unwrap();
    store.plugin_slots().put(id, "filter", &[0, 255]).await.unwrap();
    id
}

async fn rows(store: &Store, ids: &[AccountId]) -> Vec<Vec<(String, u64)>> {
    let mut rows = Vec::new();
    for id in ids {
        rows.push(store.rows_of_account(*id).await.unwrap());
    }
    rows
}

fn quiet(_: CopyProgress) {}

#[tokio::test]
async fn everything_is_moved_and_ids_go_on() {
    let bed = Bed::new().await;
    let ids = [rich(&bed, "alice").await, rich(&bed, "bob").await];
    let gone = rich(&bed, "carol").await;
    bed.store.purge(gone).await.unwrap();
    bed.store.settings().set("secret", &[1, 2, 3]).await.unwrap();
    bed.store.accounts().adopt("chess.example", "erin", "auth-sql", NOW).await.unwrap();
    let adopted = bed.store.accounts().lookup("chess.example", "erin").await.unwrap().unwrap();
    let expected = rows(&bed.store, &ids).await;
    assert!(
        expected.iter().flatten().all(|(table, rows)| *rows > 0 || table == "account_key"),
        "{expected:?}"
    );
    let folder = TempDir::new().unwrap();
    for to in destinations(&folder).await {
        let mut steps = Vec::new();
        let report = copy(&bed.options(), &to, &Runtime::system(), |step| steps.push(step)).await.unwrap();
        assert!(report.contains(&("account", 3)) && report.contains(&("roster_item", 4)), "{report:?}");
        assert_eq!(steps, [CopyProgress::Copied(3, 3), CopyProgress::Compared(3, 3)]);
        let other = Store::open(to, &Runtime::system()).await.unwrap();
        assert_eq!(rows(&other, &ids).await, expected);
        assert_eq!(other.settings().get("secret").await.unwrap(), Some(vec![1, 2, 3]));
        let (account, keys) = other.accounts().keys("chess.example", "bob").await.unwrap().unwrap();
        assert_eq!(account.id, ids[1]);
        assert_eq!(
            bed.store.accounts().keys("chess.example", "bob").await.unwrap().unwrap(),
            (account, keys)
        );
        let roster = other.roster().load(ids[0]).await.unwrap();
        assert_eq!(roster, bed.store.roster().load(ids[0]).await.unwrap());
        assert_eq!(other.accounts().lookup("chess.example", "erin").await.unwrap().unwrap(), adopted);
        let new = other.accounts().create("chess.example", "dave", &[], NOW).await.unwrap();
        assert!(new > gone, "{new} was given out before");
        let message = other.offline().store(ids[0], b"x", NOW, None, None).await.unwrap();
        assert!(message > bed.store.offline().load(ids[1], Default::default(), 9).await.unwrap()[0].id);
    }
}

/// Stores a value for a plugin.
async fn keep(store: &Store, plugin: &str, key: &str, value: &[u8]) {
    let write = PluginWrite::Put { value: value.to_vec(), expires_us: Some(NOW * 2) };
    let change = PluginChange { key: key.into(), expect: Expect::Any, write };
    store.plugin_values().change(plugin, "chess.example", change, NOW, 1 << 30).await.unwrap();
}

#[tokio::test]
async fn what_plugins_store_is_moved_with_its_usage() {
    let bed = Bed::new().await;
    // More than a page of them.
    for n in 0..450 {
        keep(&bed.store, "notes", &format!("{n}"), &[0, 255, n as u8]).await;
    }
    for key in ["", "ž'%", &"k".repeat(1023)] {
        keep(&bed.store, "filter", key, &[7; 65_536]).await;
    }
    let folder = TempDir::new().unwrap();
    for to in destinations(&folder).await {
        let report = copy(&bed.options(), &to, &Runtime::system(), quiet).await.unwrap();
        assert!(report.contains(&("plugin_value", 453)), "{report:?}");
        assert!(report.contains(&("plugin_usage", 2)), "{report:?}");
        let other = Store::open(to, &Runtime::system()).await.unwrap();
        let [ours, theirs] = [&bed.store, &other].map(Store::plugin_values);
        for plugin in ["notes", "filter"] {
            let keys = ours.keys(plugin, "chess.example", "", None, 999, NOW).await.unwrap();
            assert_eq!(theirs.keys(plugin, "chess.example", "", None, 999, NOW).await.unwrap(), keys);
            let usage = ours.usage(plugin, "chess.example").await.unwrap();
            assert_eq!(theirs.usage(plugin, "chess.example").await.unwrap(), usage);
        }
        let large = theirs.get("filter", "chess.example", "ž'%", NOW).await.unwrap();
        assert_eq!(large, Some(vec![7; 65_536]));
        assert_eq!(theirs.get("filter", "chess.example", "", NOW * 2).await.unwrap(), None, "it has expired");
    }
}

#[tokio::test]
async fn what_plugins_have_changed_meanwhile_is_noticed() {
    let (bed, folder) = (Bed::new().await, TempDir::new().unwrap());
    keep(&bed.store, "notes", "a", b"1").await;
    let to = Options::new(database().await, folder.path());
    copy(&bed.options(), &to, &Runtime::system(), quiet).await.unwrap();
    let mark = |store: &Store| store.settings().set(crate::migration::COPYING, b"0");
    let store = Store::open(to.clone(), &Runtime::system()).await.unwrap();
    mark(&store).await.unwrap();
    store.close().await.unwrap();
    // An unfinished copy takes owners that it does not have.
    keep(&bed.store, "filter", "a", b"1").await;
    let report = copy(&bed.options(), &to, &Runtime::system(), quiet).await.unwrap();
    assert!(report.contains(&("plugin_usage", 2)), "{report:?}");
    let store = Store::open(to.clone(), &Runtime::system()).await.unwrap();
    mark(&store).await.unwrap();
    store.close().await.unwrap();
    keep(&bed.store, "notes", "a", b"2").await;
    let error = copy(&bed.options(), &to, &Runtime::system(), quiet).await.unwrap_err();
    assert_eq!(error, CopyError::Differ(vec!["plugin_value"]));
    bed.store.plugin_values().remove_plugin("notes").await.unwrap();
    let error = copy(&bed.options(), &to, &Runtime::system(), quiet).await.unwrap_err();
    assert_eq!(error, CopyError::Differ(vec!["plugin_usage", "plugin_value"]));
}

#[tokio::test]
async fn a_database_with_nothing_but_values_of_plugins_is_not_copied_to() {
    let (bed, other) = (Bed::new().await, Bed::new().await);
    keep(&other.store, "notes", "a", b"1").await;
    let refused = copy(&bed.options(), &other.options(), &Runtime::system(), quiet).await;
    assert_eq!(refused, Err(CopyError::NotEmpty));
}

/// Begins a copy of more accounts than one transaction takes, and gives up after the first.
async fn interrupted(bed: &Bed, to: &Options) {
    let many = (0..450).map(|n| new_account("chess.example", &format!("u{n}"), &[Hash::Sha1])).collect();
    bed.store.accounts().create_many(many).await;
    let (steps, mut step) = mpsc::unbounded_channel();
    let (from, runtime) = (bed.options(), Runtime::system());
    tokio::select! {
        done = copy(&from, to, &runtime, |step| { let _ = steps.send(step); }) => panic!("{done:?}"),
        first = step.recv() => assert_eq!(first, Some(CopyProgress::Copied(200, 450))),
    }
}

#[tokio::test]
async fn an_interrupted_copy_goes_on_and_no_server_starts_on_it() {
    let (bed, folder) = (Bed::new().await, TempDir::new().unwrap());
    let to = Options::new(database().await, folder.path());
    interrupted(&bed, &to).await;
    let error = Store::open(to.clone(), &Runtime::system()).await.err();
    assert_eq!(error, Some(StorageError::Unfinished));
    assert_eq!(Store::probe(&to, &Runtime::system()).await, Err(StorageError::Unfinished));
    let mut steps = Vec::new();
    let report = copy(&bed.options(), &to, &Runtime::system(), |step| steps.push(step)).await.unwrap();
    assert_eq!(steps.first(), Some(&CopyProgress::Copied(400, 450)));
    assert!(report.contains(&("account_key", 450)), "{report:?}");
    assert_eq!(
        Store::open(to, &Runtime::system()).await.unwrap().accounts().count("chess.example").await,
        Ok(450)
    );
}

#[tokio::test]
async fn a_source_that_has_changed_meanwhile_is_noticed() {
    let (bed, folder) = (Bed::new().await, TempDir::new().unwrap());
    let to = Options::new(database().await, folder.path());
    interrupted(&bed, &to).await;
    let first = bed.store.accounts().list("chess.example", None, 1).await.unwrap();
    bed.store.accounts().set_enabled(first[0].id, false).await.unwrap();
    let error = copy(&bed.options(), &to, &Runtime::system(), quiet).await.unwrap_err();
    assert_eq!(error, CopyError::Differ(vec!["account"]));
    assert_eq!(Store::probe(&to, &Runtime::system()).await, Err(StorageError::Unfinished));
}

#[tokio::test]
async fn a_database_that_has_accounts_is_not_copied_to() {
    let (bed, other) = (Bed::new().await, Bed::new().await);
    other.account("chess.example", "alice").await;
    let refused = copy(&bed.options(), &other.options(), &Runtime::system(), quiet).await;
    assert_eq!(refused, Err(CopyError::NotEmpty));
    assert_eq!(other.store.accounts().count("chess.example").await, Ok(1));
}

#[tokio::test]
async fn the_tables_are_those_that_this_build_knows() {
    let bed = Bed::new().await;
    let ask = async |sql: String| {
        let call = Call { statement: Statement::Tables, shape: Shape::Own(sql), args: &[] };
        bed.store.readers().fetch(call).await.unwrap()
    };
    let mut names: Vec<_> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    names.push("schema_version".to_owned());
    names.sort();
    let found = bed.store.readers().fetch(Statement::Tables.with(&[])).await.unwrap();
    assert_eq!(found.iter().map(|row| row.text(0).unwrap()).collect::<Vec<_>>(), names);
    for table in TABLES {
        let sql = match bed.dialect() {
            crate::dialect::Dialect::Sqlite => {
                format!("SELECT name, lower(type) FROM pragma_table_info('{}') ORDER BY cid", table.name)
            }
            _ => format!(
                "SELECT {0}, {1} FROM information_schema.columns WHERE table_name = '{2}' AND table_schema = {3} \
                ORDER BY ordinal_position",
                if bed.dialect() == crate::dialect::Dialect::Postgres {
                    "column_name::text"
                } else {
                    "column_name"
                },
                if bed.dialect() == crate::dialect::Dialect::Postgres {
                    "data_type::text"
                } else {
                    "data_type"
                },
                table.name,
                if bed.dialect() == crate::dialect::Dialect::Postgres {
                    "current_schema()"
                } else {
                    "database()"
                },
            ),
        };
        let columns: Vec<_> =
            ask(sql).await.iter().map(|row| (row.text(0).unwrap(), row.text(1).unwrap())).collect();
        assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
        for ((name, kind), (found, is)) in table.columns.iter().zip(&columns) {
            assert_eq!(name, found, "{}", table.name);
            let kinds = match kind {
                ColumnKind::Int => &["int"][..],
                // Names of accounts are binary in MariaDB.
                ColumnKind::Text => &["text", "char", "varbinary"][..],
                ColumnKind::Bytes => &["blob", "bytea", "binary"][..],
            };
            assert!(kinds.iter().any(|kind| is.contains(kind)), "{}.{name} is {is}", table.name);
        }
    }
}
