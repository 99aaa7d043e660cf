//! Deletion of accounts by the cascade: sessions are closed, contacts notified, rows deleted. Without a
//! running server, a kernel is created for this, without listeners.

use std::sync::Arc;

use admin::CommandError;
use auth::{Chain, Decoys};
use kernel::{AccountDeletion, Kernel, KernelOptions};
use runtime::Runtime;
use serde_json::Value;
use storage::Store;

use super::domains::as_served;
use super::standing::Standing;
use crate::accounts::{Accounts, failed, no_account};
use crate::config::Loaded;

/// Deletes one account; one of a domain that is not served has only rows.
///
/// # Errors
/// It is not a valid account address, there is no such account, or the database fails.
pub async fn account(kernel: &Arc<Kernel>, accounts: &Accounts, jid: &str) -> Result<Value, CommandError> {
    let account = accounts.account(jid).await?;
    let deleted = match kernel.host(&account.domain) {
        Some(host) => kernel.delete_account(&host, &account.local, None).await.map_err(failed)?,
        None => match kernel.store().purge(account.id).await.map_err(failed)? {
            true => AccountDeletion::Deleted,
            false => AccountDeletion::NoSuchAccount,
        },
    };
    match deleted {
        AccountDeletion::Deleted => accounts.deleted(&account),
        AccountDeletion::NoSuchAccount => Err(no_account(jid)),
    }
}

/// Deletes all accounts of a domain; returns how many there were.
///
/// # Errors
/// The database fails; accounts deleted before stay deleted.
pub async fn domain(kernel: &Arc<Kernel>, name: &str) -> Result<u64, CommandError> {
    let store = kernel.store();
    let mut deleted = 0;
    if let Some(host) = kernel.host(name) {
        let mut after = None;
        loop {
            let page = store.accounts().list(name, after.as_deref(), 1000).await.map_err(failed)?;
            let Some(last) = page.last() else { break };
            // Advance in any case: a row that is not an account of the kernel's is left to `purge_domain`.
            after = Some(last.local.clone());
            for account in &page {
                let cascade = kernel.delete_account(&host, &account.local, None).await.map_err(failed)?;
                deleted += u64::from(cascade == AccountDeletion::Deleted);
            }
        }
    }
    Ok(deleted + store.purge_domain(name).await.map_err(failed)?)
}

/// A kernel with the configured domains and no listeners, for commands while no server runs.
///
/// # Errors
/// A module refuses its options.
pub async fn kernel(loaded: &Loaded, store: Store, runtime: &Runtime) -> Result<Arc<Kernel>, CommandError> {
    let kernel = Kernel::new(KernelOptions { runtime: runtime.clone(), store });
    let decoys = Decoys::new(Vec::new(), loaded.config.auth.iterations);
    let mut served = Vec::new();
    for domain in loaded.config.domains.iter().filter(|domain| domain.enabled) {
        let modules = Standing::default().modules(domain, &mut Standing::default())?;
        served.push(as_served(domain, Chain::new(Vec::new(), decoys.clone()), modules)?);
    }
    drop(kernel.serve(served).await.map_err(|taken| CommandError::new(taken.to_string()))?);
    Ok(kernel)
}
