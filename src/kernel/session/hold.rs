//! A connection's hold on a session: what a stream does with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedMutexGuard;
use xmpp::{Jid, Stanza, StreamError};

use crate::session::Session;
use crate::session::asking;
use crate::session::mailbox::{Taken, TooHigh};
use crate::{Attachment, Host, Kernel, Receipt, Resource};

/// Stanzas taken from the mailbox at once: each call reserves room for them, and mostly there is one.
const AT_ONCE: usize = 4;

/// What was written from a mailbox.
#[derive(Default)]
pub struct Batch {
    /// Stanzas written.
    pub stanzas: usize,
    /// To be notified once the bytes are sent; empty with stream management, which has its own count.
    pub receipts: Vec<Arc<dyn Receipt>>,
}

/// A connection's hold on a session. Another connection that resumes the session waits until this hold is
/// dropped. Dropping the hold of a still attached session ends it, since nothing would read its mailbox any
/// more.
pub struct Hold {
    resource: Resource,
    kernel: Arc<Kernel>,
    epoch: u32,
    driver: Option<OwnedMutexGuard<()>>,
}

impl Hold {
    pub(crate) fn new(
        kernel: Arc<Kernel>,
        session: Arc<Session>,
        epoch: u32,
        driver: OwnedMutexGuard<()>,
    ) -> Self {
        Self { resource: Resource::new(session), kernel, epoch, driver: Some(driver) }
    }

    fn session(&self) -> &Arc<Session> {
        self.resource.session()
    }

    /// The bound resource.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The session's number in this process.
    pub fn id(&self) -> u64 {
        self.resource.id()
    }

    pub fn jid(&self) -> &Jid {
        self.resource.jid()
    }

    pub fn host(&self) -> &Arc<Host> {
        self.resource.host()
    }

    /// Whether another connection has taken the session over: this one must stop and leave the session alone.
    pub fn superseded(&self) -> bool {
        self.session().epoch.load(Ordering::Acquire) != self.epoch
    }

    /// Processes the client's stanza, `from` stamped. Returns when its fate is decided, except for writes in
    /// flight and requests that are answered later. It may wait for room with its recipient, so the caller
    /// must keep writing to the client meanwhile.
    pub fn process(&self, stanza: Stanza) -> impl Future<Output = ()> + Send + use<> {
        self.take_in(Ok(stanza))
    }

    /// As [`process`](Self::process), for what may be a malformed stanza (`Err`): that is answered with this
    /// reply, if it is of a kind that is answered, and counts as handled.
    pub fn take_in(&self, read: Result<Stanza, Option<Stanza>>) -> impl Future<Output = ()> + Send + use<> {
        let (kernel, resource) = (self.kernel.clone(), self.resource.clone());
        async move {
            match read {
                Ok(stanza) => kernel.process(&resource, stanza).await,
                Err(reply) => kernel.refuse(&resource, reply).await,
            }
        }
    }

    /// Whether so many answers to the client are waiting that it must not be read from.
    pub fn is_answering(&self) -> bool {
        self.session().mailbox.is_answering()
    }

    /// Whether the client has yet to acknowledge so many answers that its next request must wait.
    pub fn awaits_acknowledgement(&self) -> bool {
        let session = self.session();
        session.mailbox.awaits_acknowledgement(&session.host().options().limits)
    }

    /// Passes waiting stanzas to `write`, in order, until it returns that at least `room` bytes are buffered;
    /// at least one stanza. No lock is held meanwhile.
    pub fn gather(&self, room: usize, mut write: impl FnMut(&Stanza) -> usize) -> Batch {
        let mut batch = Batch::default();
        let mut ready = 0;
        while ready < room {
            let mut taken: [Option<Taken>; AT_ONCE] = Default::default();
            let count = self.session().mailbox.take(room - ready, &mut taken);
            for (stanza, receipt) in taken.iter_mut().take(count).filter_map(Option::take) {
                ready = write(&stanza);
                batch.stanzas += 1;
                batch.receipts.extend(receipt);
            }
            if count < AT_ONCE {
                break; // nothing more waits, or about as much was taken as there is room for
            }
        }
        batch
    }

    /// Resolves when there may be something to write, or the session is to end.
    pub async fn woken(&self) {
        self.session().mailbox.woken().await;
    }

    /// The stream error to end with, if the end was requested.
    pub fn ending(&self) -> Option<StreamError> {
        self.session().mailbox.ending()
    }

    /// Keeps what is written until the transport [confirms](Self::confirm) it (XEP-0124 section 9).
    pub fn keep(&self) {
        self.session().mailbox.keep_in_bulk();
    }

    /// This many more stanzas have arrived, for a transport with its own acknowledgements.
    pub fn confirm(&self, stanzas: usize) {
        self.session().mailbox.confirm(stanzas);
    }

    /// Enables stream management: counting starts, and what is written is kept until it is acknowledged
    /// (XEP-0198).
    pub fn manage(&self) {
        self.session().intake.rebase();
        self.session().mailbox.manage();
    }

    /// The client was asked for an acknowledgement.
    pub fn asked(&self) {
        let now = asking::seconds(self.kernel.runtime().clock.monotonic());
        self.session().asking.ask(now);
    }

    /// It has answered.
    pub fn answered(&self) {
        self.session().asking.end();
    }

    /// Something else has come from the client.
    pub fn heard(&self) {
        self.session().asking.hear();
    }

    /// Whether the client was silent for too long: its connection is to be treated as lost.
    pub fn has_vanished(&self) -> bool {
        self.session().asking.has_vanished()
    }

    /// Makes the session resumable, for so many seconds at most; returns its token: 128 random bits.
    pub fn make_resumable(&self, wait_seconds: u64) -> u128 {
        self.kernel.make_resumable(self.session(), wait_seconds)
    }

    /// Stanzas written but not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.session().mailbox.unacknowledged()
    }

    /// The client has handled stanzas up to `h` (XEP-0198 section 4).
    ///
    /// # Errors
    /// `h` is higher than the number written.
    pub fn acknowledge(&self, h: u32) -> Result<(), TooHigh> {
        self.session().mailbox.acknowledge(h)
    }

    /// `h`: the client's stanzas whose fate is settled, since stream management was enabled (XEP-0198),
    /// modulo 2^32.
    pub fn handled(&self) -> u32 {
        self.session().intake.handled()
    }

    /// The number of the client's stanzas read since the session was bound.
    pub fn read(&self) -> u64 {
        self.session().intake.read()
    }

    /// Whether the fate of the client's first `count` stanzas is settled.
    pub fn has_settled(&self, count: u64) -> bool {
        self.session().intake.has_settled(count)
    }

    /// Waits until the fate of all of the client's stanzas read so far is settled.
    pub fn all_settled(&self) -> impl Future<Output = ()> + Send + use<> {
        let resource = self.resource.clone();
        async move { resource.session().intake.quiet().await }
    }

    /// Waits until the fate of the client's first `count` stanzas is settled.
    pub async fn settled(&self, count: u64) {
        self.session().intake.settled(count).await;
    }

    /// The client does not read what it is sent: its stream must end.
    pub fn too_slow(&self) {
        self.session().too_slow();
    }

    /// The connection is lost and the session may be resumed: detaches it (XEP-0198 section 5).
    pub async fn detach(&self) {
        self.kernel.detach(self.session()).await;
    }

    /// Ends the session; see [`Kernel::end`].
    pub async fn end(&self) {
        self.kernel.end(&self.resource).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let driver = self.driver.take();
        let let_go = self.superseded() || self.session().attachment() != Attachment::Attached;
        if let_go || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let (kernel, session, epoch) = (self.kernel.clone(), self.session().clone(), self.epoch);
        self.kernel.runtime().tasks.spawn("abandoned", async move {
            let _driver = driver; // one that resumes it waits, then finds it ended
            kernel.end_untaken(&session, epoch).await;
        });
    }
}
