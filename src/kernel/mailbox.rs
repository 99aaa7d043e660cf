//! What waits for one session: a short locked deque and a notify, bounded in stanzas and bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use xmpp::{Stanza, StreamError};

use crate::Limits;
use crate::limits::bound;

/// What may still wait when the next stored message follows.
const BULK_STANZAS: usize = 50;
const BULK_BYTES: usize = 64 << 10;

/// Told what became of a stanza that lies in a store as well.
pub trait Receipt: Send + Sync {
    /// It has been written to the client, or acknowledged by it where stream management is on.
    fn delivered(&self);
    /// It was not delivered; the store still holds it.
    fn returned(&self);
}

/// A stanza that waits for a session, or for its client's acknowledgement.
#[derive(Clone)]
pub struct Item {
    /// The stanza, addressed as it will be written.
    pub stanza: Stanza,
    /// When it first reached this server, UTC microseconds.
    pub received_us: i64,
    /// Set when the stanza lies in a store too.
    pub receipt: Option<Arc<dyn Receipt>>,
    /// It carries this domain's own delay stamp already (XEP-0203).
    pub stamped: bool,
    /// Several sessions got the stanza: how many still have it, or have had it.
    pub(crate) copies: Option<Arc<AtomicUsize>>,
}

impl Item {
    /// A stanza for one session, not stored.
    pub fn new(stanza: Stanza, received_us: i64) -> Self {
        Self { stanza, received_us, receipt: None, stamped: false, copies: None }
    }

    /// A stanza that was read back from a store, stamped; `receipt` is told what becomes of it.
    pub fn stored(stanza: Stanza, received_us: i64, receipt: Arc<dyn Receipt>) -> Self {
        Self { receipt: Some(receipt), stamped: true, ..Self::new(stanza, received_us) }
    }

    /// Its session has ended without it. Has another session the stanza as well?
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.copies.as_ref().is_some_and(|copies| copies.fetch_sub(1, Ordering::AcqRel) > 1)
    }
}

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
/// those not yet written.
#[derive(Default)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wake: Notify,
    space: Notify,
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    /// How many of `items` have been written.
    written: usize,
    bytes: usize,
    /// Stanzas that the client has acknowledged (XEP-0198 `h`, modulo 2^32).
    acked: u32,
    managed: bool,
    closed: bool,
    ending: Option<StreamError>,
}

/// A stanza's weight in the byte bound: its text and what holding it costs.
fn weight(item: &Item) -> usize {
    item.stanza.size() + size_of::<Item>()
}

impl Mailbox {
    /// Puts a stanza behind the others and wakes the writer.
    pub fn push(&self, item: Item, limits: &Limits) -> Result<(), PushError> {
        let mut inner = self.inner.lock();
        if inner.closed {
            return Err(PushError::Closed);
        }
        let weight = weight(&item);
        // What another session of the account left over was bounded there: it makes no slow reader of this one.
        let left_over = item.stamped && item.receipt.is_none();
        let full = inner.items.len() >= bound(limits.mailbox_stanzas)
            || inner.bytes.saturating_add(weight) > bound(limits.mailbox_bytes);
        if full && !left_over {
            return Err(PushError::Full);
        }
        inner.bytes += weight;
        inner.items.push_back(item);
        drop(inner);
        self.wake.notify_one();
        Ok(())
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
                inner.bytes -= weight(&item);
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

    /// Stanzas and bytes held.
    pub fn load(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.items.len(), inner.bytes)
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
        let mut receipts = Vec::new();
        let mut inner = self.inner.lock();
        let news = h.wrapping_sub(inner.acked) as usize;
        if news > inner.written {
            return Err(TooHigh { h, sent: inner.acked.wrapping_add(inner.written as u32) });
        }
        for _ in 0..news {
            if let Some(item) = inner.items.pop_front() {
                inner.bytes -= weight(&item);
                receipts.extend(item.receipt);
            }
        }
        inner.written -= news;
        inner.acked = h;
        if inner.items.is_empty() {
            inner.items = VecDeque::new();
        }
        drop(inner);
        self.space.notify_waiters();
        receipts.iter().for_each(|receipt| receipt.delivered());
        Ok(())
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

    /// Takes no more; gives back what was neither acknowledged nor, without stream management, written.
    pub(crate) fn close(&self) -> VecDeque<Item> {
        let mut inner = self.inner.lock();
        inner.closed = true;
        inner.written = 0;
        inner.bytes = 0;
        let items = std::mem::take(&mut inner.items);
        drop(inner);
        self.wake.notify_one();
        self.space.notify_waiters();
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told(AtomicUsize);

    impl Receipt for Told {
        fn delivered(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn returned(&self) {}
    }

    fn item(n: usize) -> Item {
        let stanza = Stanza::parse_str(&format!("<message id='{n}'><body>x</body></message>")).unwrap();
        Item::new(stanza, 0)
    }

    fn ids(mailbox: &Mailbox, room: usize) -> Vec<String> {
        let mut ids = Vec::new();
        mailbox.take(room, |stanza| {
            ids.push(stanza.id().unwrap().to_owned());
            ids.len() * 10
        });
        ids
    }

    #[test]
    fn written_is_gone_without_stream_management() {
        let mailbox = Mailbox::default();
        (0..5).for_each(|n| mailbox.push(item(n), &Limits::default()).unwrap());
        assert_eq!(ids(&mailbox, 30), ["0", "1", "2"]);
        assert_eq!(ids(&mailbox, 1000), ["3", "4"]);
        assert_eq!(mailbox.load(), (0, 0));
        assert!(mailbox.close().is_empty());
        assert_eq!(mailbox.push(item(9), &Limits::default()), Err(PushError::Closed));
    }

    #[test]
    fn written_stays_until_acknowledged() {
        let mailbox = Mailbox::default();
        mailbox.manage();
        (0..5).for_each(|n| mailbox.push(item(n), &Limits::default()).unwrap());
        assert_eq!(ids(&mailbox, 30), ["0", "1", "2"]);
        assert_eq!(mailbox.acknowledge(4), Err(TooHigh { h: 4, sent: 3 }));
        assert_eq!(mailbox.acknowledge(2), Ok(()));
        assert_eq!(mailbox.unacknowledged(), 1);
        mailbox.rewind();
        assert_eq!(ids(&mailbox, 1000), ["2", "3", "4"]);
        assert_eq!(mailbox.acknowledge(2), Ok(()), "the same again is nothing new");
        assert_eq!(mailbox.close().len(), 3);
    }

    #[test]
    fn h_wraps_around() {
        let mailbox = Mailbox::default();
        mailbox.manage();
        mailbox.inner.lock().acked = u32::MAX;
        (0..2).for_each(|n| mailbox.push(item(n), &Limits::default()).unwrap());
        ids(&mailbox, 1000);
        assert_eq!(mailbox.acknowledge(1), Ok(()));
        assert_eq!(mailbox.load(), (0, 0));
    }

    #[test]
    fn bounded_in_stanzas_and_bytes() {
        let few = Limits { mailbox_stanzas: 2, ..Limits::default() };
        let mailbox = Mailbox::default();
        (0..2).for_each(|n| mailbox.push(item(n), &few).unwrap());
        assert_eq!(mailbox.push(item(2), &few), Err(PushError::Full));
        let small = Limits { mailbox_bytes: 10, ..Limits::default() };
        assert_eq!(Mailbox::default().push(item(0), &small), Err(PushError::Full));
    }

    #[test]
    fn a_receipt_is_told_when_it_is_acknowledged() {
        let told = Arc::new(Told::default());
        let mailbox = Mailbox::default();
        mailbox.manage();
        let item = Item { receipt: Some(told.clone()), ..item(0) };
        mailbox.push(item, &Limits::default()).unwrap();
        ids(&mailbox, 1000);
        assert_eq!(told.0.load(Ordering::Relaxed), 0);
        assert_eq!(mailbox.acknowledge(1), Ok(()));
        assert_eq!(told.0.load(Ordering::Relaxed), 1);
    }
}
