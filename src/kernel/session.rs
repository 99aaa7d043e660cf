//! A session: a bound resource. If it can be resumed, it outlives its connection.

pub(crate) mod admission;
pub(crate) mod asking;
pub(crate) mod binding;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod figures;
pub(crate) mod hold;
pub(crate) mod intake;
pub(crate) mod interest;
pub(crate) mod item;
pub(crate) mod lane;
pub(crate) mod mailbox;
pub(crate) mod outlet;
pub(crate) mod presence;
pub(crate) mod receipt;
pub(crate) mod resource;
pub(crate) mod rest;
pub(crate) mod resume;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI16, AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use xmpp::{Jid, Stanza, StreamCondition, StreamError};

use crate::session::asking::Asking;
use crate::state::Slots;
use crate::{Account, Backlog, Host, Item, PushError, Screen};
use intake::Intake;
use mailbox::Mailbox;
use rest::Rest;

/// The transport of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// RFC 6120 section 3.
    Tcp,
    /// RFC 7395.
    WebSocket,
    /// XEP-0206.
    Bosh,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::WebSocket, Self::Bosh];

    /// The name shown by `castling session list`.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::WebSocket => "ws",
            Transport::Bosh => "bosh",
        }
    }
}

/// A session's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAbout {
    pub transport: Transport,
    /// Whether the connection is encrypted.
    pub tls: bool,
    pub address: SocketAddr,
}

/// Whether a connection serves the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attachment {
    Attached,
    /// The connection is lost; the session can be resumed until then.
    Detached {
        /// By the monotonic clock: an administrator who sets the time ends no session.
        until: Duration,
    },
    /// The session has ended.
    Closed,
}

/// Presence priorities range from -128 to 127; this value means "not available".
const UNAVAILABLE: i16 = i16::MIN;

/// A bound resource (RFC 6120 section 7), as the kernel and its [`Hold`](crate::Hold) see it; features see a
/// [`Resource`](crate::Resource).
pub(crate) struct Session {
    pub(crate) id: u64,
    jid: Jid,
    account: Arc<Account>,
    pub(crate) mailbox: Mailbox,
    pub(crate) intake: Intake,
    /// Held by the connection that serves the session; a resuming connection waits here until the old one has
    /// let go.
    pub(crate) driver: Arc<tokio::sync::Mutex<()>>,
    /// Incremented with every attachment: a connection that finds a later value stops without ending the
    /// session.
    pub(crate) epoch: AtomicU32,
    pub(crate) state: Mutex<SessionState>,
    /// State that features keep with it.
    pub(crate) slots: Slots,
    /// The active privacy list of this session.
    pub(crate) screen: ArcSwapOption<Screen>,
    priority: AtomicI16,
    /// Held while its presence is recorded and shown to features, so that they see it in order.
    pub(crate) announcing: Mutex<()>,
    /// Whether no connection serves it: it is detached or has ended.
    waiting: AtomicBool,
    /// Whether the Write stage, which may hold stanzas back, sees what is to be written.
    pub(crate) restrained: AtomicBool,
    pub(crate) asking: Asking,
    pub(crate) rest: Rest,
    since_us: i64,
}

pub(crate) struct SessionState {
    pub about: SessionAbout,
    pub attachment: Attachment,
    pub presence: Option<Stanza>,
    /// The resumption token, 128 random bits; `None` unless the session can be resumed.
    pub token: Option<u128>,
    /// For how many seconds its client wants it to wait at most.
    pub wait_seconds: u32,
    /// Set if the session ended before the stored messages were read back: the backlog that continues.
    pub successor: Option<Backlog>,
}

impl Session {
    pub(crate) fn new(id: u64, jid: Jid, account: Arc<Account>, about: SessionAbout, since_us: i64) -> Self {
        let state = SessionState {
            about,
            attachment: Attachment::Attached,
            presence: None,
            token: None,
            wait_seconds: 0,
            successor: None,
        };
        Self {
            id,
            jid,
            account,
            mailbox: Mailbox::default(),
            intake: Intake::default(),
            driver: Arc::default(),
            epoch: AtomicU32::new(0),
            state: Mutex::new(state),
            slots: Slots::default(),
            screen: ArcSwapOption::empty(),
            priority: AtomicI16::new(UNAVAILABLE),
            announcing: Mutex::new(()),
            waiting: AtomicBool::new(false),
            restrained: AtomicBool::new(false),
            asking: Asking::default(),
            rest: Rest::default(),
            since_us,
        }
    }

    /// Never reused while the process lives; never 0.
    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    pub fn host(&self) -> &Arc<Host> {
        self.account.host()
    }

    /// When it was bound, UTC microseconds.
    pub fn since_us(&self) -> i64 {
        self.since_us
    }

    /// Its current connection, or the last one.
    pub fn about(&self) -> SessionAbout {
        self.state.lock().about.clone()
    }

    pub fn attachment(&self) -> Attachment {
        self.state.lock().attachment
    }

    /// Whether no connection serves it.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    /// Sets whether a connection serves it; [`SessionState`] is locked.
    pub(crate) fn set_attachment(&self, state: &mut SessionState, attachment: Attachment) {
        state.attachment = attachment;
        self.waiting.store(attachment != Attachment::Attached, Ordering::Release);
    }

    /// Its last available presence, as it was broadcast.
    pub fn presence(&self) -> Option<Stanza> {
        self.state.lock().presence.clone()
    }

    /// Whether it has sent available presence.
    pub fn is_available(&self) -> bool {
        self.priority.load(Ordering::Acquire) != UNAVAILABLE
    }

    /// Its presence priority; `None` while it is not available.
    pub fn priority(&self) -> Option<i8> {
        i8::try_from(self.priority.load(Ordering::Acquire)).ok()
    }

    /// Stores its new presence (`None`: unavailable).
    pub(crate) fn set_presence(&self, presence: Option<Stanza>) {
        let priority = presence.as_ref().map_or(UNAVAILABLE, |p| i16::from(p.priority()));
        self.state.lock().presence = presence;
        self.priority.store(priority, Ordering::Release);
    }

    /// Puts a stanza into its mailbox as it is. A client that reads too slowly is disconnected.
    pub fn push(self: &Arc<Self>, item: Item) -> Result<(), PushError> {
        let release = self.release_of(&item.stanza);
        self.taken(self.mailbox.push(item, release, &self.host().options().limits))
    }

    /// As [`push`](Self::push), for stanzas that others sent: they stay behind stored messages that are being
    /// read back. `now_us` (monotonic, microseconds) is called only when there is no room.
    pub(crate) fn place(self: &Arc<Self>, item: Item, now_us: impl Fn() -> i64) -> Result<(), PushError> {
        let release = self.release_of(&item.stanza);
        let placed = self.mailbox.place(item, release, &self.host().options().limits, now_us);
        self.taken(match placed {
            // A detached session cannot read: one sender's used-up share is no reason to end it.
            Err(PushError::Crowded { stuck: true }) if self.attachment() == Attachment::Attached => {
                Err(PushError::Full)
            }
            placed => placed,
        })
    }

    /// Whether there is room for a stanza that others sent.
    pub(crate) fn has_room(&self, item: &Item) -> bool {
        self.mailbox.has_room(item, &self.host().options().limits)
    }

    fn taken(&self, pushed: Result<(), PushError>) -> Result<(), PushError> {
        if pushed == Err(PushError::Full) {
            self.too_slow();
        }
        pushed
    }

    /// The client does not read what it is sent.
    pub(crate) fn too_slow(&self) {
        self.close(StreamError::new(StreamCondition::ResourceConstraint).text("the client reads too slowly"));
    }

    /// Whether it takes messages (RFC 6121 section 8.5).
    pub(crate) fn is_ready(&self) -> bool {
        self.rank().is_some()
    }

    /// Its rank among the sessions that take messages; `None` if it takes none. Attached sessions come before
    /// detached ones, then the priority decides.
    pub(crate) fn rank(&self) -> Option<(bool, i8)> {
        let priority = self.priority().filter(|priority| *priority >= 0)?;
        Some((!self.is_waiting(), priority))
    }

    /// Requests the end of the session: its stream is closed with this error.
    pub fn close(&self, error: StreamError) {
        self.mailbox.end(error);
    }
}
