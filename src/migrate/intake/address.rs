//! Addresses of a source as they are here.

use xmpp::{Jid, JidError};

use crate::Order;

/// Reads addresses of one user's data.
pub(crate) struct Addresses<'a> {
    /// The user's own address here.
    pub own: &'a Jid,
    pub order: &'a Order,
}

impl Addresses<'_> {
    /// The address, normalized, on the domain that its domain is called here.
    ///
    /// # Errors
    /// It is not valid.
    pub fn read(&self, text: &str) -> Result<Jid, JidError> {
        let jid = Jid::parse(text)?;
        Ok(self.renamed(&jid)?.unwrap_or(jid))
    }

    /// The address of a domain that has another name here.
    pub fn renamed(&self, jid: &Jid) -> Result<Option<Jid>, JidError> {
        match self.order.map.get(jid.domain()) {
            None => Ok(None),
            Some(domain) => Jid::from_parts(jid.local(), domain, jid.resource()).map(Some),
        }
    }
}
