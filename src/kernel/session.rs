//! A session: what a client has bound. It outlives its connection when it can be resumed.

pub(crate) mod binding;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod hold;
pub(crate) mod intake;
pub(crate) mod interest;
pub(crate) mod item;
pub(crate) mod lane;
pub(crate) mod mailbox;
pub(crate) mod outlet;
pub(crate) mod presence;
pub(crate) mod resource;
pub(crate) mod resume;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI16, AtomicU32, Ordering};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use xmpp::{Jid, Stanza, StreamCondition, StreamError};

use crate::state::Slots;
use crate::{Account, Backlog, Host, Item, PushError, Screen};
use intake::Intake;
use mailbox::Mailbox;

/// How a session's bytes travel.
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
    /// The word of `castling session list`.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::WebSocket => "ws",
            Transport::Bosh => "bosh",
        }
    }
}

/// Where a session's connection comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAbout {
    /// How its bytes travel.
    pub transport: Transport,
    /// Are they encrypted?
    pub tls: bool,
    /// The peer's address.
    pub address: SocketAddr,
}

/// Is a connection serving the session?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attachment {
    /// A connection serves it.
    Attached,
    /// Its connection is lost; it waits until then (UTC microseconds) to be resumed.
    Detached {
        /// When it is given up.
        until_us: i64,
    },
    /// It has ended.
    Closed,
}

/// Presence priorities are -128 to 127; this stands for "not available".
const UNAVAILABLE: i16 = i16::MIN;

/// A bound resource (RFC 6120 section 7), as the kernel and its [`Hold`](crate::Hold) have it; features see a
/// [`Resource`](crate::Resource).
pub(crate) struct Session {
    pub(crate) id: u64,
    jid: Jid,
    account: Arc<Account>,
    /// What waits for it.
    pub(crate) mailbox: Mailbox,
    pub(crate) intake: Intake,
    /// Held by the connection that serves the session; whoever resumes it waits here until the old one is out.
    pub(crate) driver: Arc<tokio::sync::Mutex<()>>,
    /// Rises with every attachment: a connection that finds a later number leaves without ending the session.
    pub(crate) epoch: AtomicU32,
    pub(crate) state: Mutex<State>,
    /// What features keep with it.
    pub(crate) slots: Slots,
    /// The list that is active in this session alone.
    pub(crate) screen: ArcSwapOption<Screen>,
    priority: AtomicI16,
    /// No connection serves it: it waits to be resumed, or has ended.
    waiting: AtomicBool,
    /// What is to be written is shown to the Write stage first, which may hold it back.
    pub(crate) restrained: AtomicBool,
    since_us: i64,
}

pub(crate) struct State {
    pub about: SessionAbout,
    pub attachment: Attachment,
    pub presence: Option<Stanza>,
    /// 128 random bits, when stream management with resumption is on.
    pub token: Option<u128>,
    /// It has ended before the stored messages were read back: who gets the rest.
    pub successor: Option<Backlog>,
}

impl Session {
    pub(crate) fn new(id: u64, jid: Jid, account: Arc<Account>, about: SessionAbout, since_us: i64) -> Self {
        let state =
            State { about, attachment: Attachment::Attached, presence: None, token: None, successor: None };
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
            waiting: AtomicBool::new(false),
            restrained: AtomicBool::new(false),
            since_us,
        }
    }

    /// Never reused while the process lives; never 0.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its full JID.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// The account it belongs to.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The domain it belongs to.
    pub fn host(&self) -> &Arc<Host> {
        self.account.host()
    }

    /// When it was bound, UTC microseconds.
    pub fn since_us(&self) -> i64 {
        self.since_us
    }

    /// Its present connection, or the last one.
    pub fn about(&self) -> SessionAbout {
        self.state.lock().about.clone()
    }

    /// Is a connection serving it?
    pub fn attachment(&self) -> Attachment {
        self.state.lock().attachment
    }

    /// Does no connection serve it?
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    /// Sets whether a connection serves it; [`State`] is locked.
    pub(crate) fn set_attachment(&self, state: &mut State, attachment: Attachment) {
        state.attachment = attachment;
        self.waiting.store(attachment != Attachment::Attached, Ordering::Release);
    }

    /// Its last available presence, as it was broadcast.
    pub fn presence(&self) -> Option<Stanza> {
        self.state.lock().presence.clone()
    }

    /// Has it sent available presence?
    pub fn is_available(&self) -> bool {
        self.priority.load(Ordering::Acquire) != UNAVAILABLE
    }

    /// Its presence priority; none while it is not available.
    pub fn priority(&self) -> Option<i8> {
        i8::try_from(self.priority.load(Ordering::Acquire)).ok()
    }

    /// Takes its new presence in (none: unavailable).
    pub(crate) fn set_presence(&self, presence: Option<Stanza>) {
        let priority = presence.as_ref().map_or(UNAVAILABLE, |p| i16::from(p.priority()));
        self.state.lock().presence = presence;
        self.priority.store(priority, Ordering::Release);
    }

    /// Puts a stanza into its mailbox as it is. A reader that is too slow is closed.
    pub fn push(self: &Arc<Self>, item: Item) -> Result<(), PushError> {
        let release = self.release_of(&item.stanza);
        self.taken(self.mailbox.push(item, release, &self.host().options().limits))
    }

    /// The same for what somebody sent to it: it stays behind stored messages that are being read back.
    /// `now_us` is asked for the time (UTC microseconds) when there is no room.
    pub(crate) fn place(self: &Arc<Self>, item: Item, now_us: impl Fn() -> i64) -> Result<(), PushError> {
        let release = self.release_of(&item.stanza);
        let placed = self.mailbox.place(item, release, &self.host().options().limits, now_us);
        self.taken(match placed {
            // Who waits to be resumed cannot read: one sender's share is no reason to end it.
            Err(PushError::Crowded { stuck: true }) if self.attachment() == Attachment::Attached => {
                Err(PushError::Full)
            }
            placed => placed,
        })
    }

    /// Is there room for what somebody sends to it?
    pub(crate) fn has_room(&self, item: &Item) -> bool {
        self.mailbox.has_room(item, &self.host().options().limits)
    }

    fn taken(&self, pushed: Result<(), PushError>) -> Result<(), PushError> {
        if pushed == Err(PushError::Full) {
            self.too_slow();
        }
        pushed
    }

    /// Its client does not read what it is sent.
    pub(crate) fn too_slow(&self) {
        self.close(StreamError::new(StreamCondition::ResourceConstraint).text("the client reads too slowly"));
    }

    /// Does it take messages (RFC 6121 section 8.5)?
    pub(crate) fn is_ready(&self) -> bool {
        self.rank().is_some()
    }

    /// Its rank among those that take messages; `None` for one that takes none. Whoever is there comes before those that
    /// wait to be resumed, then the priority decides.
    pub(crate) fn rank(&self) -> Option<(bool, i8)> {
        let priority = self.priority().filter(|priority| *priority >= 0)?;
        Some((!self.is_waiting(), priority))
    }

    /// Asks for the end of the session: its stream is closed with this error.
    pub fn close(&self, error: StreamError) {
        self.mailbox.end(error);
    }
}
