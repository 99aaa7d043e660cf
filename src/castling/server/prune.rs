//! Deletion of adopted accounts that are gone where they were adopted from.

use std::sync::Arc;

use admin::CommandError;
use kernel::{AccountDeletion, Host, Kernel};
use storage::Account;

use super::holders::holders;
use crate::accounts::failed;
use crate::api::{Adopted, PruneUsers, PrunedPage, PrunedUser};

/// Accounts looked at by one request.
const PAGE: u32 = 200;

/// Looks at one page of the host's adopted accounts. One that any provider of the domain has stays, whichever adopted it;
/// the others are deleted by the cascade, if so wanted, once the providers have answered for all of the page.
///
/// # Errors
/// A provider failed, or the database did: nothing of this page is deleted.
pub async fn page(
    kernel: &Arc<Kernel>,
    host: &Arc<Host>,
    args: &PruneUsers,
) -> Result<PrunedPage, CommandError> {
    let after = args.after.as_ref().map(|(provider, local)| (provider.as_str(), local.as_str()));
    let accounts = kernel.store().accounts().adopted(host.name(), after, PAGE).await.map_err(failed)?;
    let last = accounts.last().filter(|_| accounts.len() == PAGE as usize);
    let next = last.map(|last| (last.provider.clone().unwrap_or_default(), last.local.clone()));
    let mut page = PrunedPage { next, looked_at: accounts.len(), ..PrunedPage::default() };
    for (local, adopted) in gone(host, accounts).await? {
        let wanted = args.orphaned || !adopted.orphaned;
        if wanted && !args.dry_run {
            match kernel.delete_account(host, &local, None).await {
                Ok(AccountDeletion::Deleted) => {}
                Ok(AccountDeletion::NoSuchAccount) => continue,
                Err(error) => {
                    page.failure = Some(format!("cannot delete {local}@{}: {error}", host.name()));
                    break;
                }
            }
        }
        page.users.push(PrunedUser { local, adopted, deleted: wanted });
    }
    Ok(page)
}

/// Those that no provider of the host has.
async fn gone(host: &Host, accounts: Vec<Account>) -> Result<Vec<(String, Adopted)>, CommandError> {
    let options = host.options();
    let locals: Vec<&str> = accounts.iter().map(|account| account.local.as_str()).collect();
    let holders = holders(&options.auth, host.name(), &locals).await.map_err(|error| {
        CommandError::new(format!("{error}; nothing more is deleted"))
            .remedy("repeat the command when the provider answers again")
    })?;
    let gone = accounts.into_iter().zip(holders).filter(|(_, holder)| holder.is_none());
    let adopted = gone.filter_map(|(account, _)| {
        let provider = account.provider?;
        let orphaned = options.auth.names().all(|name| name != provider);
        Some((account.local, Adopted { provider, orphaned }))
    });
    Ok(adopted.collect())
}

#[cfg(test)]
mod tests;
