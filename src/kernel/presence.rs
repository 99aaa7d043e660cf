//! What the kernel knows of presence: a session's own, and broadcasts.

use std::sync::Arc;

use xmpp::{Jid, Stanza, StreamCondition, StreamError};

use crate::gate::{Job, Next};
use crate::{Account, Attachment, BoxFuture, Host, Item, Kernel, Notes, Origin, Packet, Session};

/// How long what is read back, or queued behind that, waits for a reader.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// While it lives, messages for the account queue. From [`Kernel::hold_messages`].
pub struct HeldMessages {
    kernel: Arc<Kernel>,
    account: Arc<Account>,
}

impl Drop for HeldMessages {
    fn drop(&mut self) {
        let run = self.account.state.lock().gate.release();
        if run && tokio::runtime::Handle::try_current().is_ok() {
            self.kernel.run_gate(&self.account, None);
        }
    }
}

impl Kernel {
    /// Takes a session's presence in; none is unavailable. What is told to whom is the presence module's matter.
    pub fn set_presence(&self, session: &Arc<Session>, presence: Option<Stanza>) {
        let state = session.account().state.lock(); // deliveries see it before or after, never in between
        session.set_presence(presence);
        drop(state);
    }

    /// A session of the account is about to take messages, and has stored ones to be read back first: until the guard is
    /// dropped, new messages queue. It is taken before the session's presence is set, and dropped after its flush was
    /// asked for.
    pub fn hold_messages(self: &Arc<Self>, account: &Arc<Account>) -> HeldMessages {
        account.state.lock().gate.hold();
        HeldMessages { kernel: self.clone(), account: account.clone() }
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
    pub fn flush<F>(self: &Arc<Self>, account: Arc<Account>, mut read: F)
    where
        F: FnMut() -> BoxFuture<'static, Vec<Item>> + Send + 'static,
    {
        let (kernel, of) = (self.clone(), account.clone());
        let job: Job = Box::new(move || {
            Box::pin(async move {
                quiet(&of).await;
                loop {
                    let items = read().await;
                    if items.is_empty() {
                        return;
                    }
                    for item in items {
                        kernel.redeliver(&of, item).await;
                    }
                }
            })
        });
        let begin = account.state.lock().gate.shut_for(job);
        if let Some(job) = begin {
            self.run_gate(&account, Some(job));
        }
    }

    /// Runs a job for which the gate was shut, and what waits behind it, as a task: it may have to wait for a reader.
    pub(crate) fn run_gate(self: &Arc<Self>, account: &Arc<Account>, job: Option<Job>) {
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("gate", async move {
            if let Some(job) = job {
                job().await;
            }
            kernel.open_gate(&account).await;
        });
    }

    /// Delivers what was stored, or left over by a session that ended, past the account's gate.
    pub(crate) async fn redeliver(self: &Arc<Self>, account: &Arc<Account>, item: Item) {
        pace(account).await;
        let mut packet = Packet::new(item.stanza, Origin::Server, account.host().clone(), self.tables());
        packet.recipient = Some(account.clone());
        packet.received = true; // it passed the Receive stage when it first came
        packet.notes =
            Notes { received_us: item.received_us, receipt: item.receipt, leftover: true, keep_for: None };
        self.receive(packet, account.clone(), true).await;
    }

    /// Delivers what queued behind a flush, then opens the gate.
    pub(crate) async fn open_gate(self: &Arc<Self>, account: &Arc<Account>) {
        let mut patient = true;
        loop {
            let next = account.state.lock().gate.next();
            match next {
                Next::Job(job) => job().await,
                Next::Packet(packet) => {
                    for session in
                        account.available().iter().filter(|s| s.attachment() == Attachment::Attached)
                    {
                        patient = patient && has_room(session).await;
                    }
                    self.receive(*packet, account.clone(), true).await;
                }
                Next::Open => return,
            }
        }
    }
}

/// Waits for room in a session's mailbox; false when its reader takes too long.
async fn has_room(session: &Session) -> bool {
    let limits = &session.host().options().limits;
    tokio::time::timeout(PATIENCE, session.mailbox.room(limits)).await.is_ok()
}

/// Waits until the sessions that take messages have room for more; one that has none for too long is closed. One that
/// waits to be resumed has no reader to wait for.
async fn pace(account: &Account) {
    let ready = |session: &Arc<Session>| {
        session.attachment() == Attachment::Attached
            && session.priority().is_some_and(|priority| priority >= 0)
    };
    for session in account.available().iter().filter(|session| ready(session)) {
        if !has_room(session).await {
            session.close(StreamError::new(StreamCondition::ResourceConstraint).text("too slow a reader"));
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
