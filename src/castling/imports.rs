//! Where an import goes: the store of a configuration, or the server that has it open.

use std::path::PathBuf;
use std::sync::Arc;

use admin::{CallError, Client, Request};
use migrate::{
    BoxFuture, ConcurrentUse, Domain, Hashing, Importer, MigrateError, Order, RawUser, Tally, Target,
};
use runtime::Runtime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use storage::Store;

use crate::accounts::{INTERNAL, answer};
use crate::api::{ApplyImport, ForeignPasswords, ImportedAccounts, RemoveImported};
use crate::config::{Auth, Config};

/// Imports into a store, for the domains of a configuration.
pub fn importer(
    config: &Config,
    auth: &Auth,
    store: Store,
    runtime: &Runtime,
    in_use: Arc<dyn ConcurrentUse>,
) -> Importer {
    let domains = config.domains.iter().map(|domain| {
        let is_own = domain.auth.iter().any(|provider| provider == INTERNAL);
        let provider = domain.auth.first().filter(|_| !is_own).cloned();
        Domain { name: domain.name.clone(), provider }
    });
    let hashes = auth.scram.iter().map(|scram| scram.hash());
    let hashing = Hashing { hashes: hashes.collect(), iterations: auth.iterations };
    Importer::new(store, runtime.clone(), domains.collect(), hashing, in_use)
}

/// A running server, by its data directory: a connection for each call, so that several can be under way.
pub struct Remote(pub PathBuf);

impl Remote {
    async fn call<T: DeserializeOwned>(
        &self,
        command: &str,
        args: &impl Serialize,
    ) -> Result<T, MigrateError> {
        let args = answer(args).map_err(|error| MigrateError::Server(error.to_string()))?;
        let (data_dir, request) = (self.0.clone(), Request::new(command, args));
        let called = tokio::task::spawn_blocking(move || call(&data_dir, &request)).await;
        let value = called.map_err(|error| MigrateError::Server(error.to_string()))??;
        serde_json::from_value(value).map_err(|error| MigrateError::Server(error.to_string()))
    }
}

fn call(data_dir: &std::path::Path, request: &Request) -> Result<Value, MigrateError> {
    let lost = |why: String| MigrateError::Server(why);
    let client = Client::connect(data_dir).map_err(|error| lost(error.to_string()))?;
    let mut client = client.ok_or_else(|| lost("it has stopped".into()))?;
    client.call(request).map_err(|error| match error {
        CallError::TooLong(bytes) => MigrateError::TooLarge(bytes),
        other => lost(other.to_string()),
    })
}

impl Target for Remote {
    fn domains(&self) -> BoxFuture<'_, Result<Vec<String>, MigrateError>> {
        Box::pin(async move { self.call("import.domains", &json!({})).await })
    }

    fn apply<'a>(
        &'a self,
        order: &'a Order,
        users: Vec<RawUser>,
    ) -> BoxFuture<'a, Result<Tally, MigrateError>> {
        Box::pin(async move { self.call("import.apply", &ApplyImport { order: order.clone(), users }).await })
    }

    fn imported<'a>(
        &'a self,
        order: &'a Order,
        domain: &'a str,
        after: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, MigrateError>> {
        let args =
            ImportedAccounts { order: order.clone(), domain: domain.to_owned(), after: after.to_owned() };
        Box::pin(async move { self.call("import.imported", &args).await })
    }

    fn remove<'a>(
        &'a self,
        order: &'a Order,
        domain: &'a str,
        locals: Vec<String>,
    ) -> BoxFuture<'a, Result<Tally, MigrateError>> {
        let args = RemoveImported { order: order.clone(), domain: domain.to_owned(), locals };
        Box::pin(async move { self.call("import.remove", &args).await })
    }

    fn foreign<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<u64, MigrateError>> {
        let args = ForeignPasswords { domain: domain.to_owned() };
        Box::pin(async move { self.call("import.foreign", &args).await })
    }
}
