//! Reading stored messages back into one session, in chunks, as fast as its client reads.

use std::sync::Arc;
use std::time::Duration;

use crate::account::AccountState;
use crate::delivery::gate::quiet;
use crate::hooks::trail;
use crate::session::Session;
use crate::{Attachment, BoxFuture, Item, Kernel, Resource};

/// How long a client may leave no room for the next stored message.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause after stored messages could not be read.
const AGAIN: Duration = Duration::from_secs(1);

/// How often that may fail while new stanzas wait; then they are let through.
const HELD: u32 = 15;

/// While it lives, new stanzas for the session wait behind its stored messages; other sessions are not
/// affected. From [`SessionEvent::take_backlog`](crate::SessionEvent::take_backlog).
pub struct Backlog {
    session: Arc<Session>,
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.session.mailbox.release();
    }
}

/// Why reading stopped.
enum Stop {
    End,
    /// The store cannot be read for now.
    Failed,
    /// The session no longer takes messages.
    Unready,
    Closed,
}

impl Kernel {
    /// Reads stored messages back, as a task. `read` returns the next chunk, empty at the end, `None` if the store
    /// cannot be read for now: it is read when it can be. Its argument is `true` when it must start with the oldest.
    /// If the session ends meanwhile, another of the account gets the rest.
    pub fn read_back<F>(self: &Arc<Self>, backlog: Backlog, mut read: F)
    where
        F: FnMut(bool) -> BoxFuture<'static, Option<Vec<Item>>> + Send + 'static,
    {
        let kernel = self.clone();
        self.runtime().tasks.spawn("backlog", async move {
            let mut backlog = backlog;
            loop {
                match kernel.read_all(&backlog.session, &mut read).await {
                    Stop::End if backlog.session.mailbox.read_to_end() => return,
                    Stop::End => {}
                    // New stanzas flow meanwhile.
                    Stop::Failed => match kernel.later(backlog).await {
                        Some(later) => backlog = later,
                        None => return,
                    },
                    // It takes messages again meanwhile: start over.
                    Stop::Unready if !kernel.unready(&backlog.session) => {}
                    Stop::Unready => return,
                    Stop::Closed => match backlog.successor() {
                        Some(successor) => backlog = successor,
                        None => return,
                    },
                }
            }
        });
    }

    /// Called when the session no longer takes messages: what was deferred behind the stored ones is
    /// redelivered, and so stored after them. Returns `false` if the session takes messages again.
    fn unready(self: &Arc<Self>, session: &Arc<Session>) -> bool {
        let account = session.account();
        let mut state = account.state.lock();
        let Some(items) = session.mailbox.stop_reading() else { return false };
        let job = self.shut_for(session, &mut state, items);
        drop(state);
        if let Some(job) = job {
            self.run_gate(account, job);
        }
        true
    }

    /// Waits until the store can be read again: the backlog of a session that takes messages then.
    async fn later(&self, backlog: Backlog) -> Option<Backlog> {
        let account = backlog.session.account().clone();
        drop(backlog);
        tokio::select! {
            () = self.store().recovered() => {}
            () = self.runtime().tasks.drained_signal() => return None,
        }
        account.state.lock().successor()
    }

    async fn read_all<F>(&self, session: &Arc<Session>, read: &mut F) -> Stop
    where
        F: FnMut(bool) -> BoxFuture<'static, Option<Vec<Item>>>,
    {
        session.mailbox.reading();
        quiet(session.account()).await;
        let (mut from_start, mut failures) = (true, 0);
        loop {
            session.mailbox.attended().await;
            if session.mailbox.is_closed() {
                return Stop::Closed;
            }
            let Some(items) = read(std::mem::take(&mut from_start)).await else {
                failures += 1;
                if failures > HELD || session.mailbox.is_closed() {
                    return Stop::Failed;
                }
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            if items.is_empty() {
                return if session.mailbox.is_closed() { Stop::Closed } else { Stop::End };
            }
            for item in items {
                if !room(session).await {
                    // The connection is lost: what has been read and not passed on is another session's to read.
                    from_start = true;
                    break;
                }
                if self.is_denied(session.account(), &item.stanza) {
                    // Stored before the list denied it: dropped for good (XEP-0191 section 3.3).
                    self.counters().screened.inc(item.stanza.kind());
                    item.receipt.iter().for_each(|receipt| receipt.delivered());
                    continue;
                }
                let kind = item.stanza.kind();
                trail::read_back(session.id(), &item.stanza);
                if session.push(item).is_err() {
                    return Stop::Closed;
                }
                self.counters().delivered.inc(kind);
            }
            if !session.is_ready() {
                return Stop::Unready;
            }
        }
    }
}

impl Backlog {
    /// The session whose stored messages are read back.
    pub fn resource(&self) -> Resource {
        Resource::new(self.session.clone())
    }

    /// Called before the presence with which a session starts to take messages is set: new stanzas wait until
    /// the stored ones have been read back. `None` if a read-back is already running; it will start over.
    pub(crate) fn begin(session: &Arc<Session>) -> Option<Self> {
        session.mailbox.hold_back().then(|| Self { session: session.clone() })
    }

    /// The backlog that gets the rest; appointed under the account's lock when the session ended.
    fn successor(&self) -> Option<Self> {
        let _ended = self.session.account().state.lock();
        self.session.state.lock().successor.take()
    }
}

impl AccountState {
    /// A backlog for the session of the highest rank; `None` if no session takes messages, or if that one is
    /// already reading.
    pub fn successor(&self) -> Option<Backlog> {
        let top = self.sessions.iter().filter(|session| session.is_ready()).max_by_key(|s| s.rank())?;
        Backlog::begin(top)
    }
}

/// Waits until the session has room for a stored message; `false` if its connection is lost. A client that leaves none for
/// too long is disconnected.
async fn room(session: &Session) -> bool {
    let limits = &session.host().options().limits;
    loop {
        let before = session.attached_as();
        if let Ok(room) = tokio::time::timeout(PATIENCE, session.mailbox.room(limits)).await {
            return room;
        }
        if before.is_some() && before == session.attached_as() {
            session.too_slow();
        }
    }
}

impl Session {
    /// Epoch of the current attachment; `None` while detached.
    fn attached_as(&self) -> Option<u32> {
        let attached = self.attachment() == Attachment::Attached;
        attached.then(|| self.epoch.load(std::sync::atomic::Ordering::Acquire))
    }
}
