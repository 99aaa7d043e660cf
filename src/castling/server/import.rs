//! Imports into the running server: the command line reads the source, and sends users as it finds them.

use std::sync::Arc;

use admin::CommandError;
use migrate::{Importer, MigrateError, RunningServer, Target};
use serde_json::Value;

use super::Server;
use crate::accounts::{answer, arguments, unknown};
use crate::api::{ApplyImport, ExportPage, ForeignPasswords, ImportedAccounts, RemoveImported};
use crate::imports;

impl Server {
    pub(super) async fn import(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        let importer = self.importer().await;
        match word {
            "domains" => answer(&importer.domains().await.map_err(failed)?),
            "apply" => {
                let ApplyImport { order, users } = arguments(args)?;
                answer(&importer.apply(&order, users).await.map_err(failed)?)
            }
            "imported" => {
                let ImportedAccounts { order, domain, after } = arguments(args)?;
                answer(&importer.imported(&order, &domain, &after).await.map_err(failed)?)
            }
            "remove" => {
                let RemoveImported { order, domain, locals } = arguments(args)?;
                answer(&importer.remove(&order, &domain, locals).await.map_err(failed)?)
            }
            "foreign" => {
                let ForeignPasswords { domain } = arguments(args)?;
                answer(&importer.foreign(&domain).await.map_err(failed)?)
            }
            _ => Err(unknown(&format!("import.{word}"))),
        }
    }

    pub(super) async fn export_page(&self, args: Value) -> Result<Value, CommandError> {
        let ExportPage { domain, after, only } = arguments(args)?;
        let found = migrate::page(self.kernel.store(), &domain, &after, only.as_deref()).await;
        answer(&found.map_err(|error| CommandError::new(error.to_string()))?)
    }

    async fn importer(&self) -> Importer {
        let config = &self.loaded.lock().await.config;
        let in_use = Arc::new(RunningServer(self.kernel.clone()));
        let store = self.kernel.store().clone();
        imports::importer(config, &self.auth, store, self.kernel.runtime(), in_use)
    }
}

fn failed(error: MigrateError) -> CommandError {
    CommandError::new(error.to_string())
}
