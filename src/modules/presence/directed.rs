//! Directed presence (RFC 6121 section 4.6).

use std::sync::Arc;

use hashbrown::HashSet;
use kernel::{Kernel, Resource, State, Verdict};
use parking_lot::Mutex;
use xmpp::{Jid, StanzaError};

use super::broadcast::knows;
use crate::refused::Refused;

/// How many JIDs one session can have sent directed presence to.
const LIMIT: usize = 1000;

/// JIDs that a session has sent directed presence to and that would not be notified of its end otherwise.
#[derive(Default)]
pub(super) struct Directed(Mutex<HashSet<Jid>>);

impl Directed {
    /// Remembers a JID; `false` if the limit is reached.
    fn insert(&self, jid: &Jid) -> bool {
        let mut jids = self.0.lock();
        jids.contains(jid) || (jids.len() < LIMIT && jids.insert(jid.clone()))
    }

    pub(super) fn remove(&self, jid: &Jid) {
        self.0.lock().remove(jid);
    }

    /// Removes and returns those for which `test` holds.
    pub(super) fn take_if(&self, mut test: impl FnMut(&Jid) -> bool) -> Vec<Jid> {
        self.0.lock().extract_if(|jid| test(jid)).collect()
    }

    /// Removes and returns all of them.
    pub(super) fn take(&self) -> Vec<Jid> {
        std::mem::take(&mut *self.0.lock()).into_iter().collect()
    }
}

/// Directed available presence. A recipient that is not notified of the session's end anyway is remembered
/// until then.
pub(super) async fn available(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    to: &Jid,
    kept: State<Resource, Directed>,
) -> Verdict {
    let roster = match kernel.roster(resource.account()).await {
        Ok(roster) => roster,
        Err(error) => return Verdict::Reject(Refused::from(error).0),
    };
    if resource.is_available() && knows(resource.account(), &roster, to) {
        return Verdict::Continue;
    }
    match kept.of(resource).insert(to) {
        true => Verdict::Continue,
        false => Verdict::Reject(
            StanzaError::resource_constraint().text("too many addresses with directed presence"),
        ),
    }
}
