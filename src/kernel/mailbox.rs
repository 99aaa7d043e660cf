//! What waits for one session: a short locked deque and a notify, bounded in stanzas and bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use xmpp::{Kind, Stanza, StreamError};

use crate::limits::bound;
use crate::{Item, Limits, Receipt};

/// What may still wait when the next stored message follows.
const BULK_STANZAS: usize = 50;
const BULK_BYTES: usize = 64 << 10;

/// Why a stanza was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PushError {
    /// The reader is too slow: a bound is reached.
    Full,
    /// The session has ended.
    Closed,
}

/// A client claims to have handled more stanzas than were sent to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooHigh {
    /// What it claims.
    pub h: u32,
    /// What was sent, modulo 2^32.
    pub sent: u32,
}

/// What the writer got of a mailbox.
#[derive(Default)]
pub struct Batch {
    /// Stanzas written.
    pub stanzas: usize,
    /// To be told once the bytes have left; empty where stream management counts.
    pub receipts: Vec<Arc<dyn Receipt>>,
}

/// Stanzas for one session in order: first those written but not acknowledged (with stream management), then
/// those not yet written, then those that wait behind stored messages that are still to be read back.
#[derive(Default)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wake: Notify,
    space: Notify,
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    /// Bytes of `items`.
    bytes: usize,
    /// How many of `items` have been written.
    written: usize,
    /// Present while stored messages are being read back, which are older.
    behind: Option<Box<Behind>>,
    /// What counts against the bounds, of all.
    counted: Load,
    /// Stanzas that the client has acknowledged (XEP-0198 `h`, modulo 2^32).
    acked: u32,
    managed: bool,
    closed: bool,
    ending: Option<StreamError>,
}

/// What came while stored messages are being read back.
#[derive(Default)]
struct Behind {
    items: VecDeque<Item>,
    /// The store is being read: everything waits. Before that only messages do, and what comes after one.
    reading: bool,
    /// To be read once more from its beginning.
    again: bool,
}

#[derive(Default)]
struct Load {
    stanzas: usize,
    bytes: usize,
}

/// What a mailbox held when it was closed.
#[derive(Default)]
pub(crate) struct Left {
    /// Neither acknowledged nor, without stream management, written.
    pub items: VecDeque<Item>,
    /// Stored messages were still being read back.
    pub unread: bool,
}

impl Inner {
    fn count(&mut self, item: &Item) {
        if item.counts() {
            self.counted.stanzas += 1;
            self.counted.bytes += item.weight();
        }
    }

    fn discount(&mut self, item: &Item) {
        self.bytes -= item.weight();
        if item.counts() {
            self.counted.stanzas -= 1;
            self.counted.bytes -= item.weight();
        }
    }

    fn append(&mut self, item: Item) {
        self.bytes += item.weight();
        self.items.push_back(item);
    }

    fn check(&self, item: &Item, limits: &Limits) -> Result<(), PushError> {
        if self.closed {
            return Err(PushError::Closed);
        }
        let full = self.counted.stanzas >= bound(limits.mailbox_stanzas)
            || self.counted.bytes.saturating_add(item.weight()) > bound(limits.mailbox_bytes);
        if full && item.counts() { Err(PushError::Full) } else { Ok(()) }
    }

    fn release(&mut self) {
        for item in self.behind.take().map(|behind| behind.items).unwrap_or_default() {
            self.append(item);
        }
    }
}

impl Mailbox {
    /// Puts a stanza behind those that may be written and wakes the writer.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push(&self, item: Item, limits: &Limits) -> Result<(), PushError> {
        let mut inner = self.inner.lock();
        inner.check(&item, limits)?;
        inner.count(&item);
        inner.append(item);
        drop(inner);
        self.wake.notify_one();
        Ok(())
    }

    /// The same for what somebody sent to the session: while stored messages are being read back, it waits behind them.
    pub(crate) fn place(&self, item: Item, limits: &Limits) -> Result<(), PushError> {
        let mut inner = self.inner.lock();
        inner.check(&item, limits)?;
        inner.count(&item);
        match &mut inner.behind {
            Some(behind) if behind.keeps(&item) => behind.items.push_back(item),
            _ => inner.append(item),
        }
        drop(inner);
        self.wake.notify_one();
        Ok(())
    }

    /// From now on what is placed waits behind stored messages. False when that is so already: they will be read once
    /// more.
    pub(crate) fn hold_back(&self) -> bool {
        match &mut self.inner.lock().behind {
            Some(behind) => {
                behind.again = true;
                false
            }
            none => {
                *none = Some(Box::default());
                true
            }
        }
    }

    /// The store is being read from now on.
    pub(crate) fn reading(&self) {
        if let Some(behind) = &mut self.inner.lock().behind {
            behind.reading = true;
        }
    }

    /// Everything stored has been read. True when what waited behind it follows now; false when it is to be read once
    /// more.
    pub(crate) fn read_to_end(&self) -> bool {
        let mut inner = self.inner.lock();
        if inner.behind.as_mut().is_some_and(|behind| std::mem::take(&mut behind.again)) {
            return false;
        }
        inner.release();
        drop(inner);
        self.wake.notify_one();
        true
    }

    /// Nothing waits behind stored messages any more.
    pub(crate) fn release(&self) {
        self.inner.lock().release();
        self.wake.notify_one();
    }

    /// Hands what waits to `write`, in order, until `write` says that enough bytes (`room`) lie ready; one stanza at
    /// least. With stream management the stanzas stay until they are acknowledged.
    pub fn take(&self, room: usize, mut write: impl FnMut(&Stanza) -> usize) -> Batch {
        let mut batch = Batch::default();
        let mut inner = self.inner.lock();
        let mut ready = 0;
        while ready < room {
            if inner.managed {
                let Some(item) = inner.items.get(inner.written) else { break };
                ready = write(&item.stanza);
                inner.written += 1;
            } else {
                let Some(item) = inner.items.pop_front() else { break };
                inner.discount(&item);
                ready = write(&item.stanza);
                batch.receipts.extend(item.receipt);
            }
            batch.stanzas += 1;
        }
        if inner.items.is_empty() {
            inner.items = VecDeque::new(); // an idle mailbox holds no memory
        }
        drop(inner);
        self.space.notify_waiters();
        batch
    }

    /// Resolves when little enough waits that a stored message may follow, or the mailbox is closed.
    pub async fn room(&self, limits: &Limits) {
        let largest = bound(limits.stanza_bytes).saturating_mul(2); // with its stamp, and what holding it costs
        let bytes = BULK_BYTES.min(bound(limits.mailbox_bytes).saturating_sub(largest));
        let stanzas = BULK_STANZAS.min(bound(limits.mailbox_stanzas).saturating_sub(1));
        loop {
            let mut space = std::pin::pin!(self.space.notified());
            space.as_mut().enable();
            let idle = {
                let inner = self.inner.lock();
                inner.closed || (inner.items.len() <= stanzas && inner.bytes <= bytes)
            };
            if idle {
                return;
            }
            space.await;
        }
    }

    /// Resolves when there may be something to write, or the session is to end.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Wakes whoever waits on [`Mailbox::woken`].
    pub(crate) fn nudge(&self) {
        self.wake.notify_one();
    }

    /// Stanzas written but not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.inner.lock().written
    }

    /// Stanzas held.
    #[cfg(test)]
    fn held(&self) -> usize {
        let inner = self.inner.lock();
        inner.items.len() + inner.behind.as_ref().map_or(0, |behind| behind.items.len())
    }

    /// From now on what is written is kept until it is acknowledged (XEP-0198 section 4).
    pub fn manage(&self) {
        self.inner.lock().managed = true;
    }

    /// The client has handled stanzas up to `h` (XEP-0198 section 4).
    ///
    /// # Errors
    /// It claims more than was written.
    pub fn acknowledge(&self, h: u32) -> Result<(), TooHigh> {
        let inner = self.inner.lock();
        let news = h.wrapping_sub(inner.acked) as usize;
        if news > inner.written {
            return Err(TooHigh { h, sent: inner.acked.wrapping_add(inner.written as u32) });
        }
        self.arrived(inner, news);
        Ok(())
    }

    /// So many more stanzas have arrived, as a transport shows that keeps count itself (XEP-0124 section 9).
    pub fn confirm(&self, stanzas: usize) {
        let inner = self.inner.lock();
        let news = stanzas.min(inner.written);
        self.arrived(inner, news);
    }

    fn arrived(&self, mut inner: MutexGuard<'_, Inner>, news: usize) {
        let mut receipts = Vec::new();
        for _ in 0..news {
            if let Some(item) = inner.items.pop_front() {
                inner.discount(&item);
                receipts.extend(item.receipt);
            }
        }
        inner.written -= news;
        inner.acked = inner.acked.wrapping_add(news as u32);
        if inner.items.is_empty() {
            inner.items = VecDeque::new();
        }
        drop(inner);
        self.space.notify_waiters();
        receipts.iter().for_each(|receipt| receipt.delivered());
    }

    /// After a resumption: what was not acknowledged is written again.
    pub fn rewind(&self) {
        self.inner.lock().written = 0;
        self.wake.notify_one();
    }

    /// Asks the connection to end the stream with this error. The first reason stays.
    pub(crate) fn end(&self, error: StreamError) {
        self.inner.lock().ending.get_or_insert(error);
        self.wake.notify_one();
    }

    /// The stream error to end with, when somebody asked for the end.
    pub fn ending(&self) -> Option<StreamError> {
        self.inner.lock().ending.clone()
    }

    /// Has the session ended?
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }

    /// Takes no more; gives back what was neither acknowledged nor, without stream management, written.
    pub(crate) fn close(&self) -> Left {
        let mut inner = self.inner.lock();
        let unread = inner.behind.is_some();
        inner.release();
        let items = std::mem::take(&mut inner.items);
        *inner = Inner { closed: true, ending: inner.ending.take(), ..Inner::default() };
        drop(inner);
        self.wake.notify_one();
        self.space.notify_waiters();
        Left { items, unread }
    }
}

impl Behind {
    fn keeps(&self, item: &Item) -> bool {
        self.reading || item.stanza.kind() == Kind::Message || !self.items.is_empty()
    }
}

#[cfg(test)]
mod tests;
