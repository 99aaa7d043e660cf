//! Removing a domain with its accounts. What cannot be taken back comes last, when all else is in force, and what is cut off
//! goes on at the next start.

use std::collections::HashSet;
use std::sync::Arc;

use admin::CommandError;
use parking_lot::Mutex;
use tokio::sync::MutexGuard;

use super::beside::Beside;
use super::domains::InForce;
use super::{Server, deletion};
use crate::config::{Loaded, Overlay};
use crate::failure::Failure;

/// Domains that are removed and whose accounts are being deleted.
#[derive(Clone, Default)]
pub(super) struct Purges(Arc<Mutex<HashSet<String>>>);

impl Purges {
    /// The first of them that `wanted` picks.
    pub fn find(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.0.lock().iter().find(|name| wanted(name)).cloned()
    }

    fn begin(&self, name: &str) -> Result<Purge, CommandError> {
        match self.0.lock().insert(name.to_owned()) {
            true => Ok(Purge { all: self.clone(), name: name.to_owned() }),
            false => Err(CommandError::new(format!("the accounts of {name} are already being deleted"))),
        }
    }
}

/// A domain whose accounts are being deleted; it cannot be served before that has ended.
struct Purge {
    all: Purges,
    name: String,
}

impl Drop for Purge {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.name);
    }
}

impl Server {
    /// Removes a domain, then deletes its accounts; how many there were. `overlay` notes both.
    pub(super) async fn purge(
        &self,
        loaded: MutexGuard<'_, Loaded>,
        overlay: Overlay,
        name: &str,
    ) -> Result<u64, CommandError> {
        let purge = self.purges.begin(name)?;
        self.close(loaded, overlay, &[name.to_owned()]).await?.notes().await;
        self.delete_all(purge).await
    }

    /// The sessions of these domains end and nobody logs in, but their accounts can still be deleted with all that it takes.
    async fn close(
        &self,
        mut loaded: MutexGuard<'_, Loaded>,
        overlay: Overlay,
        names: &[String],
    ) -> Result<InForce, CommandError> {
        let beside = Beside { purged: names, ..Beside::default() };
        self.change(&mut loaded, overlay, beside).await
    }

    /// Long, so that other commands go on meanwhile.
    async fn delete_all(&self, purge: Purge) -> Result<u64, CommandError> {
        let name = &purge.name;
        let deleted = deletion::domain(&self.kernel, name).await;
        if let Some(host) = self.kernel.host(name) {
            self.kernel.retire_host(&host).await;
        }
        let deleted = deleted.map_err(|error| {
            CommandError::new(format!("{name} was removed, but not all of its accounts: {error}"))
                .remedy("restart the server: it goes on with the deletion")
        })?;
        let mut loaded = self.loaded.lock().await;
        loaded.overlay.domains.remove(name);
        let data_dir = loaded.config.data_dir.clone();
        loaded
            .overlay
            .save(&data_dir)
            .map_err(|error| CommandError::new(format!("cannot write to {}: {error}", data_dir.display())))?;
        Ok(deleted)
    }

    /// Goes on with deletions that the end of the process cut off. Their domains are served, and no listener is yet.
    ///
    /// # Errors
    /// They cannot be taken out of service.
    pub(super) async fn resume_purges(self: &Arc<Self>, names: Vec<String>) -> Result<(), Failure> {
        if names.is_empty() {
            return Ok(());
        }
        let purges = names.iter().map(|name| self.purges.begin(name)).collect::<Result<Vec<_>, _>>()?;
        let loaded = self.loaded.lock().await;
        let overlay = loaded.overlay.clone();
        // All in one change: none of them is declared in it.
        self.close(loaded, overlay, &names).await?.notes().await;
        for (name, purge) in names.into_iter().zip(purges) {
            let server = self.clone();
            self.kernel.runtime().tasks.spawn("purge", async move {
                match server.delete_all(purge).await {
                    Ok(accounts) => {
                        tracing::info!(domain = %name, accounts, "an interrupted deletion is complete")
                    }
                    Err(error) => tracing::error!("{error}"),
                }
            });
        }
        Ok(())
    }
}
