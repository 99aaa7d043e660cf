//! The `user` commands of a running server: as without one, and with what the domains' auth providers have.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use admin::CommandError;
use auth::ChangeError;
use kernel::{Host, Kernel};
use serde_json::{Value, json};
use xmpp::Jid;

use super::holders::holders;
use super::{Server, deletion, prune};
use crate::accounts::{Accounts, answer, arguments, failed, no_account, no_provider, password_refused};
use crate::api::{AddUsers, AddedUsers, OfJid, PruneUsers, RefusedUser, SetPassword};

impl Server {
    async fn accounts(&self) -> Accounts {
        let config = &self.loaded.lock().await.config;
        let (store, runtime) = (self.kernel.store().clone(), self.kernel.runtime().clone());
        Accounts::new(store, runtime, &config.domains, &self.auth)
    }

    pub(super) async fn user(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        let accounts = self.accounts().await;
        match word {
            "add" => answer(&add(&self.kernel, &accounts, arguments(args)?).await?),
            "passwd" => set_password(&self.kernel, &accounts, arguments(args)?).await,
            "del" => deletion::account(&self.kernel, &accounts, &arguments::<OfJid>(args)?.jid).await,
            "prune" => self.prune(arguments(args)?).await,
            _ => accounts.run(word, args).await,
        }
    }

    async fn prune(&self, args: PruneUsers) -> Result<Value, CommandError> {
        let domain = self.loaded.lock().await.known_domain(&args.domain)?.name.clone();
        let host = self.kernel.host(&domain).filter(|host| host.is_enabled()).ok_or_else(|| {
            CommandError::new(format!("{domain} is disabled, so its auth providers are not asked"))
                .remedy(format!("run castling domain enable {domain}"))
        })?;
        answer(&prune::page(&self.kernel, &host, &args).await?)
    }
}

/// Creates accounts. Names that a provider has elsewhere are taken. One recently looked up without success may exist now,
/// and features are notified of new accounts.
async fn add(
    kernel: &Arc<Kernel>,
    accounts: &Accounts,
    AddUsers { rows }: AddUsers,
) -> Result<AddedUsers, CommandError> {
    let is_account = |jid: &Jid| jid.local().is_some() && jid.resource().is_none();
    let jids: Vec<_> = rows.iter().map(|(jid, _)| Jid::parse_strict(jid).ok().filter(is_account)).collect();
    let mut refused = taken(kernel, &jids).await;
    let places: HashSet<_> = refused.iter().map(|one| one.row).collect();
    let left = rows.into_iter().enumerate().filter(|(row, _)| !places.contains(row));
    let (places, left): (Vec<usize>, Vec<_>) = left.unzip();
    let AddedUsers { added, refused: more } = accounts.add(left).await?;
    refused.extend(more.into_iter().filter_map(|one| {
        let row = *places.get(one.row)?;
        Some(RefusedUser { row, ..one })
    }));
    refused.sort_by_key(|one| one.row);
    let places: HashSet<_> = refused.iter().map(|one| one.row).collect();
    let made = jids.into_iter().enumerate().filter(|(row, _)| !places.contains(row));
    for jid in made.filter_map(|(_, jid)| jid) {
        let Some(host) = kernel.host(jid.domain()) else { continue };
        if let Err(error) = kernel.account_made(&host, jid.local().unwrap_or_default()).await {
            tracing::error!(%jid, %error, "cannot notify the modules of a new account");
        }
    }
    Ok(AddedUsers { added, refused })
}

/// The rows whose names a provider has elsewhere, or of whose domain a provider cannot say so.
async fn taken(kernel: &Kernel, jids: &[Option<Jid>]) -> Vec<RefusedUser> {
    let mut by_domain: BTreeMap<&str, Vec<(usize, &Jid)>> = BTreeMap::new();
    for (row, jid) in jids.iter().enumerate() {
        if let Some(jid) = jid {
            by_domain.entry(jid.domain()).or_default().push((row, jid));
        }
    }
    let mut refused = Vec::new();
    for (domain, rows) in by_domain {
        let Some(host) = kernel.host(domain) else { continue };
        let locals: Vec<&str> = rows.iter().map(|(_, jid)| jid.local().unwrap_or_default()).collect();
        let options = host.options();
        match holders(&options.auth, domain, &locals).await {
            Ok(holders) => {
                refused.extend(rows.into_iter().zip(holders).filter_map(|((row, jid), holder)| {
                    Some(RefusedUser { row, message: format!("{jid} already exists at {}", holder?) })
                }));
            }
            Err(error) => {
                let message = error.to_string();
                refused
                    .extend(rows.into_iter().map(|(row, _)| RefusedUser { row, message: message.clone() }));
            }
        }
    }
    refused
}

/// Sets a password where the account is. Sessions that used the old one are ended.
async fn set_password(
    kernel: &Arc<Kernel>,
    accounts: &Accounts,
    args: SetPassword,
) -> Result<Value, CommandError> {
    let jid = Jid::parse(&args.jid).ok().filter(|jid| jid.local().is_some() && jid.resource().is_none());
    let served = jid.and_then(|jid| Some((kernel.host(jid.domain())?, jid)));
    let Some((host, jid)) = served else {
        // A domain that is not served has no providers, and no sessions.
        return accounts.run("passwd", answer(&args)?).await;
    };
    let local = jid.local().unwrap_or_default();
    let options = host.options();
    if let Err(error) = options.auth.set_password(host.name(), local, &args.password).await {
        return Err(not_set(kernel, &host, &jid, error).await);
    }
    match kernel.account(&host, local).await {
        Ok(Some(account)) => kernel.password_changed(&account, None).await,
        Ok(None) => {}
        Err(error) => tracing::error!(%jid, %error, "cannot end the sessions that used the old password"),
    }
    Ok(json!({}))
}

async fn not_set(kernel: &Kernel, host: &Host, jid: &Jid, error: ChangeError) -> CommandError {
    match error {
        ChangeError::KeptBy(provider) => {
            let message = format!("the password of {jid} is kept by {provider}, which cannot change it");
            CommandError::new(message)
                .remedy("write a statement set_password and grant it to the plugin, or change it there")
        }
        ChangeError::Password(error) => CommandError::new(password_refused(&error)),
        ChangeError::Failed(error) => CommandError::new(error.to_string()),
        ChangeError::NoSuchAccount | ChangeError::NotHere | ChangeError::Exists => {
            missing(kernel, host, jid).await
        }
    }
}

/// Why no provider has an account, of which there may still be a row.
async fn missing(kernel: &Kernel, host: &Host, jid: &Jid) -> CommandError {
    let (domain, local) = (host.name(), jid.local().unwrap_or_default());
    let row = match kernel.store().accounts().lookup(domain, local).await {
        Ok(Some(row)) => row,
        Ok(None) => return no_account(jid.as_str()),
        Err(error) => return failed(error),
    };
    let options = host.options();
    match row.provider {
        Some(provider) if options.auth.names().any(|name| name == provider) => {
            CommandError::new(format!("{provider} no longer has {jid}"))
                .remedy(format!("castling user prune --domain {domain} deletes what is left of it"))
        }
        Some(provider) => no_provider(local, domain, &provider),
        None => CommandError::new(format!(
            "{jid} is an account of the server's own store, which {domain} does not have in its auth"
        ))
        .remedy("add \"internal\" to auth"),
    }
}

#[cfg(test)]
mod tests;
