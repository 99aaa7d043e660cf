//! The accounts of a plugin that says where they are: it says which statements find them; these are run here, and what they return is verified by
//! `auth`. The plugin sees neither.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use std::net::IpAddr;

use auth::{
    AccountFound, AccountRecord, AccountSource, BoxFuture, LogIn, ProviderError, StoredPassword, Storing,
};
use storage::source::{Rows, SourceError, Value};
use xmpp::Jid;

use crate::bindings::castling::plugin::types::{AccountName, Outcome as WitOutcome};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::hook::Hook;
use crate::host::taken;
use crate::service::{self, About, Asked, Budget, Caller, Described};

/// The accounts of a plugin's name: whichever version is in force answers.
#[derive(Clone)]
pub struct PluginSource {
    pub(super) name: Arc<str>,
    pub(super) in_force: Arc<ArcSwapOption<Deployment>>,
}

/// The parameter of the new password in a statement that changes it.
pub(crate) const PASSWORD: &str = "password";

/// The column with the address that was found, where a statement returns it.
const JID: &str = "jid";

fn column_of<'a>(rows: &Rows, row: &'a [Value], name: &str) -> Option<&'a Value> {
    let at = rows.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    at.and_then(|at| row.get(at))
}

/// Whether a row is that of the address that was asked for, where it says of which it is: a collation may hold other letters for the
/// same.
fn is_about(rows: &Rows, row: &[Value], local: &str, domain: &str) -> bool {
    let is_it = |text: &str| {
        Jid::parse(text.trim()).is_ok_and(|jid| jid.local() == Some(local) && jid.domain() == domain)
    };
    match column_of(rows, row, JID) {
        Some(jid) => text_of(jid).is_ok_and(|text| text.is_some_and(|text| is_it(&text))),
        None => true,
    }
}

/// The errors by which PostgreSQL says that its encoding has no such text, so that no row has it. All others tell nothing about
/// whether there is an account.
const NO_TEXT: [&str; 2] = ["22021", "22P05"];

impl PluginSource {
    pub(crate) fn new(name: Arc<str>, in_force: Arc<ArcSwapOption<Deployment>>) -> Self {
        Self { name, in_force }
    }

    /// # Errors
    /// It is not in force on the domain.
    fn described(&self, domain: &str) -> Result<(Arc<Deployment>, u32, Arc<Described>), ProviderError> {
        let deployment = self.in_force.load_full().ok_or_else(|| self.away("the plugin is not loaded"))?;
        let id =
            deployment.scope.serves(domain).ok_or_else(|| self.away("the plugin is not in force there"))?;
        let described = deployment.described.get(&id).cloned();
        let described = described.ok_or_else(|| self.away("the plugin has no accounts there"))?;
        Ok((deployment, id, described))
    }

    /// It cannot answer now; that has been said where it happened.
    pub(super) fn away(&self, what: impl Into<String>) -> ProviderError {
        ProviderError { provider: self.name.to_string(), what: what.into(), temporary: true }
    }

    /// What the database returned cannot be used.
    fn unusable(&self, what: impl Into<String>) -> ProviderError {
        ProviderError { provider: self.name.to_string(), what: what.into(), temporary: false }
    }

    /// Runs one of the plugin's statements for a name. `None`: the name is not one of the plugin's.
    async fn run(
        &self,
        deployment: &Deployment,
        domain: u32,
        statement: &str,
        log_in: LogIn<'_>,
        password: Option<&str>,
    ) -> Result<Option<Rows>, ProviderError> {
        let values = deployment.values(domain, log_in).await;
        let values = values.map_err(|failure| self.away(failure.to_string()))?;
        let Some(mut values) = values else { return Ok(None) };
        values.retain(|(name, _)| name != PASSWORD);
        let (source, query) = statement.split_once('/').unwrap_or((statement, ""));
        let connected = deployment.scope.services.connected.get();
        let source = connected.and_then(|connected| connected.sources.get(source));
        let source = source.ok_or_else(|| self.away("the data source is not in force"))?;
        let known = source.queries().find(|one| one.name() == query).map(storage::source::Query::parameters);
        let known = known.ok_or_else(|| self.unusable(format!("there is no statement {statement}")))?;
        let mut given: Vec<(&str, Value)> = values
            .iter()
            .filter(|(name, _)| known.contains(name))
            .map(|(n, v)| (n.as_str(), taken(v)))
            .collect();
        if let Some(password) = password {
            given.push((PASSWORD, Value::from(password)));
        }
        let ran = match password {
            Some(_) => source.change_one(query, &given).await,
            None => source.query(query, &given).await,
        };
        match ran {
            Ok(rows) => Ok(Some(rows)),
            Err(error) if error.is_temporary() => Err(self.away(format!("statement {statement}: {error}"))),
            Err(SourceError::Refused(code)) if password.is_none() && NO_TEXT.contains(&&*code) => {
                Ok(Some(Rows::default()))
            }
            Err(error) => Err(self.unusable(format!("statement {statement}: {error}"))),
        }
    }

    async fn account(&self, log_in: LogIn<'_>) -> Result<AccountFound, ProviderError> {
        let LogIn { domain, local, .. } = log_in;
        let (deployment, id, described) = self.described(domain)?;
        let rows = self.run(&deployment, id, &described.find, log_in, None).await?;
        let Some(rows) = rows else { return Ok(AccountFound::NotMine) };
        let row = match rows.rows.as_slice() {
            [] => return Ok(AccountFound::NoSuchAccount),
            [row] => row,
            _ => {
                return Err(self.unusable(format!("statement {} returned more than one row", described.find)));
            }
        };
        let found = |name: &str| column_of(&rows, row, name);
        let column = |name: &str| {
            found(name)
                .ok_or_else(|| self.unusable(format!("statement {} has no column {name}", described.find)))
        };
        let text = |name: &str| {
            text_of(column(name)?).map_err(|kind| {
                self.unusable(format!("column {name} of statement {} is {kind}, not text", described.find))
            })
        };
        if !is_about(&rows, row, local, domain) {
            return Ok(AccountFound::NoSuchAccount);
        }
        if let Some(named) = described.locked_if_named() {
            column(named)?;
        }
        let salt = match &described.salt {
            Some(salt) => text(salt)?,
            None => described.storing.realm.clone(),
        };
        let locked = described.locked.as_deref().and_then(found);
        Ok(AccountFound::Account(AccountRecord {
            // An account without a password cannot log in with any.
            secret: StoredPassword::new(text(&described.secret)?.unwrap_or_default()),
            salt,
            locked: locked.is_some_and(is_true),
        }))
    }

    async fn is_there(&self, domain: &str, local: &str) -> Result<bool, ProviderError> {
        let (deployment, id, described) = self.described(domain)?;
        let exists = described.exists.as_deref().filter(|name| deployment.may_run("query", name));
        let statement = exists.unwrap_or(&described.find);
        let rows = self.run(&deployment, id, statement, LogIn::from_nowhere(domain, local), None).await?;
        Ok(rows.is_some_and(|rows| rows.rows.iter().any(|row| is_about(&rows, row, local, domain))))
    }

    async fn change(&self, domain: &str, local: &str, written: &str) -> Result<bool, Option<ProviderError>> {
        let (deployment, id, described) = self.described(domain).map_err(Some)?;
        let change = described.set_password.as_deref().filter(|name| deployment.may_run("execute", name));
        let statement = change.ok_or(None)?;
        let rows = self
            .run(&deployment, id, statement, LogIn::from_nowhere(domain, local), Some(written))
            .await
            .map_err(Some)?;
        let Some(rows) = rows else { return Ok(false) };
        if rows.affected > 0 {
            return Ok(true);
        }
        // The same password again changes no row in MariaDB.
        match self.account(LogIn::from_nowhere(domain, local)).await.map_err(Some)? {
            AccountFound::Account(record) if record.secret.as_str() == written => Ok(true),
            AccountFound::Account(_) => {
                Err(Some(self.unusable(format!("statement {statement} has changed no row"))))
            }
            AccountFound::NoSuchAccount | AccountFound::NotMine => Ok(false),
        }
    }
}

impl AccountSource for PluginSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn storing(&self, domain: &str) -> Option<Storing> {
        self.described(domain).ok().map(|(_, _, described)| described.storing.clone())
    }

    fn find<'a>(&'a self, log_in: LogIn<'a>) -> BoxFuture<'a, Result<AccountFound, ProviderError>> {
        Box::pin(self.account(log_in))
    }

    fn exists<'a>(&'a self, domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        Box::pin(self.is_there(domain, local))
    }

    fn set_password<'a>(
        &'a self,
        domain: &'a str,
        local: &'a str,
        written: StoredPassword,
    ) -> BoxFuture<'a, Result<bool, Option<ProviderError>>> {
        Box::pin(async move { self.change(domain, local, written.as_str()).await })
    }
}

type Values = Vec<(String, crate::bindings::waiting::castling::plugin::sql::Value)>;

impl Deployment {
    /// Whether the operator has written a statement, and granted it.
    pub(crate) fn may_run(&self, function: &str, statement: &str) -> bool {
        let source = statement.split_once('/').and_then(|(source, query)| {
            let connected = self.scope.services.connected.get()?;
            Some((connected.sources.get(source)?, query))
        });
        let is_written =
            source.is_some_and(|(source, query)| source.queries().any(|one| one.name() == query));
        is_written && self.scope.grants.allow_for("sql", function, statement)
    }

    /// What the plugin gives as parameters for a name; `None`: it is not one of its own.
    async fn values(&self, domain: u32, log_in: LogIn<'_>) -> Result<Option<Values>, Failure> {
        let Some(name) = account_name(log_in) else { return Ok(None) };
        let asked = asked(Hook::Credentials, domain, log_in);
        let said = self.serve(asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.credentials, Hook::Credentials)?;
                guest.call_values(store, domain, &name).await
            })
        });
        let values = said.await?;
        self.scope.memory.stats.hook(Hook::Credentials, domain).verdict(usize::from(values.is_none()));
        Ok(values)
    }
}

/// A column as text; `None`: NULL.
fn text_of(value: &Value) -> Result<Option<String>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        // `VARBINARY`, as MySQL has for what must be compared bytewise.
        Value::Bytes(bytes) => {
            std::str::from_utf8(bytes).map(|text| Some(text.to_owned())).map_err(|_| "bytes")
        }
        Value::Integer(number) => Ok(Some(number.to_string())),
        other => Err(other.kind()),
    }
}

/// Whether a column says so.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Integer(value) => *value != 0,
        Value::Real(value) => *value != 0.0,
        Value::Text(text) => {
            !matches!(text.to_ascii_lowercase().trim(), "" | "0" | "f" | "false" | "n" | "no")
        }
        Value::Bytes(bytes) => bytes.iter().any(|byte| !matches!(byte, 0 | b'0')),
    }
}

impl PluginSource {
    /// Asks a plugin that checks passwords itself: about a password, or whether there is such an account.
    pub(super) async fn ask(
        &self,
        deployment: &Deployment,
        log_in: LogIn<'_>,
        password: Option<&str>,
    ) -> Result<WitOutcome, ProviderError> {
        let id = deployment
            .scope
            .serves(log_in.domain)
            .ok_or_else(|| self.away("the plugin is not in force there"))?;
        let Some(name) = account_name(log_in) else { return Ok(WitOutcome::NoSuchAccount) };
        let password = password.map(|password| StoredPassword::new(password.to_owned()));
        let asked = asked(Hook::PasswordCheck, id, log_in);
        let said = deployment.serve(asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.password_check, Hook::PasswordCheck)?;
                match password {
                    Some(password) => guest.call_check(store, id, &name, password.as_str()).await,
                    None => guest.call_exists(store, id, &name).await,
                }
            })
        });
        let said = said.await.map_err(|failure| self.away(failure.to_string()))?;
        deployment.scope.memory.stats.hook(Hook::PasswordCheck, id).verdict(said as usize);
        Ok(said)
    }
}

fn account_name(LogIn { domain, local, .. }: LogIn<'_>) -> Option<AccountName> {
    let jid = Jid::from_parts(Some(local), domain, None).ok()?;
    Some(AccountName { user: local.to_owned(), domain: domain.to_owned(), jid: jid.to_string() })
}

/// Not the name is answerable for a log-in, which anybody may claim, but the address.
fn asked(hook: Hook, domain: u32, log_in: LogIn<'_>) -> Asked {
    let address = log_in.address.map(|address| match auth::subscriber(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    });
    let attempt = address.and_then(|address| Jid::from_parts(Some(log_in.local), &address, None).ok());
    let sender = attempt.as_ref().map(Jid::domain_jid);
    Asked {
        hook,
        about: About { domain, call: None },
        caller: Caller { sender, attempt, ..Caller::default() },
        budget: Budget::LOG_IN,
        alone: true,
    }
}
