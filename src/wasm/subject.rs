//! What a call is about, before it is made.

use xmpp::{Jid, Stanza};

use crate::head::facts::FROM_LOCAL;
use crate::state::{Account, Call, Keeper};

/// A stanza that a hook is asked about. Whether it is asked is decided without copying anything.
pub(crate) struct Subject<'a> {
    pub stanza: &'a Stanza,
    pub session: Keeper,
    pub domain: u32,
    pub account: Account,
    pub facts: u32,
}

impl Subject<'_> {
    /// The call, which holds what it is about by reference count.
    pub fn call(&self) -> Call {
        let (session, account) = (self.session.clone(), self.account.clone());
        Call { stanza: self.stanza.clone(), session, domain: self.domain, account }
    }

    /// Who is answerable for the stanza: the account of the local session, the local account that it comes from, or the remote domain.
    pub fn sender(&self) -> Option<Jid> {
        if let Some(resource) = self.session.sender() {
            return Some(resource.account().jid().clone());
        }
        let from = self.stanza.from()?;
        match self.facts & FROM_LOCAL != 0 {
            true => Some(from.bare()),
            false => Jid::domain_only(from.domain()).ok(),
        }
    }
}
