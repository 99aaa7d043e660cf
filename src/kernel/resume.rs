//! A session taken up again by another connection (XEP-0198 section 5).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use xmpp::Jid;

use crate::binding::Hold;
use crate::{Attachment, Kernel, Session, SessionAbout};

/// How long a resumption waits for the former connection to let go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a session was not resumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResumeError {
    /// There is no such session for this account.
    NotFound,
    /// The client claims to have handled more than was sent: `h` and what was sent.
    TooHigh {
        /// What the client said.
        h: u32,
    },
}

impl Kernel {
    /// Makes a session resumable; returns its token: 128 random bits.
    pub fn make_resumable(&self, session: &Arc<Session>) -> u128 {
        let mut bytes = [0; 16];
        self.runtime().random.fill(&mut bytes);
        let token = u128::from_be_bytes(bytes);
        self.resumable.lock().insert(token, session.clone());
        session.state.lock().token = Some(token);
        token
    }

    /// Gives a session to a new connection. The former one, if it is still there, has let go, and every stanza
    /// it had read has met its fate, before this returns: `Session::handled` is final.
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
        session.epoch.fetch_add(1, Ordering::AcqRel);
        session.mailbox.nudge();
        let driver = tokio::time::timeout(PATIENCE, session.driver.clone().lock_owned())
            .await
            .map_err(|_| ResumeError::NotFound)?;
        let _serial = session.account().binding.lock().await;
        if session.attachment() == Attachment::Closed || session.mailbox.ending().is_some() {
            return Err(ResumeError::NotFound);
        }
        session.intake.quiet().await;
        if !session.mailbox.acknowledge(h) {
            return Err(ResumeError::TooHigh { h });
        }
        {
            let mut state = session.state.lock();
            state.attachment = Attachment::Attached;
            state.about = about;
        }
        session.mailbox.rewind();
        self.counters().resumed.inc();
        Ok(Hold::new(session.clone(), driver))
    }
}

impl Session {
    /// `h`: the client's stanzas whose fate is settled, since stream management was enabled (XEP-0198).
    pub fn handled(&self) -> u32 {
        self.intake.handled()
    }

    /// Stream management begins: counting starts, and what is written is kept until it is acknowledged.
    pub fn manage(&self) {
        self.intake.rebase();
        self.mailbox.manage();
    }

    /// Waits until every stanza read so far has met its fate.
    pub async fn settled(&self) {
        self.intake.quiet().await;
    }
}
