//! What the kernel knows of presence: a session's own, and broadcasts.

use std::sync::Arc;

use xmpp::{Jid, Stanza, StreamCondition, StreamError};

use crate::gate::{Flush, Next};
use crate::{Account, BoxFuture, Host, Item, Kernel, Notes, Origin, Packet, Session};

/// How long a flush of stored messages waits for its reader.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

impl Kernel {
    /// Takes a session's presence in; none is unavailable. What is told to whom is the presence module's matter.
    pub fn set_presence(&self, session: &Arc<Session>, presence: Option<Stanza>) {
        let state = session.account().state.lock(); // deliveries see it before or after, never in between
        session.set_presence(presence);
        drop(state);
    }

    /// Sends one stanza to many bare or full JIDs; the stanza is parsed and held once.
    pub async fn broadcast(self: &Arc<Self>, host: &Arc<Host>, stanza: &Stanza, recipients: Vec<Jid>) {
        let now = self.now_us();
        let template = Packet::new(stanza.clone(), Origin::Server, host.clone(), self.tables());
        for to in recipients {
            let mut packet = template.fork(stanza.clone().with_to(Some(to)));
            packet.notes = Notes { received_us: now, ..Notes::default() };
            self.route(packet).await;
        }
    }

    /// Reads stored messages back into an account's sessions, in chunks, while later stanzas for it queue
    /// behind. `read` is asked for the next chunk until it returns none. Runs as a task of its own, after a flush or a
    /// redelivery that is under way.
    pub fn flush<F>(self: &Arc<Self>, account: Arc<Account>, session: Arc<Session>, read: F)
    where
        F: FnMut() -> BoxFuture<'static, Vec<Item>> + Send + 'static,
    {
        let (kernel, of) = (self.clone(), account.clone());
        let flush: Flush =
            Box::new(move || Box::pin(async move { kernel.read_back(of, session, read).await }));
        {
            let mut state = account.state.lock();
            if !state.gate.shut() {
                return state.gate.flush_again(flush);
            }
        }
        let kernel = self.clone();
        self.runtime().tasks.spawn("flush", async move {
            flush().await;
            kernel.open_gate(&account).await;
        });
    }

    /// One flush, the gate being shut.
    async fn read_back<F>(self: Arc<Self>, account: Arc<Account>, session: Arc<Session>, mut read: F)
    where
        F: FnMut() -> BoxFuture<'static, Vec<Item>> + Send + 'static,
    {
        quiet(&account).await;
        loop {
            let items = read().await;
            if items.is_empty() {
                return;
            }
            for item in items {
                self.redeliver(&account, item).await;
            }
            if tokio::time::timeout(PATIENCE, session.mailbox.room()).await.is_err() {
                let error = StreamError::new(StreamCondition::ResourceConstraint).text("too slow a reader");
                return session.close(error);
            }
        }
    }

    /// Delivers what was stored, or left over by a session that ended, past the account's gate.
    pub(crate) async fn redeliver(self: &Arc<Self>, account: &Arc<Account>, item: Item) {
        let mut packet = Packet::new(item.stanza, Origin::Server, account.host().clone(), self.tables());
        packet.recipient = Some(account.clone());
        packet.received = true; // it passed the Receive stage when it first came
        packet.notes =
            Notes { received_us: item.received_us, receipt: item.receipt, leftover: true, keep_for: None };
        self.receive(packet, account.clone(), true).await;
    }

    /// Delivers what queued behind a flush, then opens the gate.
    pub(crate) async fn open_gate(self: &Arc<Self>, account: &Arc<Account>) {
        loop {
            let next = account.state.lock().gate.next();
            match next {
                Next::Flush(flush) => flush().await,
                Next::Packet(packet) => self.receive(*packet, account.clone(), true).await,
                Next::Open => return,
            }
        }
    }
}

/// Waits until no offline write of the account is in flight.
pub(crate) async fn quiet(account: &Account) {
    loop {
        let Some(notify) = account.state.lock().gate.writing() else { return };
        let mut ended = std::pin::pin!(notify.notified());
        ended.as_mut().enable();
        if account.state.lock().gate.writing().is_none() {
            return;
        }
        ended.await;
    }
}
