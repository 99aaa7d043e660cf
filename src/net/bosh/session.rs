//! A session, as shared by requests and the server of its stream.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::core::{Core, Request, Step};
use super::intake::Arrival;
use super::reply::Reply;
use super::route::Allowed;
use crate::http::Client;

/// A session: its immutable part, and the rest behind a lock.
pub(super) struct Session {
    pub sid: u128,
    /// The domain of its stream.
    pub domain: Box<str>,
    /// The web origin of its first request.
    pub origin: Option<Box<str>>,
    /// Whether its first request came over TLS.
    pub secure: bool,
    /// The media type of its responses.
    pub content: &'static str,
    /// Before and after authentication.
    limits: Mutex<[xmpp::ElementLimits; 2]>,
    logged_in: AtomicBool,
    state: Mutex<SessionState>,
}

struct SessionState {
    core: Core,
    /// The address of its last request.
    address: SocketAddr,
}

impl Session {
    pub fn new(sid: u128, core: Core, allowed: &Allowed, client: Client, origin: Option<&str>) -> Self {
        let domain = core.header.to.as_ref().map_or("", |to| to.domain());
        Self {
            sid,
            domain: domain.into(),
            origin: origin.map(Into::into),
            secure: client.secure,
            content: core.terms.content,
            limits: Mutex::new([allowed.before_login, allowed.stanza]),
            logged_in: AtomicBool::new(false),
            state: Mutex::new(SessionState { core, address: client.address }),
        }
    }

    /// Whether a request of this client may belong to the session: what began over TLS stays on it (XEP-0124
    /// §19.1).
    pub fn is_as_secure(&self, client: Client) -> bool {
        client.secure || !self.secure
    }

    /// The limits of a stanza.
    pub fn limits(&self) -> xmpp::ElementLimits {
        let [before, after] = *self.limits.lock();
        if self.is_logged_in() { after } else { before }
    }

    pub fn set_limits(&self, allowed: &Allowed) {
        *self.limits.lock() = [allowed.before_login, allowed.stanza];
    }

    pub fn is_logged_in(&self) -> bool {
        self.logged_in.load(Ordering::Acquire)
    }

    pub fn logged_in(&self) {
        self.logged_in.store(true, Ordering::Release);
    }

    pub fn arrive(&self, request: Request, client: Client) -> Arrival {
        let mut state = self.state.lock();
        let arrival = state.core.arrive(request, Instant::now());
        state.address = client.address;
        arrival
    }

    pub fn poll_answer(&self, rid: u64, ticket: u32, cx: &Context<'_>) -> Poll<Reply> {
        self.state.lock().core.poll_answer(rid, ticket, cx.waker())
    }

    pub fn leave(&self, rid: u64, ticket: u32) {
        self.state.lock().core.leave(rid, ticket, Instant::now());
    }

    pub fn address(&self) -> SocketAddr {
        self.state.lock().address
    }

    /// Runs a change that is triggered neither by a request nor by time.
    pub fn with<T>(&self, write: impl FnOnce(&mut Core) -> T) -> T {
        write(&mut self.state.lock().core)
    }

    /// The next step; events only if `allowed`. The task is woken when there is more to do.
    pub fn step(&self, allowed: bool, cx: &Context<'_>) -> Step {
        let mut state = self.state.lock();
        let step = state.core.step(allowed, Instant::now());
        if matches!(step, Step::Wait(_)) {
            state.core.driver = Some(cx.waker().clone());
        }
        step
    }

    /// Ready when the client has been sent the end.
    pub fn poll_told(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        let told = state.core.ending.as_ref().is_none_or(|ending| ending.is_told());
        if !told {
            state.core.driver = Some(cx.waker().clone());
        }
        if told { Poll::Ready(()) } else { Poll::Pending }
    }
}
