//! `call`: about the call in progress.

use wasmtime::{Result, bail};
use xmpp::{Framing, Jid};

use crate::bindings::castling::plugin::call::Host;
use crate::bindings::castling::plugin::types::{Contact, Denied};
use crate::kept::SLOT_BYTES;
use crate::quota::OverQuota;
use crate::state::{StoreData, bounded};

impl Host for StoreData {
    fn xml(&mut self) -> Result<String> {
        self.content("xml")?;
        let bytes = self.call()?.stanza.to_bytes(Framing::Inherit);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn child_text(&mut self, name: String, ns: String) -> Result<Option<String>> {
        self.content("child-text")?;
        Ok(self.call()?.stanza.child(&name, &ns).map(|child| child.text().into_owned()))
    }

    fn child_texts(&mut self, name: String, ns: String) -> Result<Vec<String>> {
        self.content("child-texts")?;
        let children = self.call()?.stanza.children();
        Ok(children.filter(|child| child.is(&name, &ns)).map(|child| child.text().into_owned()).collect())
    }

    fn has_child(&mut self, name: String, ns: String) -> Result<bool> {
        Ok(self.call()?.stanza.child(&name, &ns).is_some())
    }

    fn has_child_ns(&mut self, ns: String) -> Result<bool> {
        Ok(self.call()?.stanza.children().any(|child| child.ns() == ns))
    }

    fn has_elements(&mut self, name: String, ns: String) -> Result<bool> {
        let mut children = self.call()?.stanza.children().filter(|child| child.is(&name, &ns));
        Ok(children.any(|child| child.first_child().is_some()))
    }

    fn attribute(&mut self, name: String) -> Result<Option<String>> {
        self.content("attribute")?;
        let stanza = &self.call()?.stanza;
        Ok(match name.as_str() {
            "from" => stanza.from().map(Jid::to_string),
            "to" => stanza.to().map(Jid::to_string),
            "xml:lang" => stanza.lang().map(str::to_owned),
            _ => stanza.root().attr(&name).map(|value| value.into_owned()),
        })
    }

    fn fingerprint(&mut self) -> Result<u64> {
        Ok(self.call()?.stanza.fingerprint())
    }

    fn session_slot(&mut self) -> Result<Vec<u8>> {
        Ok(self.kept()?.slot(&self.scope.memory))
    }

    fn set_session_slot(&mut self, value: Vec<u8>) -> Result<Result<(), Denied>> {
        bounded(value.len(), SLOT_BYTES)?;
        let set = self.keep("call", |kept, keeping| kept.set_slot(keeping, &value))?;
        Ok(set.map_err(|OverQuota| Denied::OverQuota))
    }

    fn account_slot(&mut self) -> Result<Vec<u8>> {
        let account = self.call()?.account().cloned();
        Ok(account.map(|account| self.slot_of(&account)).unwrap_or_default())
    }

    fn recipient_jid(&mut self, index: u32) -> Result<String> {
        Ok(self.recipient(index)?.to_string())
    }

    fn recipient_slot(&mut self, index: u32) -> Result<Vec<u8>> {
        let account = self.recipient(index)?.clone();
        Ok(self.slot_of(&account))
    }

    fn roster_item(&mut self, jid: String) -> Result<Result<Option<Contact>, ()>> {
        let (Some(account), Ok(contact)) = (self.call()?.account(), Jid::parse(&jid)) else {
            return Ok(Ok(None));
        };
        let found = self.scope.directory().and_then(|directory| directory.roster_item(account, &contact));
        Ok(found.ok_or(()))
    }

    fn recipient_roster_item(&mut self, index: u32, jid: String) -> Result<Result<Option<Contact>, ()>> {
        let account = self.recipient(index)?;
        let Ok(contact) = Jid::parse(&jid) else { return Ok(Ok(None)) };
        let found = self.scope.directory().and_then(|directory| directory.roster_item(account, &contact));
        Ok(found.ok_or(()))
    }

    fn now_ms(&mut self) -> Result<u64> {
        self.on()?;
        Ok(u64::try_from(self.scope.services.clock.now_us() / 1000).unwrap_or_default())
    }
}

impl StoreData {
    fn recipient(&self, index: u32) -> Result<&Jid> {
        let recipients = self.call()?.recipients.as_deref().unwrap_or_default();
        let Some(jid) = usize::try_from(index).ok().and_then(|index| recipients.get(index)) else {
            bail!("there is no recipient {index}: only calls of before-deliver have any")
        };
        Ok(jid)
    }

    fn slot_of(&self, account: &Jid) -> Vec<u8> {
        let services = &self.scope.services;
        let account = services.kernel().and_then(|kernel| kernel.account_in_use(account));
        account.and_then(|account| services.slots.get()?.peek(&account, &self.scope.name)).unwrap_or_default()
    }

    /// A component that imports one of these functions is not loaded without the grant; this is the second lock.
    fn content(&self, function: &str) -> Result<()> {
        match self.allows("call", function) {
            true => Ok(()),
            false => bail!("call.{function} requires the grant content"),
        }
    }
}
