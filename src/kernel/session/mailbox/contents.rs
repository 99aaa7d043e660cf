//! What a mailbox holds, without its lock and its wakers.

use std::collections::VecDeque;

use xmpp::{Kind, Stanza, StreamError};

use super::charge::{Charge, Load, Loads};
use super::{Handover, PushError, Taken};
use crate::session::outlet::Release;
use crate::{DomainLimits, Item};

/// The number of shares in a mailbox: each known sender may use one, and all others together one.
const SHARES: usize = 4;
/// Multiple of the bounds that the server's own stanzas for the session may reach.
pub(super) const OWN: usize = 4;
/// Multiple of the bounds that the answers to one BOSH body may reach.
pub(super) const ANSWERS: usize = 16;
/// Stanzas and bytes that they may reach in any case: as many errors as a body has elements.
const REFUSALS: (usize, usize) = (20_000, 16 << 20);
/// How long the client of a full mailbox may take for the next stanza, in microseconds.
const PATIENCE_US: i64 = 10_000_000;

/// Stanzas in order, and their weights.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) items: VecDeque<Item>,
    /// Bytes of `items`.
    pub(super) bytes: usize,
    /// How many of `items` have been written.
    pub(super) written: usize,
    /// How many of `items`, at the end and unwritten, are held back until something urgent follows.
    pub(super) held: usize,
    /// Present while stored messages, which are older, are being read back.
    pub(super) deferred: Option<Box<Deferred>>,
    /// The loads that count against the bounds, over all items.
    pub(super) loads: Loads,
    /// Stanzas that have left: written, or acknowledged where that is known. It measures the client's
    /// progress.
    pub(super) left: u64,
    /// Set while the mailbox is full without progress: since when, and the value of `left` then.
    pub(super) stuck: Option<(i64, u64)>,
    /// Stanzas that the client has acknowledged (XEP-0198 `h`, modulo 2^32).
    pub(super) acked: u32,
    pub(super) managed: bool,
    /// Whether the client's requests come in bulk (BOSH): it cannot be left unread between two of them.
    pub(super) bulk: bool,
    pub(super) closed: bool,
    /// Whether no connection takes stanzas out.
    pub(super) unserved: bool,
    pub(super) ending: Option<StreamError>,
}

/// Stanzas that arrived while stored messages are being read back.
#[derive(Default)]
pub(super) struct Deferred {
    pub(super) items: VecDeque<Item>,
    /// Whether the store is being read: everything waits.
    pub(super) reading: bool,
    /// Whether it must be read again from the beginning.
    pub(super) again: bool,
}

impl Contents {
    /// Puts a stanza behind those that may be written; `true` if there is something to write.
    ///
    /// # Errors
    /// See [`PushError`].
    pub(super) fn push(
        &mut self,
        item: Item,
        release: Release,
        limits: &DomainLimits,
    ) -> Result<bool, PushError> {
        self.admit(&item, limits)?;
        self.count(&item);
        Ok(self.append(item, release))
    }

    /// As [`push`](Self::push), for stanzas that others sent: they wait behind stored messages that are being
    /// read back.
    ///
    /// # Errors
    /// See [`PushError`].
    pub(super) fn place(
        &mut self,
        item: Item,
        release: Release,
        limits: &DomainLimits,
    ) -> Result<bool, PushError> {
        self.admit(&item, limits)?;
        self.count(&item);
        match &mut self.deferred {
            Some(deferred) if deferred.keeps(&item) => {
                deferred.items.push_back(item);
                Ok(false)
            }
            _ => Ok(self.append(item, release)),
        }
    }

    fn count(&mut self, item: &Item) {
        if let Some(load) = self.loads.of(item.charge) {
            load.add(item.weight());
        }
    }

    /// A stanza has left whose state was `was`.
    pub(super) fn discount(&mut self, item: &Item, was: Was) {
        let weight = item.weight();
        self.bytes -= weight;
        let load = match was {
            Was::Waiting => self.loads.of(item.charge),
            Was::Written => self.loads.of_written(item.charge),
        };
        if let Some(load) = load {
            load.sub(weight);
        }
    }

    /// See [`Mailbox::remove`](super::Mailbox::remove).
    pub(super) fn remove(&mut self, is_it: &dyn Fn(&Item) -> bool) -> bool {
        let waiting = self.items.iter().enumerate().skip(self.written);
        if let Some(at) = waiting.into_iter().find(|(_, item)| is_it(item)).map(|(at, _)| at) {
            if at >= self.items.len() - self.held {
                self.held -= 1;
            }
            if let Some(item) = self.items.remove(at) {
                self.discount(&item, Was::Waiting);
            }
            return true;
        }
        let Some(deferred) = &mut self.deferred else { return false };
        let Some(at) = deferred.items.iter().position(is_it) else { return false };
        let item = deferred.items.remove(at);
        if let Some((load, item)) = item.as_ref().and_then(|item| Some((self.loads.of(item.charge)?, item))) {
            load.sub(item.weight());
        }
        true
    }

    /// See [`Mailbox::take_over`](super::Mailbox::take_over).
    pub(super) fn take_over(&mut self, held: Handover) {
        if self.closed {
            return;
        }
        for item in held.ready {
            self.append(item, Release::Now);
        }
        match &mut self.deferred {
            Some(deferred) => {
                for item in held.deferred.into_iter().rev() {
                    deferred.items.push_front(item);
                }
            }
            None => held.deferred.into_iter().for_each(|item| _ = self.append(item, Release::Now)),
        }
    }

    /// Appends a stanza; `true` if there is something to write.
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

    /// Drops held-back stanzas that the new one supersedes. One with a receipt stays: its fate must be
    /// reported.
    fn supersede(&mut self, same: &dyn Fn(&Stanza) -> bool) {
        let first = self.items.len() - self.held;
        let found = (first..self.items.len())
            .find(|at| self.items.get(*at).is_some_and(|item| item.receipt.is_none() && same(&item.stanza)));
        if let Some(item) = found.and_then(|at| self.items.remove(at)) {
            self.discount(&item, Was::Waiting);
            self.held -= 1;
        }
    }

    /// Whether there is room for a stanza. One larger than the mailbox fits an empty one: only what waits
    /// already counts against a bound.
    ///
    /// # Errors
    /// See [`PushError`].
    pub(super) fn admit(&self, item: &Item, limits: &DomainLimits) -> Result<(), PushError> {
        if self.closed {
            return Err(PushError::Closed);
        }
        let (stanzas, bytes) = (limits.mailbox_stanzas.bound(), limits.mailbox_bytes.bound());
        let times = |factor: usize| (stanzas.saturating_mul(factor), bytes.saturating_mul(factor));
        let (own, share) = (times(OWN), (stanzas / SHARES, bytes / SHARES));
        let answers = times(ANSWERS);
        let answers = (answers.0.max(REFUSALS.0), answers.1.max(REFUSALS.1));
        match item.charge {
            // The client is read no further, and its requests wait, while many of these do.
            Charge::Answer | Charge::Presence if !self.bulk => Ok(()),
            Charge::Push if self.loads.pushes.reaches(own.0, own.1) => Err(PushError::Full),
            Charge::Answer | Charge::Presence if self.loads.answers.reaches(answers.0, answers.1) => {
                Err(PushError::Full)
            }
            Charge::Paced | Charge::Answer | Charge::Presence | Charge::Push => Ok(()),
            Charge::Known | Charge::Stranger if self.loads.sent().reaches(stanzas, bytes) => {
                Err(PushError::Full)
            }
            Charge::Stranger if self.loads.strangers.reaches(share.0, share.1) => {
                Err(PushError::Crowded { stuck: false })
            }
            // While all together are below one share, no sender exceeds it: no need to count per sender.
            Charge::Known if self.loads.known.reaches(share.0, share.1) => {
                match self.sent_like(item).reaches(share.0, share.1) {
                    true => Err(PushError::Crowded { stuck: false }),
                    false => Ok(()),
                }
            }
            Charge::Known | Charge::Stranger => Ok(()),
        }
    }

    /// The load of the same sender.
    fn sent_like(&self, item: &Item) -> Load {
        let deferred = self.deferred.iter().flat_map(|deferred| &deferred.items);
        let mut load = Load::default();
        for other in self.items.iter().chain(deferred).filter(|other| other.charge == Charge::Known) {
            if same_sender(item, other) {
                load.add(other.weight());
            }
        }
        load
    }

    /// The mailbox is full at this time (monotonic, microseconds): whether its client has made no progress for too
    /// long.
    pub(super) fn is_stuck(&mut self, now_us: i64) -> bool {
        match self.stuck {
            Some((since_us, left)) if left == self.left => now_us.saturating_sub(since_us) >= PATIENCE_US,
            _ => {
                self.stuck = Some((now_us, self.left));
                false
            }
        }
    }

    /// The next stanza to write.
    pub(super) fn next(&mut self) -> Option<Taken> {
        if self.managed {
            let item =
                self.items.get(self.written).filter(|_| self.written + self.held < self.items.len())?;
            let (taken, charge, weight) = ((item.stanza.clone(), None), item.charge, item.weight());
            self.written += 1;
            if charge.is_answer() {
                self.loads.answers.sub(weight);
                self.loads.unacknowledged.add(weight);
            }
            return Some(taken);
        }
        if self.items.len() <= self.held {
            return None;
        }
        let item = self.items.pop_front()?;
        self.left += 1;
        self.discount(&item, Was::Waiting);
        Some((item.stanza, item.receipt))
    }

    /// Unacknowledged stanzas must be written again.
    pub(super) fn rewind(&mut self) {
        for item in self.items.iter().take(self.written).filter(|item| item.charge.is_answer()) {
            self.loads.unacknowledged.sub(item.weight());
            self.loads.answers.add(item.weight());
        }
        self.written = 0;
    }

    /// See [`Mailbox::stop_reading`](super::Mailbox::stop_reading).
    pub(super) fn stop_reading(&mut self) -> Option<VecDeque<Item>> {
        if self.deferred.as_mut().is_some_and(|deferred| std::mem::take(&mut deferred.again)) {
            return None;
        }
        let messages = self.take_deferred_messages();
        self.release();
        Some(messages)
    }

    /// See [`Mailbox::take_deferred_messages`](super::Mailbox::take_deferred_messages).
    pub(super) fn take_deferred_messages(&mut self) -> VecDeque<Item> {
        let Some(deferred) = &mut self.deferred else { return VecDeque::new() };
        let is_message = |item: &Item| !item.alone && item.stanza.kind() == Kind::Message;
        let (messages, rest) = std::mem::take(&mut deferred.items).into_iter().partition(is_message);
        deferred.items = rest;
        let messages: VecDeque<Item> = messages;
        for item in &messages {
            if let Some(load) = self.loads.of(item.charge) {
                load.sub(item.weight());
            }
        }
        messages
    }

    /// Releases the deferred stanzas.
    pub(super) fn release(&mut self) {
        for item in self.deferred.take().map(|deferred| deferred.items).unwrap_or_default() {
            self.append(item, Release::Now);
        }
    }
}

/// Whether a stanza that leaves had been written.
#[derive(Clone, Copy)]
pub(super) enum Was {
    Waiting,
    Written,
}

fn same_sender(one: &Item, other: &Item) -> bool {
    match (one.stanza.from(), other.stanza.from()) {
        (Some(one), Some(other)) => one.same_bare(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Deferred {
    /// Before the store is read, only messages wait, and what their senders send after them. What manages a
    /// subscription never waits: it precedes the roster push (RFC 6121 section 3.1.6), which waits for nothing.
    fn keeps(&self, item: &Item) -> bool {
        if item.stanza.stanza_type().manages_subscription() {
            return false;
        }
        let message = item.stanza.kind() == Kind::Message;
        self.reading || message || self.items.iter().any(|other| same_sender(item, other))
    }
}
