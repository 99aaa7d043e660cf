//! Directed presence (RFC 6121 section 4.6).

use std::sync::Arc;

use hashbrown::HashSet;
use kernel::{Kernel, Resource, State, Verdict};
use parking_lot::Mutex;
use xmpp::{Jid, StanzaError};

use super::broadcast::knows;
use crate::refused::Refused;

/// How many JIDs one session can have shown itself to.
const LIMIT: usize = 1000;

/// Who has been sent directed presence by a session, and would not be told of its end otherwise.
#[derive(Default)]
pub(crate) struct Directed(Mutex<HashSet<Jid>>);

impl Directed {
    /// Remembers it; false when it keeps as many as it may.
    fn insert(&self, jid: &Jid) -> bool {
        let mut jids = self.0.lock();
        jids.contains(jid) || (jids.len() < LIMIT && jids.insert(jid.clone()))
    }

    /// Forgets it.
    pub(super) fn remove(&self, jid: &Jid) {
        self.0.lock().remove(jid);
    }

    /// Those for which this holds; forgotten with this call.
    pub(super) fn take_if(&self, mut test: impl FnMut(&Jid) -> bool) -> Vec<Jid> {
        self.0.lock().extract_if(|jid| test(jid)).collect()
    }

    /// All of them; forgotten with this call.
    pub(super) fn take(&self) -> Vec<Jid> {
        std::mem::take(&mut *self.0.lock()).into_iter().collect()
    }
}

/// Available presence to somebody. Whoever is not told of the session's end anyway is remembered until then.
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
