//! What a mailbox holds, without its lock and without anybody who waits for it.

use std::collections::VecDeque;

use xmpp::{Kind, Stanza, StreamError};

use super::{PushError, Taken};
use crate::session::outlet::Release;
use crate::{Item, Limits};

/// Stanzas in their order, and what they weigh.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) items: VecDeque<Item>,
    /// Bytes of `items`.
    pub(super) bytes: usize,
    /// How many of `items` have been written.
    pub(super) written: usize,
    /// How many of `items`, at the end and not written, are held back until something urgent follows.
    pub(super) held: usize,
    /// Present while stored messages are being read back, which are older.
    pub(super) behind: Option<Box<Behind>>,
    /// What counts against the bounds, of all.
    pub(super) counted: Load,
    /// Stanzas that the client has acknowledged (XEP-0198 `h`, modulo 2^32).
    pub(super) acked: u32,
    pub(super) managed: bool,
    pub(super) closed: bool,
    pub(super) ending: Option<StreamError>,
}

/// What came while stored messages are being read back.
#[derive(Default)]
pub(super) struct Behind {
    pub(super) items: VecDeque<Item>,
    /// The store is being read: everything waits. Before that only messages do, and what comes after one.
    pub(super) reading: bool,
    /// To be read once more from its beginning.
    pub(super) again: bool,
}

#[derive(Default)]
pub(super) struct Load {
    pub(super) stanzas: usize,
    pub(super) bytes: usize,
}

impl Contents {
    /// Puts a stanza behind those that may be written; true when there is something to write.
    ///
    /// # Errors
    /// See [`PushError`].
    pub(super) fn push(&mut self, item: Item, release: Release, limits: &Limits) -> Result<bool, PushError> {
        self.admit(&item, limits)?;
        Ok(self.append(item, release))
    }

    /// The same for what somebody sent to the session: it waits behind stored messages that are being read back.
    ///
    /// # Errors
    /// See [`PushError`].
    pub(super) fn place(&mut self, item: Item, release: Release, limits: &Limits) -> Result<bool, PushError> {
        self.admit(&item, limits)?;
        match &mut self.behind {
            Some(behind) if behind.keeps(&item) => {
                behind.items.push_back(item);
                Ok(false)
            }
            _ => Ok(self.append(item, release)),
        }
    }

    fn count(&mut self, item: &Item) {
        if item.counts() {
            self.counted.stanzas += 1;
            self.counted.bytes += item.weight();
        }
    }

    /// A stanza has left.
    pub(super) fn discount(&mut self, item: &Item) {
        self.bytes -= item.weight();
        if item.counts() {
            self.counted.stanzas -= 1;
            self.counted.bytes -= item.weight();
        }
    }

    /// Puts it at the end; true when there is something to write.
    fn append(&mut self, item: Item, release: Release) -> bool {
        if let Release::Latest(same) = &release {
            self.supersede(&**same);
        }
        self.bytes += item.weight();
        self.items.push_back(item);
        match release {
            Release::Now => self.held = 0, // what was held back is older and goes first
            Release::Hold | Release::Latest(_) => self.held += 1,
        }
        self.held == 0
    }

    /// Drops what is held back and superseded by what comes now. What has a receipt stays: somebody waits for its fate.
    fn supersede(&mut self, same: &dyn Fn(&Stanza) -> bool) {
        let first = self.items.len() - self.held;
        let found = (first..self.items.len())
            .find(|at| self.items.get(*at).is_some_and(|item| item.receipt.is_none() && same(&item.stanza)));
        if let Some(item) = found.and_then(|at| self.items.remove(at)) {
            self.discount(&item);
            self.held -= 1;
        }
    }

    /// Counts a stanza in, unless a bound is reached.
    fn admit(&mut self, item: &Item, limits: &Limits) -> Result<(), PushError> {
        if self.closed {
            return Err(PushError::Closed);
        }
        let full = self.counted.stanzas >= limits.mailbox_stanzas.bound()
            || self.counted.bytes.saturating_add(item.weight()) > limits.mailbox_bytes.bound();
        if full && item.counts() {
            return Err(PushError::Full);
        }
        self.count(item);
        Ok(())
    }

    /// The next stanza to write.
    pub(super) fn next(&mut self) -> Option<Taken> {
        if self.managed {
            let item =
                self.items.get(self.written).filter(|_| self.written + self.held < self.items.len())?;
            self.written += 1;
            return Some((item.stanza.clone(), None));
        }
        if self.items.len() <= self.held {
            return None;
        }
        let item = self.items.pop_front()?;
        self.discount(&item);
        Some((item.stanza, item.receipt))
    }

    /// Nothing waits behind stored messages any more.
    pub(super) fn release(&mut self) {
        for item in self.behind.take().map(|behind| behind.items).unwrap_or_default() {
            self.append(item, Release::Now);
        }
    }
}

impl Behind {
    fn keeps(&self, item: &Item) -> bool {
        self.reading || item.stanza.kind() == Kind::Message || !self.items.is_empty()
    }
}
