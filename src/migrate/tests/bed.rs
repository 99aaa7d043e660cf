//! A store to import into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime::Runtime;
use storage::source::{SourcePassword, Tables};
use storage::{AccountState, Options, Store};

use crate::{
    Domain, Hashing, Importer, MigrateError, Order, Progress, Report, Source, StoreOnly, Survey, Target,
    import,
};

pub(super) const DOMAINS: [&str; 2] = ["chess.example", "wuchess.example"];

/// The folder of a fixture.
pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration")).join(name)
}

pub(super) struct Bed {
    pub store: Store,
    pub runtime: Runtime,
    target: Arc<dyn Target>,
    _folder: tempfile::TempDir,
}

struct Silent;

impl Progress for Silent {
    fn begins(&mut self, _survey: &Survey) {}
    fn users(&mut self, _users: u64) {}
}

impl Bed {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::system();
        let store = Store::open(Options::new("sqlite:c.db", folder.path()), &runtime).await.unwrap();
        let domains = DOMAINS.map(|name| Domain { name: name.to_owned(), provider: None }).to_vec();
        let hashing = Hashing { hashes: vec![storage::Hash::Sha1, storage::Hash::Sha256], iterations: 4096 };
        let alone = Arc::new(StoreOnly(store.clone()));
        let importer = Importer::new(store.clone(), runtime.clone(), domains, hashing, alone);
        Self { store, runtime, target: Arc::new(importer), _folder: folder }
    }

    pub fn tables(&self, url: &str) -> Tables {
        Tables::new(url, Path::new("/"), SourcePassword::Url, &self.runtime).unwrap()
    }

    pub async fn try_import(
        &self,
        source: impl Source + 'static,
        order: &Order,
    ) -> Result<Report, (Report, MigrateError)> {
        let (target, order) = (self.target.clone(), order.clone());
        import(Box::new(source), target, order, &self.runtime, false, &mut Silent).await
    }

    pub async fn import(&self, source: impl Source + 'static, order: &Order) -> Report {
        match self.try_import(source, order).await {
            Ok(report) => {
                assert_eq!(report.unbalanced(), [], "{:#?}", report.tally.counts);
                report
            }
            Err((_, error)) => panic!("{error}"),
        }
    }

    pub async fn state(&self, order: &Order, jid: &str) -> Option<AccountState> {
        let (local, domain) = jid.rsplit_once('@').unwrap();
        let names = [(domain.to_owned(), local.to_owned())];
        self.store.imports().find(order.server.number(), &names).await.unwrap().pop().unwrap()
    }
}
