//! Stored messages that are read back into one session, in chunks, as fast as its client reads.

use std::sync::Arc;
use std::time::Duration;

use crate::account::State;
use crate::delivery::gate::quiet;
use crate::session::Session;
use crate::{Attachment, BoxFuture, Item, Kernel, Resource};

/// How long a client may leave no room for the next stored message.
const PATIENCE: Duration = Duration::from_secs(30);

/// While it lives, what is sent to the session waits behind its stored messages; nobody else waits for anything. From
/// [`SessionEvent::take_backlog`](crate::SessionEvent::take_backlog).
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
    /// Nothing more is stored.
    End,
    /// The session does not take messages any more.
    Unready,
    /// The session has ended.
    Closed,
}

impl Kernel {
    /// Reads stored messages back, as a task. `read` gives the next chunk, none at the end; `true` asks it to begin with
    /// the oldest. If the session ends meanwhile, another of the account gets the rest.
    pub fn read_back<F>(self: &Arc<Self>, backlog: Backlog, mut read: F)
    where
        F: FnMut(bool) -> BoxFuture<'static, Vec<Item>> + Send + 'static,
    {
        let kernel = self.clone();
        self.runtime().tasks.spawn("backlog", async move {
            let mut backlog = backlog;
            loop {
                match kernel.read_all(&backlog.session, &mut read).await {
                    Stop::End if backlog.session.mailbox.read_to_end() => return,
                    Stop::End => {}
                    // It has become ready again meanwhile: from the beginning.
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

    /// The session takes no messages any more: those that wait behind what is still stored go where it is, behind it. False
    /// when the session is ready again.
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

    async fn read_all<F>(&self, session: &Arc<Session>, read: &mut F) -> Stop
    where
        F: FnMut(bool) -> BoxFuture<'static, Vec<Item>>,
    {
        session.mailbox.reading();
        quiet(session.account()).await;
        let mut from_start = true;
        loop {
            let items = read(std::mem::take(&mut from_start)).await;
            if items.is_empty() {
                return if session.mailbox.is_closed() { Stop::Closed } else { Stop::End };
            }
            for item in items {
                room(session).await;
                if self.is_denied(session.account(), &item.stanza) {
                    // Stored before the list denied it: nobody gets it, and it is not kept (XEP-0191 section 3.3).
                    self.counters().screened.inc();
                    item.receipt.iter().for_each(|receipt| receipt.delivered());
                    continue;
                }
                if session.push(item).is_err() {
                    return Stop::Closed;
                }
                self.counters().delivered.inc();
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

    /// A session is about to take messages: what is sent to it from now on waits until the stored ones have been read
    /// back. To be called before its presence is set. `None` when they are being read back already: that starts over.
    pub(crate) fn begin(session: &Arc<Session>) -> Option<Self> {
        session.mailbox.hold_back().then(|| Self { session: session.clone() })
    }

    /// Who gets the rest; appointed under the account's lock when the session ended.
    fn successor(&self) -> Option<Self> {
        let _ended = self.session.account().state.lock();
        self.session.state.lock().successor.take()
    }
}

impl State {
    /// For the session that takes messages before the others; none when there is none, or it reads already.
    pub fn successor(&self) -> Option<Backlog> {
        let top = self.sessions.iter().filter(|session| session.is_ready()).max_by_key(|s| s.rank())?;
        Backlog::begin(top)
    }
}

/// Waits until the session has room for a stored message. A client that leaves none for too long is closed; one that is
/// away and may resume its session is waited for.
async fn room(session: &Session) {
    let limits = &session.host().options().limits;
    loop {
        let before = session.attached_as();
        if tokio::time::timeout(PATIENCE, session.mailbox.room(limits)).await.is_ok() {
            return;
        }
        if before.is_some() && before == session.attached_as() {
            session.too_slow();
        }
    }
}

impl Session {
    /// The number of the attachment that serves it; none when none does.
    fn attached_as(&self) -> Option<u32> {
        let attached = self.attachment() == Attachment::Attached;
        attached.then(|| self.epoch.load(std::sync::atomic::Ordering::Acquire))
    }
}
