//! Reads stored messages back, a chunk at a time.

use std::sync::Arc;

use kernel::{Account, Item, Kernel, Receipt, log_failure};
use parking_lot::Mutex;
use storage::{OfflineId, OfflineMessage};
use xmpp::Stanza;

use super::pending::{PendingDeliveries, PendingDelivery};
use super::restore;

/// Messages of one chunk.
const CHUNK: u32 = 50;
/// How often the store is read again from the beginning because something was returned meanwhile.
const ROUNDS: u8 = 3;

/// Reads the stored messages of one account.
pub(super) struct Reader {
    kernel: Arc<Kernel>,
    account: Arc<Account>,
    pending: Arc<PendingDeliveries>,
    place: Mutex<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    after: OfflineId,
    /// The number that had come back when this round began.
    returns: u64,
    rounds: u8,
}

impl Place {
    fn first(pending: &PendingDeliveries) -> Self {
        Self { after: OfflineId::default(), returns: pending.returns(), rounds: 1 }
    }
}

impl Reader {
    pub fn new(kernel: &Arc<Kernel>, account: &Arc<Account>, pending: &Arc<PendingDeliveries>) -> Self {
        let place = Mutex::new(Place::first(pending));
        Self { kernel: kernel.clone(), account: account.clone(), pending: pending.clone(), place }
    }

    /// The next messages that are not being delivered already; with `from_start`, starts over. Empty at the
    /// end, `None` if the store cannot be read for now.
    pub async fn next(&self, from_start: bool) -> Option<Vec<Item>> {
        if from_start {
            *self.place.lock() = Place::first(&self.pending);
        }
        loop {
            let changes = self.pending.changes();
            let after = self.place.lock().after;
            let first = after == OfflineId::default();
            let now = self.kernel.runtime().clock.monotonic();
            let Some(mark) = self.pending.writes.must_read(now) else { return Some(Vec::new()) };
            let loaded = self.kernel.store().offline().load(self.account.id(), after, CHUNK).await;
            let messages = match loaded {
                Ok(messages) => messages,
                Err(error) => {
                    log_failure(&error, "cannot read offline messages");
                    return (!error.is_temporary()).then(Vec::new);
                }
            };
            let Some(last) = messages.last() else {
                if first {
                    self.pending.writes.found_none(mark);
                }
                match self.again() {
                    true => continue,
                    false => return Some(Vec::new()),
                }
            };
            let last = last.id;
            let restored: Vec<_> = messages
                .into_iter()
                .filter_map(|message| Some((self.restored(&message)?, message)))
                .collect();
            let ids = restored.iter().map(|(_, message)| message.id);
            let Some(claimed) = self.pending.claim(ids, changes) else { continue };
            self.place.lock().after = last;
            let fresh = restored.into_iter().filter(|(_, message)| claimed.contains(&message.id));
            let items: Vec<Item> = fresh.map(|(stanza, message)| self.item(stanza, &message)).collect();
            if !items.is_empty() {
                return Some(items);
            }
        }
    }

    /// Whether something has been returned since the round began.
    fn again(&self) -> bool {
        let returns = self.pending.returns();
        let mut place = self.place.lock();
        if returns == place.returns || place.rounds == ROUNDS {
            return false;
        }
        *place = Place { after: OfflineId::default(), returns, rounds: place.rounds + 1 };
        true
    }

    fn restored(&self, message: &OfflineMessage) -> Option<Stanza> {
        let stanza = restore(&message.xml);
        if stanza.is_none() {
            tracing::error!(account = self.account.id(), "an offline message is damaged and remains stored");
        }
        stanza
    }

    fn item(&self, stanza: Stanza, message: &OfflineMessage) -> Item {
        let (kernel, account) = (self.kernel.clone(), self.account.clone());
        let delivery = PendingDelivery::new(kernel, account, self.pending.clone(), message.id);
        Item::stored(stanza, message.stored_us, delivery as Arc<dyn Receipt>)
    }
}
