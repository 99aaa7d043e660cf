//! A running server whose accounts are imported.

use std::sync::Arc;

use kernel::{HeldAccounts, Kernel};
use storage::{AccountId, StorageError};
use xmpp::Jid;

use crate::BoxFuture;
use crate::concurrent::{ConcurrentUse, Held, Names};

/// The sessions of a running server.
pub struct RunningServer(pub Arc<Kernel>);

struct HeldHere {
    kernel: Arc<Kernel>,
    accounts: HeldAccounts,
}

impl ConcurrentUse for RunningServer {
    fn hold<'a>(&'a self, names: &'a Names) -> BoxFuture<'a, Result<Box<dyn Held>, StorageError>> {
        Box::pin(async move {
            let accounts = self.0.hold_accounts(names).await?;
            Ok(Box::new(HeldHere { kernel: self.0.clone(), accounts }) as Box<dyn Held>)
        })
    }

    fn may_change(&self) -> bool {
        true
    }

    fn is_online(&self, domain: &str, local: &str) -> bool {
        let jid = Jid::from_parts(Some(local), domain, None).ok();
        let account = jid.and_then(|jid| self.0.account_in_use(&jid));
        account.is_some_and(|account| !account.resources().is_empty())
    }

    fn delete<'a>(
        &'a self,
        id: AccountId,
        domain: &'a str,
        local: &'a str,
    ) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            match self.0.host(domain) {
                Some(host) => self.0.delete_account_quietly(&host, local).await.map(drop),
                None => self.0.store().accounts().delete(id).await.map(drop),
            }
        })
    }
}

impl Held for HeldHere {
    fn written(self: Box<Self>, created: Names) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.accounts.rewritten().await;
            for (domain, local) in created {
                let Some(host) = self.kernel.host(&domain) else { continue };
                if let Err(error) = self.kernel.account_made(&host, &local).await {
                    tracing::error!(%error, "cannot notify the modules of an imported account");
                }
            }
        })
    }
}
