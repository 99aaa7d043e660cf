//! The stanzas waiting for one session: a deque under a short lock and a notify, bounded in stanzas and
//! bytes.

mod answers;
mod charge;
mod contents;
mod figures;
mod pacing;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use xmpp::{Stanza, StreamError};

use crate::session::outlet::Release;
use crate::{DomainLimits, Item, Receipt};
pub(crate) use charge::Charge;
use contents::{Contents, Was};
pub use figures::MailboxFigures;

/// A stored message is added only while fewer stanzas than this wait.
const BULK_STANZAS: usize = 50;
const BULK_BYTES: usize = 64 << 10;

/// Why a stanza was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PushError {
    /// A bound is reached, and the client has made no progress for too long.
    Full,
    /// A bound is reached, or the sender's share of it.
    Crowded {
        /// Whether the client has made no progress for too long.
        stuck: bool,
    },
    /// The session has ended.
    Closed,
}

/// A client acknowledges more stanzas than were sent to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooHigh {
    /// The acknowledged count.
    pub h: u32,
    /// The number sent, modulo 2^32.
    pub sent: u32,
}

/// A stanza to write, with the receipt to notify once its bytes are sent.
pub(crate) type Taken = (Stanza, Option<Arc<dyn Receipt>>);

/// Stanzas for one session in order: first those written but not acknowledged (with stream management), then
/// those not yet written, the last of which may be held back by the Write stage, then those deferred until
/// stored messages have been read back.
#[derive(Default)]
pub(crate) struct Mailbox {
    inner: Mutex<Contents>,
    wake: Notify,
    space: Notify,
}

/// What a mailbox held when it was closed.
#[derive(Default)]
pub(crate) struct Left {
    /// Neither acknowledged nor, without stream management, written.
    pub items: VecDeque<Item>,
    /// Whether stored messages were still being read back.
    pub unread: bool,
}

/// Copies of what sessions hold, for another session.
#[derive(Default)]
pub(crate) struct Handover {
    /// To be written, or written and not acknowledged.
    pub ready: Vec<Item>,
    /// Deferred until stored messages have been read back.
    pub deferred: Vec<Item>,
}

impl Handover {
    pub fn each(&mut self, mut run: impl FnMut(&mut Vec<Item>)) {
        run(&mut self.ready);
        run(&mut self.deferred);
    }
}

impl Mailbox {
    /// Puts a stanza behind those that may be written and wakes the writer.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push(&self, item: Item, release: Release, limits: &DomainLimits) -> Result<(), PushError> {
        let ready = self.inner.lock().push(item, release, limits)?;
        if ready {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// As [`push`](Self::push), for stanzas that others sent: while stored messages are being read back, they
    /// wait behind those. `now_us` (monotonic, microseconds) is called only when there is no room.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn place(
        &self,
        item: Item,
        release: Release,
        limits: &DomainLimits,
        now_us: impl Fn() -> i64,
    ) -> Result<(), PushError> {
        let mut inner = self.inner.lock();
        let ready = match inner.place(item, release, limits) {
            Err(PushError::Full) if !inner.is_stuck(now_us()) => Err(PushError::Crowded { stuck: false }),
            Err(PushError::Crowded { .. }) => Err(PushError::Crowded { stuck: inner.is_stuck(now_us()) }),
            placed => placed,
        }?;
        drop(inner);
        if ready {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Whether there is room for a stanza that others sent.
    pub fn has_room(&self, item: &Item, limits: &DomainLimits) -> bool {
        !matches!(self.inner.lock().admit(item, limits), Err(PushError::Full | PushError::Crowded { .. }))
    }

    /// Resolves when there is room for a stanza that others sent, or the session has ended.
    pub async fn room_for(&self, item: &Item, limits: &DomainLimits) {
        self.when(|| self.has_room(item, limits).then_some(())).await;
    }

    /// The client's requests come in bulk, and what is written is kept until its arrival is confirmed.
    pub fn keep_in_bulk(&self) {
        self.manage();
        self.inner.lock().bulk = true;
    }

    /// Releases what the Write stage held back.
    pub fn flush(&self) {
        self.inner.lock().held = 0;
        self.wake.notify_one();
    }

    /// Holds new stanzas behind the stored ones. Returns `false` if a read-back is already running; it will
    /// start over.
    pub fn hold_back(&self) -> bool {
        match &mut self.inner.lock().deferred {
            Some(deferred) => {
                deferred.again = true;
                false
            }
            none => {
                *none = Some(Box::default());
                true
            }
        }
    }

    /// The read-back of the store starts.
    pub fn reading(&self) {
        if let Some(deferred) = &mut self.inner.lock().deferred {
            deferred.reading = true;
        }
    }

    /// The store has been read to its end. Returns `true` if the deferred stanzas are released now; `false`
    /// if it must be read again.
    pub fn read_to_end(&self) -> bool {
        let mut inner = self.inner.lock();
        if inner.deferred.as_mut().is_some_and(|deferred| std::mem::take(&mut deferred.again)) {
            return false;
        }
        inner.release();
        drop(inner);
        self.wake.notify_one();
        true
    }

    /// Stops the read-back, since the session takes no messages: returns the deferred stanzas, which are
    /// younger than those still stored. `None` if the session takes messages again; the store is then read
    /// again.
    pub fn stop_reading(&self) -> Option<VecDeque<Item>> {
        let left = self.inner.lock().stop_reading();
        self.wake.notify_one();
        left
    }

    /// The session takes no messages for now: gives back those that wait behind stored ones. These are still being read.
    pub fn take_deferred_messages(&self) -> VecDeque<Item> {
        self.inner.lock().take_deferred_messages()
    }

    /// Releases the deferred stanzas.
    pub fn release(&self) {
        self.inner.lock().release();
        self.wake.notify_one();
    }

    /// Takes what may be written, in order, into `batch`: about `room` bytes, at least one stanza, at most
    /// the length of `batch`. With stream management the stanzas stay until they are acknowledged; otherwise
    /// their receipts are returned with them.
    pub fn take(&self, room: usize, batch: &mut [Option<Taken>]) -> usize {
        let mut inner = self.inner.lock();
        let (mut taken, mut bytes) = (0, 0);
        while let Some(place) = batch.get_mut(taken).filter(|_| bytes < room) {
            let Some(next) = inner.next() else { break };
            bytes += next.0.size();
            *place = Some(next);
            taken += 1;
        }
        if inner.items.is_empty() {
            inner.items = VecDeque::new(); // an idle mailbox holds no memory
        }
        drop(inner);
        if taken > 0 {
            self.space.notify_waiters();
        }
        taken
    }

    /// Resolves when there may be something to write, or the session is to end.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Wakes the task waiting on [`Mailbox::woken`].
    pub fn nudge(&self) {
        self.wake.notify_one();
    }

    /// Stanzas written but not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.inner.lock().written
    }

    #[cfg(test)]
    fn held(&self) -> usize {
        let inner = self.inner.lock();
        inner.items.len() + inner.deferred.as_ref().map_or(0, |deferred| deferred.items.len())
    }

    /// Keeps what is written from now on until it is acknowledged (XEP-0198 section 4).
    pub fn manage(&self) {
        self.inner.lock().managed = true;
    }

    /// The client has handled stanzas up to `h` (XEP-0198 section 4).
    ///
    /// # Errors
    /// `h` is higher than the number written.
    pub fn acknowledge(&self, h: u32) -> Result<(), TooHigh> {
        let inner = self.inner.lock();
        let news = h.wrapping_sub(inner.acked) as usize;
        if news > inner.written {
            return Err(TooHigh { h, sent: inner.acked.wrapping_add(inner.written as u32) });
        }
        self.arrived(inner, news);
        Ok(())
    }

    /// This many more stanzas have arrived, for a transport with its own acknowledgements (XEP-0124 section
    /// 9).
    pub fn confirm(&self, stanzas: usize) {
        let inner = self.inner.lock();
        let news = stanzas.min(inner.written);
        self.arrived(inner, news);
    }

    fn arrived(&self, mut inner: MutexGuard<'_, Contents>, news: usize) {
        let mut receipts = Vec::new();
        for _ in 0..news {
            if let Some(item) = inner.items.pop_front() {
                inner.discount(&item, Was::Written);
                receipts.extend(item.receipt);
            }
        }
        inner.written -= news;
        inner.left += news as u64;
        inner.acked = inner.acked.wrapping_add(news as u32);
        if inner.items.is_empty() {
            inner.items = VecDeque::new();
        }
        drop(inner);
        self.space.notify_waiters();
        receipts.iter().for_each(|receipt| receipt.delivered());
    }

    /// After a resumption: unacknowledged stanzas are written again.
    pub fn rewind(&self) {
        self.inner.lock().rewind();
        self.wake.notify_one();
    }

    /// Asks the connection to end the stream with this error. The first error is kept.
    pub fn end(&self, error: StreamError) {
        self.inner.lock().ending.get_or_insert(error);
        self.wake.notify_one();
    }

    /// The stream error to end with, if the end was requested.
    pub fn ending(&self) -> Option<StreamError> {
        self.inner.lock().ending.clone()
    }

    /// Resolves when the session has ended.
    pub async fn closed(&self) {
        self.when(|| self.is_closed().then_some(())).await;
    }

    pub fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }

    /// Copies of the items that are `wanted`, each with a shared count of its holders.
    pub fn share(&self, wanted: fn(&Item) -> bool) -> Handover {
        let mut held = Handover::default();
        let mut inner = self.inner.lock();
        let copy = |item: &mut Item| {
            item.copies.get_or_insert_with(|| Arc::new(AtomicUsize::new(1)));
            item.clone()
        };
        held.ready.extend(inner.items.iter_mut().filter(|item| wanted(item)).map(copy));
        let deferred = inner.deferred.iter_mut().flat_map(|deferred| &mut deferred.items);
        held.deferred.extend(deferred.filter(|item| wanted(item)).map(copy));
        held
    }

    /// Calls `run` with each stanza, in order.
    pub fn each(&self, run: &mut dyn FnMut(&mut Item)) {
        let mut inner = self.inner.lock();
        inner.items.iter_mut().for_each(&mut *run);
        inner.deferred.iter_mut().flat_map(|deferred| &mut deferred.items).for_each(run);
    }

    /// Removes a stanza that has not been written; `false` if there is none.
    pub fn remove(&self, is_it: &dyn Fn(&Item) -> bool) -> bool {
        let removed = self.inner.lock().remove(is_it);
        self.space.notify_waiters();
        removed
    }

    /// Inserts what other sessions hold before the deferred stanzas, which are younger.
    pub fn take_over(&self, held: Handover) {
        self.inner.lock().take_over(held);
        self.wake.notify_one();
    }

    /// Closes the mailbox; returns what was neither acknowledged nor, without stream management, written.
    pub fn close(&self) -> Left {
        let mut inner = self.inner.lock();
        let unread = inner.deferred.is_some();
        inner.release();
        let items = std::mem::take(&mut inner.items);
        *inner = Contents { closed: true, ending: inner.ending.take(), ..Contents::default() };
        drop(inner);
        self.wake.notify_one();
        self.space.notify_waiters();
        Left { items, unread }
    }
}

#[cfg(test)]
mod tests;
