//! Resumption of a session by another connection (XEP-0198 section 5).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use xmpp::Jid;

use crate::session::Session;
use crate::{Attachment, Hold, Kernel, Resource, SessionAbout, SessionEventKind, TooHigh};

/// How long a resumption waits for the old connection to let go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a session was not resumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResumeError {
    /// There is no such session for this account.
    NotFound,
    /// The client acknowledges more than was sent.
    TooHigh(TooHigh),
}

impl Kernel {
    /// Makes a session resumable, for so many seconds at most; returns its token: 128 random bits.
    pub(crate) fn make_resumable(&self, session: &Arc<Session>, wait_seconds: u64) -> u128 {
        let mut bytes = [0; 16];
        self.runtime().random.fill(&mut bytes);
        let token = u128::from_be_bytes(bytes);
        let mut state = session.state.lock();
        // A session that has ended meanwhile must not be inserted: nothing would remove it again.
        if state.attachment != Attachment::Closed {
            state.token = Some(token);
            state.wait_seconds = u32::try_from(wait_seconds).unwrap_or(u32::MAX);
            self.resumable.lock().insert(token, session.clone());
        }
        token
    }

    /// Gives a session to a new connection. Before this returns, the old connection, if it is still there,
    /// has let go, and every stanza it had read is settled: [`Hold::handled`] is final.
    ///
    /// # Errors
    /// See [`ResumeError`].
    pub async fn resume(
        self: &Arc<Self>,
        account: &Jid,
        token: u128,
        h: u32,
        about: SessionAbout,
    ) -> Result<Hold, ResumeError> {
        let session = self.resumable.lock().get(&token).cloned().ok_or(ResumeError::NotFound)?;
        if session.account().jid() != account || !session.host().is_enabled() {
            return Err(ResumeError::NotFound);
        }
        let epoch = session.epoch.fetch_add(1, Ordering::AcqRel) + 1;
        session.mailbox.nudge();
        let mut taking = Taking { kernel: self, session: &session, epoch, taken: false };
        let driver = tokio::time::timeout(PATIENCE, session.driver.clone().lock_owned())
            .await
            .map_err(|_| ResumeError::NotFound)?;
        // Nothing reads the client's stanzas now. They are waited for before the account is locked: one of
        // them may wait for the end of another session of the same account.
        session.mailbox.served(false); // else a request could wait for this connection to read
        session.intake.quiet().await;
        let _serial = session.account().binding.lock().await;
        if session.attachment() == Attachment::Closed || session.mailbox.ending().is_some() {
            return Err(ResumeError::NotFound);
        }
        session.mailbox.acknowledge(h).map_err(ResumeError::TooHigh)?;
        {
            let mut state = session.state.lock();
            session.set_attachment(&mut state, Attachment::Attached);
            state.about = about;
        }
        tracing::debug!(
            session = session.id(), jid = session.jid().as_str(), transport = session.about().transport.name(),
            address = %session.about().address, "session resumed"
        );
        session.asking.end();
        session.mailbox.rewind();
        session.mailbox.served(true);
        self.counters().resumed.inc();
        taking.taken = true;
        self.publish_plain_event(SessionEventKind::Resumed, Resource::new(session.clone())).await;
        Ok(Hold::new(self.clone(), session.clone(), epoch, driver))
    }
}

/// Held after the old connection was asked to let go. If neither this connection nor another comes to hold
/// the session, nothing would read its mailbox any more: then it ends.
struct Taking<'a> {
    kernel: &'a Arc<Kernel>,
    session: &'a Arc<Session>,
    epoch: u32,
    taken: bool,
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        if self.taken {
            return;
        }
        let (kernel, session, epoch) = (self.kernel.clone(), self.session.clone(), self.epoch);
        self.kernel.runtime().tasks.spawn("resume", async move {
            let _driver = session.driver.lock().await;
            kernel.end_untaken(&session, epoch).await;
        });
    }
}
