//! Server pings (RFC 6455 section 5.5.2): they keep proxies from closing idle connections, and detect clients
//! that have vanished behind one.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use settings::{Interval, group, number};
use tokio::time::{Instant, Sleep, sleep};

group! {
    /// How idle WebSockets are kept.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PingLimits {
        /// Seconds between pings on a WebSocket; a client that sends nothing between two pings is disconnected.
        web_ping_seconds: Interval = number(45, 5..=3600).zero("no pings");
    }
}

/// When the next ping is due.
pub(super) struct Pings {
    every: Duration,
    timer: Pin<Box<Sleep>>,
    /// Whether anything has arrived since the last ping, or no ping was sent.
    heard: bool,
}

impl Pings {
    pub fn new(every: Duration) -> Self {
        Self { every, timer: Box::pin(sleep(every)), heard: true }
    }

    /// Records that something has arrived.
    pub fn heard(&mut self) {
        self.heard = true;
    }

    /// Ready when a ping is due: `true`, or `false` if nothing has arrived since the last one.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        ready!(self.timer.as_mut().poll(cx));
        self.timer.as_mut().reset(Instant::now() + self.every);
        Poll::Ready(std::mem::take(&mut self.heard))
    }
}
