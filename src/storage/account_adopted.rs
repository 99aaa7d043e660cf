//! Accounts that an auth provider has elsewhere: adopted, so that their rosters and messages can be stored here.

use crate::account::account;
use crate::statement::Statement;
use crate::writer::Commit;
use crate::{Account, Accounts, StorageError};

impl Accounts<'_> {
    /// Creates an account without keys for one that a provider has; `false` if the name is taken: an existing account
    /// stays as it is, whoever's it is. `provider` is at most 64 bytes of ASCII.
    pub fn adopt(&self, domain: &str, local: &str, provider: &str, now_us: i64) -> Commit<bool> {
        let data = (domain.to_owned(), local.to_owned(), provider.to_owned(), now_us);
        self.0.queue(data, |connection, (domain, local, provider, now_us)| {
            Box::pin(async move {
                let [domain, local, provider] = [domain, local, provider].map(|text| text.as_str().into());
                let args = [domain, local, (*now_us).into(), provider];
                Ok(Ok(connection.execute(Statement::AccountAdopt.with(&args)).await? > 0))
            })
        })
    }

    /// The domain's adopted accounts in bytewise order of their providers, then of their local parts, starting after the
    /// account of `after` (provider and local part).
    ///
    /// # Errors
    /// The database failed.
    pub async fn adopted(
        &self,
        domain: &str,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Account>, StorageError> {
        let mut page = Vec::new();
        let (mut provider, mut local) = match after {
            Some((provider, local)) => (Some(provider.to_owned()), local),
            None => (self.provider_after(domain, "").await?, ""),
        };
        // Provider by provider: no database finds both ends of such a range in an index by itself.
        while let Some(one) = provider {
            let left = u32::try_from(page.len()).map_or(0, |found| limit.saturating_sub(found));
            let args = [domain.into(), one.as_str().into(), local.into(), left.into()];
            let rows = self.0.readers().fetch(Statement::AccountAdopted.with(&args)).await?;
            for row in &rows {
                page.push(account(row)?);
            }
            if rows.len() >= left as usize {
                break;
            }
            (provider, local) = (self.provider_after(domain, &one).await?, "");
        }
        Ok(page)
    }

    /// The first provider behind another of which the domain has accounts.
    async fn provider_after(&self, domain: &str, provider: &str) -> Result<Option<String>, StorageError> {
        let args = [domain.into(), provider.into()];
        match self.0.readers().first(Statement::AccountProvider.with(&args)).await? {
            Some(row) => row.opt_text(0),
            None => Ok(None),
        }
    }
}
