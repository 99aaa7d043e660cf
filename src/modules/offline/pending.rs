//! Stored messages being delivered to a client: no other session gets them, and they are deleted on arrival.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hashbrown::HashSet;
use kernel::{Account, Kernel, Receipt, log_failure};
use parking_lot::Mutex;
use storage::OfflineId;

use super::writes::Writes;

/// How long to wait before a failed deletion is retried.
const AGAIN: Duration = Duration::from_secs(5);

/// Stored messages of one account that are being delivered, and what is known of those being written; kept with the
/// account, which a delivery keeps in memory.
#[derive(Default)]
pub(super) struct PendingDeliveries {
    state: Mutex<PendingState>,
    pub writes: Writes,
}

impl AsRef<Writes> for PendingDeliveries {
    fn as_ref(&self) -> &Writes {
        &self.writes
    }
}

#[derive(Default)]
struct PendingState {
    under_way: HashSet<OfflineId>,
    /// Arrived but not yet deleted; still in `under_way`.
    arrived: Vec<OfflineId>,
    deleting: bool,
    /// The number that have come back undelivered.
    returns: u64,
    /// The number of deletions after delivery, and of messages that were stored while they are delivered.
    changes: u64,
}

impl PendingDeliveries {
    /// The number of changes so far; see [`claim`](Self::claim).
    pub fn changes(&self) -> u64 {
        self.state.lock().changes
    }

    /// Takes on the delivery of those of `ids` that nobody is delivering. `None` if there have been more than so
    /// many `changes`: what was read from the store since then may have been deleted, or be under way.
    pub fn claim(
        &self,
        ids: impl IntoIterator<Item = OfflineId>,
        changes: u64,
    ) -> Option<HashSet<OfflineId>> {
        let mut state = self.state.lock();
        (state.changes == changes).then(|| ids.into_iter().filter(|id| state.under_way.insert(*id)).collect())
    }

    /// The number that have come back so far.
    pub fn returns(&self) -> u64 {
        self.state.lock().returns
    }
}

/// The delivery of one stored message; the receipt of its outcome. One dropped without either outcome counts
/// as returned: it was written to a connection that broke.
pub(super) struct PendingDelivery {
    kernel: Arc<Kernel>,
    account: Arc<Account>,
    pending: Arc<PendingDeliveries>,
    id: OfflineId,
    delivered: AtomicBool,
    returned: AtomicBool,
}

impl PendingDelivery {
    /// The delivery of a message that was stored just now. Readers that have seen it look again.
    pub fn begin(
        kernel: Arc<Kernel>,
        account: Arc<Account>,
        pending: Arc<PendingDeliveries>,
        id: OfflineId,
    ) -> Arc<Self> {
        {
            let mut state = pending.state.lock();
            state.under_way.insert(id);
            state.changes += 1;
        }
        Self::new(kernel, account, pending, id)
    }

    /// The delivery of a message that was [claimed](PendingDeliveries::claim).
    pub fn new(
        kernel: Arc<Kernel>,
        account: Arc<Account>,
        pending: Arc<PendingDeliveries>,
        id: OfflineId,
    ) -> Arc<Self> {
        let (delivered, returned) = Default::default();
        Arc::new(Self { kernel, account, pending, id, delivered, returned })
    }
}

impl Receipt for PendingDelivery {
    /// What arrives while a deletion is in progress is deleted with the next one.
    fn delivered(&self) {
        if self.delivered.swap(true, Ordering::AcqRel) {
            return;
        }
        let begin = {
            let mut state = self.pending.state.lock();
            state.arrived.push(self.id);
            !std::mem::replace(&mut state.deleting, true)
        };
        if begin {
            let deletion = delete(self.kernel.clone(), self.account.clone(), self.pending.clone());
            self.kernel.runtime().tasks.spawn("offline deletion", deletion);
        }
    }

    fn returned(&self) {
        // Only once: it may be in delivery again by now, with another receipt.
        if self.delivered.load(Ordering::Acquire) || self.returned.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut state = self.pending.state.lock();
        if state.under_way.remove(&self.id) {
            state.returns += 1;
        }
    }
}

impl Drop for PendingDelivery {
    fn drop(&mut self) {
        self.returned();
    }
}

async fn delete(kernel: Arc<Kernel>, account: Arc<Account>, pending: Arc<PendingDeliveries>) {
    loop {
        let arrived = {
            let mut state = pending.state.lock();
            let arrived = std::mem::take(&mut state.arrived);
            if arrived.is_empty() {
                state.deleting = false;
            }
            arrived
        };
        if arrived.is_empty() {
            return;
        }
        match kernel.store().offline().delete(account.id(), &arrived).await {
            Ok(_) => {
                let mut state = pending.state.lock();
                state.under_way.retain(|id| !arrived.contains(id));
                state.changes += 1;
            }
            // They stay marked: their client has them and must not get them again.
            Err(error) => {
                log_failure(&error, "cannot delete delivered offline messages; will retry");
                pending.state.lock().arrived.extend(arrived);
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    () = kernel.runtime().tasks.drained_signal() => return,
                }
            }
        }
    }
}
