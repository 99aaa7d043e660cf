//! `accounts`: what the server stores for accounts, and who of them is online.

use std::sync::Arc;

use kernel::{Account, Kernel, Resource};
use storage::PluginSlotError;
use wasmtime::Result;
use xmpp::Framing;

use crate::bindings::castling::plugin::types::Denied;
use crate::bindings::waiting::castling::plugin::accounts::{Contact, Host, Presence};
use crate::state::StoreData;

type Outcome<T> = Result<std::result::Result<T, Denied>>;

impl Host for StoreData {
    async fn exists(&mut self, bare_jid: String) -> Outcome<bool> {
        Ok(self.account("exists", &bare_jid).await.map(|(_, account)| account.is_some()))
    }

    async fn roster(&mut self, bare_jid: String) -> Outcome<Vec<Contact>> {
        let (kernel, account) = match self.account("roster", &bare_jid).await {
            Ok((kernel, Some(account))) => (kernel, account),
            Ok((_, None)) => return Ok(Ok(Vec::new())),
            Err(denied) => return Ok(Err(denied)),
        };
        let roster = kernel.roster(&account).await;
        let contacts = roster.map(|roster| {
            roster.items().filter(|item| item.in_roster).map(|item| contact(item)).collect::<Vec<_>>()
        });
        Ok(contacts.map_err(|error| self.store_failed("accounts", &error)))
    }

    async fn available(&mut self, bare_jid: String) -> Outcome<Vec<Presence>> {
        let found = self.account("available", &bare_jid).await;
        let available = |account: Option<Arc<Account>>| account.map(|account| account.available());
        let presences = |resources: Vec<Resource>| resources.iter().filter_map(presence).collect();
        Ok(found.map(|(_, account)| presences(available(account).unwrap_or_default())))
    }

    async fn private_xml(&mut self, bare_jid: String, name: String, ns: String) -> Outcome<Option<String>> {
        let (kernel, account) = match self.account("private-xml", &bare_jid).await {
            Ok((kernel, Some(account))) => (kernel, account),
            Ok((_, None)) => return Ok(Ok(None)),
            Err(denied) => return Ok(Err(denied)),
        };
        let stored = kernel.store().private().get(account.id(), &name, &ns).await;
        Ok(stored.map_err(|error| self.store_failed("accounts", &error)))
    }

    async fn set_account_slot(&mut self, bare_jid: String, value: Vec<u8>) -> Outcome<()> {
        let (kernel, account) = match self.account("set-account-slot", &bare_jid).await {
            Ok((kernel, Some(account))) => (kernel, account),
            Ok((_, None)) => return Ok(Err(Denied::BadArgument)),
            Err(denied) => return Ok(Err(denied)),
        };
        let Some(slots) = self.scope.services.slots.get() else { return Ok(Err(Denied::Unavailable)) };
        // What is stored and what is in memory must not differ because this call is cut off.
        let (slots, scope, tasks) = (slots.clone(), self.scope.clone(), kernel.runtime().tasks.clone());
        let set = tasks.spawn("account slot", async move {
            let _stores = scope.memory.stores().await?;
            Some(slots.set(&kernel, &account, &scope.name, value).await)
        });
        Ok(match set.await {
            Ok(None) => Err(Denied::Unavailable),
            Ok(Some(set)) => set.map_err(|error| match error {
                PluginSlotError::Storage(error) => self.store_failed("accounts", &error),
                PluginSlotError::TooLarge | PluginSlotError::InvalidPlugin => Denied::BadArgument,
            }),
            Err(_) => Err(self.unavailable("accounts", "set-account-slot")),
        })
    }
}

impl StoreData {
    /// The account of a bare JID, if there is one.
    async fn account(
        &self,
        function: &'static str,
        bare_jid: &str,
    ) -> std::result::Result<(Arc<Kernel>, Option<Arc<Account>>), Denied> {
        let kernel = self.granted("accounts", function)?;
        let jid = self.within("accounts", bare_jid)?;
        match kernel.account_of(&jid).await {
            Ok(account) => Ok((kernel, account)),
            Err(error) => Err(self.store_failed("accounts", &error)),
        }
    }
}

fn contact(item: &storage::RosterItem) -> Contact {
    Contact {
        jid: item.jid.to_string(),
        name: item.name.clone(),
        subscription: crate::directory::subscription(item.subscription),
        ask: item.ask,
        groups: item.groups.clone(),
    }
}

fn presence(resource: &Resource) -> Option<Presence> {
    let stanza = resource.presence()?;
    Some(Presence {
        jid: resource.jid().to_string(),
        session: resource.id(),
        priority: resource.priority()?,
        xml: String::from_utf8_lossy(&stanza.to_bytes(Framing::Inherit)).into_owned(),
    })
}
