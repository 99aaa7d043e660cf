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

    /// Only services set it (`accounts.set-account-slot`), and this server has none yet, so it is empty.
    fn account_slot(&mut self) -> Result<Vec<u8>> {
        self.call().map(|_| Vec::new())
    }

    /// As `account_slot`.
    fn domain_slot(&mut self) -> Result<Vec<u8>> {
        self.call().map(|_| Vec::new())
    }

    fn recipient_slot(&mut self, _index: u32) -> Result<Vec<u8>> {
        bail!("recipient-slot is only available in before-deliver")
    }

    fn recipient_session_slot(&mut self, _index: u32) -> Result<Vec<u8>> {
        bail!("recipient-session-slot is only available in before-deliver")
    }

    fn roster_item(&mut self, jid: String) -> Result<Result<Option<Contact>, ()>> {
        let (Some(account), Ok(contact)) = (self.call()?.account(), Jid::parse(&jid)) else {
            return Ok(Ok(None));
        };
        let found = self.scope.directory().and_then(|directory| directory.roster_item(account, &contact));
        Ok(found.ok_or(()))
    }

    fn recipient_roster_item(&mut self, _: u32, _: String) -> Result<Result<Option<Contact>, ()>> {
        bail!("recipient-roster-item is only available in before-deliver")
    }

    fn now_ms(&mut self) -> Result<u64> {
        self.call()?;
        Ok(u64::try_from(self.scope.services.clock.now_us() / 1000).unwrap_or_default())
    }
}

impl StoreData {
    /// A component that imports one of these functions is not loaded without the grant; this is the second lock.
    fn content(&self, function: &str) -> Result<()> {
        match self.allows("call", function) {
            true => Ok(()),
            false => bail!("call.{function} requires the grant content"),
        }
    }
}
