//! For tests: a kernel whose domain has accounts elsewhere and of its own.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use auth::{
    BoxFuture, Chain, ChangeError, Decoys, Hash, Hashing, Internal, LogIn, Lookup, Outcome, Provider,
    ProviderError,
};
use kernel::{Host, Kernel, KernelOptions};
use parking_lot::Mutex;
use runtime::{Runtime, SystemRandom};
use storage::{Options, Store};
use tempfile::TempDir;

use super::domains::as_served;
use crate::accounts::Accounts;
use crate::config::{Loaded, Source, parse};

/// A provider with these accounts.
pub struct Elsewhere {
    name: &'static str,
    pub accounts: Mutex<BTreeSet<String>>,
    /// It fails when it is asked for this name.
    pub fails_at: Mutex<Option<String>>,
    /// The passwords it was given; `None` while it changes none.
    pub set: Mutex<Option<Vec<String>>>,
}

impl Elsewhere {
    pub fn new(name: &'static str, accounts: &[&str]) -> Arc<Self> {
        let accounts = Mutex::new(accounts.iter().map(|local| (*local).to_owned()).collect());
        Arc::new(Self { name, accounts, fails_at: Mutex::default(), set: Mutex::default() })
    }
}

impl Provider for Elsewhere {
    fn name(&self) -> &str {
        self.name
    }

    fn keys<'a>(&'a self, _: LogIn<'a>, _: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        Box::pin(async { Ok(Lookup::NotMine) })
    }

    fn verify_plain<'a>(&'a self, _: LogIn<'a>, _: &'a str) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(async { Ok(Outcome::NotMine) })
    }

    fn exists<'a>(&'a self, _domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        Box::pin(async move {
            match self.fails_at.lock().as_deref() == Some(local) {
                true => Err(ProviderError {
                    provider: self.name.to_owned(),
                    what: "away".into(),
                    temporary: true,
                }),
                false => Ok(self.accounts.lock().contains(local)),
            }
        })
    }

    fn set_password<'a>(
        &'a self,
        _domain: &'a str,
        _local: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        Box::pin(async move {
            let mut set = self.set.lock();
            set.as_mut().ok_or(ChangeError::NotHere)?.push(password.to_owned());
            Ok(())
        })
    }

    fn hashes_offered<'a>(&'a self, _domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// `chess.example`, with these providers and then its own accounts.
pub struct Bed {
    pub kernel: Arc<Kernel>,
    pub host: Arc<Host>,
    pub accounts: Accounts,
    _folder: TempDir,
}

impl Bed {
    pub async fn new(elsewhere: &[&Arc<Elsewhere>]) -> Self {
        let (folder, runtime) = (TempDir::new().unwrap(), Runtime::system());
        let store = Store::open(Options::new("sqlite:test.db", folder.path()), &runtime).await.unwrap();
        let hashing =
            Hashing { hashes: vec![Hash::Sha256], iterations: 4096, at_once: NonZeroUsize::new(2).unwrap() };
        let decoys = Decoys::new(vec![0; 32], 4096);
        let internal = Internal::new(store.clone(), Arc::new(SystemRandom), decoys.clone(), hashing);
        let mut providers: Vec<Arc<dyn Provider>> = elsewhere.iter().map(|one| (*one).clone() as _).collect();
        providers.push(Arc::new(internal));
        let loaded = loaded(elsewhere);
        let accounts =
            Accounts::new(store.clone(), runtime.clone(), &loaded.config.domains, &loaded.config.auth);
        let kernel = Kernel::new(KernelOptions { runtime, store });
        let domain = &loaded.config.domains[0];
        let served = as_served(domain, Chain::new(providers, decoys), Vec::new()).unwrap();
        drop(kernel.serve(vec![served]).await.unwrap());
        let host = kernel.host("chess.example").unwrap();
        Self { kernel, host, accounts, _folder: folder }
    }

    pub async fn adopt(&self, local: &str, provider: &str) {
        assert!(
            self.kernel.store().accounts().adopt("chess.example", local, provider, 0).await.unwrap(),
            "{local}"
        );
    }

    /// The local parts of all accounts.
    pub async fn locals(&self) -> Vec<String> {
        let all = self.kernel.store().accounts().list("chess.example", None, 9999).await.unwrap();
        all.into_iter().map(|account| account.local).collect()
    }
}

fn loaded(elsewhere: &[&Arc<Elsewhere>]) -> Loaded {
    let names: Vec<_> = elsewhere.iter().map(|one| format!("\"{}\", ", one.name)).collect();
    let text = format!(
        "[auth]\niterations = 4096\n[[domain]]\nname = \"chess.example\"\nauth = [{}\"internal\"]\n",
        names.concat()
    );
    parse(&Source::new("c.toml", text.as_str()), Path::new("/nonexistent"), false, None)
}
