//! `screening`: privacy lists.

use std::sync::Arc;

use kernel::{Account, Kernel, ListError, ListLimits, Resource};
use storage::PrivacyList;
use wasmtime::Result;
use xmpp::StanzaError;

use crate::bindings::castling::plugin::types::{Denied, StanzaError as WitError};
use crate::bindings::waiting::castling::plugin::screening::{
    Host, ListLimits as WitLimits, Overview, Refusal, Rule,
};
use crate::rules;
use crate::state::StoreData;

type Outcome<T> = Result<std::result::Result<T, Refusal>>;

/// The most lists of an account and items of a list, and bytes of a name.
const LISTS: u32 = 1_000;
const ITEMS: u32 = 50_000;
const NAME: usize = 1_023;

impl Host for StoreData {
    async fn lists(&mut self, account: String) -> Outcome<Overview> {
        Ok(self.overview(&account).await)
    }

    async fn get(&mut self, account: String, name: String) -> Outcome<Vec<Rule>> {
        Ok(self.rules(&account, &name).await)
    }

    async fn put(
        &mut self,
        account: String,
        session: u64,
        name: String,
        rules: Vec<Rule>,
        limits: WitLimits,
    ) -> Outcome<()> {
        Ok(self.put_list(&account, session, name, rules, limits).await)
    }

    async fn remove(&mut self, account: String, session: u64, name: String) -> Outcome<()> {
        let (kernel, account, by) = match self.lists_of("remove", &account, session).await {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(kernel.remove_list(&account, by.as_ref(), &name).await.map_err(refused))
    }

    async fn set_default(&mut self, account: String, session: u64, name: Option<String>) -> Outcome<()> {
        let (kernel, account, by) = match self.lists_of("set-default", &account, session).await {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let set = kernel.set_default_list(&account, by.as_ref(), name.as_deref()).await;
        Ok(set.map(drop).map_err(refused))
    }

    async fn active(&mut self, session: u64) -> Outcome<Option<String>> {
        let active = |resource: Resource| resource.active_list().map(|list| list.list().name.clone());
        Ok(self.session("active", session).map(|(_, resource)| active(resource)))
    }

    async fn set_active(&mut self, session: u64, name: Option<String>) -> Outcome<()> {
        let (kernel, resource) = match self.session("set-active", session) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(kernel.set_active_list(&resource, name.as_deref()).await.map(drop).map_err(refused))
    }
}

impl StoreData {
    async fn overview(&self, account: &str) -> std::result::Result<Overview, Refusal> {
        let (kernel, account, _) = self.lists_of("lists", account, 0).await?;
        let names = kernel.list_names(&account).await.map_err(|error| refused(error.into()))?;
        let default = kernel.default_list(&account).await.map_err(|error| refused(error.into()))?;
        Ok(Overview { names, default: default.map(|list| list.list().name.clone()) })
    }

    async fn rules(&self, account: &str, name: &str) -> std::result::Result<Vec<Rule>, Refusal> {
        let (kernel, account, _) = self.lists_of("get", account, 0).await?;
        let list = kernel.list(&account, name).await.map_err(|error| refused(error.into()))?;
        let list = list.ok_or_else(|| refused(ListError::NotFound))?;
        Ok(list.items.iter().map(rules::given).collect())
    }

    async fn put_list(
        &self,
        account: &str,
        session: u64,
        name: String,
        rules: Vec<Rule>,
        limits: WitLimits,
    ) -> std::result::Result<(), Refusal> {
        let (kernel, account, by) = self.lists_of("put", account, session).await?;
        let items = rules.into_iter().map(rules::taken).collect::<std::result::Result<_, _>>();
        let list = PrivacyList { name, items: items.map_err(|error| Refusal::Refused(told(error)))? };
        let limits = ListLimits {
            lists: limits.lists.min(LISTS) as usize,
            items: limits.items.min(ITEMS) as usize,
            name_bytes: NAME,
            group_bytes: NAME,
        };
        kernel.put_list(&account, by.as_ref(), list, &limits).await.map(drop).map_err(refused)
    }

    /// An account on one of the plugin's domains, and its session that asks for a change, if one does.
    async fn lists_of(
        &self,
        function: &'static str,
        account: &str,
        session: u64,
    ) -> std::result::Result<(Arc<Kernel>, Arc<Account>, Option<Resource>), Refusal> {
        let kernel = self.granted("screening", function).map_err(Refusal::Denied)?;
        let jid = self.within("screening", account).map_err(Refusal::Denied)?;
        let found = kernel.account_of(&jid).await;
        let found = found.map_err(|error| Refusal::Denied(self.store_failed("screening", &error)))?;
        let account = found.ok_or(Refusal::Denied(Denied::BadArgument))?;
        let by = kernel.resource(session).filter(|by| by.account().id() == account.id());
        match by.is_some() || session == 0 {
            true => Ok((kernel, account, by)),
            false => Err(Refusal::Denied(Denied::BadArgument)),
        }
    }

    /// A session on one of the plugin's domains.
    fn session(
        &self,
        function: &'static str,
        session: u64,
    ) -> std::result::Result<(Arc<Kernel>, Resource), Refusal> {
        let kernel = self.granted("screening", function).map_err(Refusal::Denied)?;
        let resource = kernel.resource(session).ok_or(Refusal::Denied(Denied::BadArgument))?;
        match self.scope.serves(resource.host().name()) {
            Some(_) => Ok((kernel, resource)),
            None => {
                self.denied("screening");
                Err(Refusal::Denied(Denied::OutOfScope))
            }
        }
    }
}

fn refused(error: ListError) -> Refusal {
    Refusal::Refused(told(error.into()))
}

fn told(error: StanzaError) -> WitError {
    let app = error.app.map(|app| app.to_xml(""));
    WitError { condition: error.condition.as_str().to_owned(), text: error.text, app }
}
