//! What a call is about, before it is made.

use std::sync::Arc;

use kernel::Resource;
use xmpp::{Jid, Stanza};

use crate::facts::FROM_LOCAL;
use crate::service::Caller;
use crate::state::{Account, Call, Keeper};

/// A stanza that a hook is asked about. Whether it is asked is decided without copying anything.
pub(crate) struct Subject<'a> {
    pub stanza: &'a Stanza,
    /// The local session that sent it, on whatever domain.
    pub client: Option<&'a Resource>,
    /// The domain that is answerable for it, if a link brought it: another server's, or a component's.
    pub link: Option<&'a Jid>,
    /// Whether the session is on another domain: nothing is kept with it then.
    pub is_elsewhere: bool,
    /// A session created by a test.
    #[cfg(test)]
    pub made: Option<(u64, Arc<crate::kept::Kept>)>,
    pub domain: u32,
    pub account: Account,
    /// The bare JIDs of its recipients, where it is about to be delivered.
    pub recipients: Option<Arc<[Jid]>>,
    pub facts: u32,
}

impl Subject<'_> {
    /// The call, which holds what it is about by reference count.
    pub fn call(&self) -> Call {
        let (session, account) = (self.keeper(), self.account.clone());
        let recipients = self.recipients.clone();
        Call { stanza: self.stanza.clone(), session, domain: self.domain, account, recipients }
    }

    fn keeper(&self) -> Keeper {
        #[cfg(test)]
        if let Some((id, kept)) = &self.made {
            return Keeper::Made(*id, kept.clone());
        }
        match self.client {
            None => Keeper::Nobody,
            Some(client) if self.is_elsewhere => Keeper::Elsewhere(client.clone()),
            Some(client) => Keeper::Session(client.clone()),
        }
    }

    /// On whose behalf the call is made.
    pub fn caller(&self) -> Caller {
        let id = self.stanza.id().unwrap_or_default().to_owned();
        Caller {
            sender: self.sender(),
            session: self.session_id(),
            stanza: (self.stanza.kind().as_str(), id),
            ..Caller::default()
        }
    }

    /// The session's id; 0 if there is none on this domain.
    pub fn session_id(&self) -> u64 {
        #[cfg(test)]
        if let Some((id, _)) = &self.made {
            return *id;
        }
        self.client.filter(|_| !self.is_elsewhere).map_or(0, Resource::id)
    }

    /// Who is answerable for the stanza: the account of the local session, the local account that it comes from, or the domain of the
    /// other server or of the component.
    pub fn sender(&self) -> Option<Jid> {
        if let Some(client) = self.client {
            return Some(client.account().jid().clone());
        }
        if let Some(link) = self.link {
            return Some(link.clone());
        }
        let from = self.stanza.from()?;
        match self.facts & FROM_LOCAL != 0 {
            true => Some(from.bare()),
            false => Jid::domain_only(from.domain()).ok(),
        }
    }
}
