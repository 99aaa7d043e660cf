//! What a link brings, on its way: in order for each recipient, side by side for several, so that one recipient who is
//! waited for does not keep the others waiting.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use xmpp::{Jid, Stanza, StanzaError};

use crate::session::intake::Intake;
use crate::{BoxFuture, Guard, Kernel, Link};

/// Stanzas of one link that may be on their way at once, and bytes of them.
const MOST: usize = 1000;
const MOST_BYTES: usize = 4 << 20;

/// Of those, for one recipient.
const LANE: usize = 100;
const LANE_BYTES: usize = 1 << 20;

/// The way in of one link.
pub struct Inflow {
    kernel: Arc<Kernel>,
    link: Arc<dyn Link>,
    lanes: Mutex<Lanes>,
    ended: Notify,
    /// Which of them are settled (XEP-0198).
    intake: Arc<Intake>,
}

#[derive(Default)]
struct Lanes {
    /// By the recipient's bare JID: what waits behind the stanza that is being processed.
    by_recipient: HashMap<Jid, Lane>,
    stanzas: usize,
    bytes: usize,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Brought>,
    bytes: usize,
}

/// A stanza, and the domain it comes from.
struct Brought {
    domain: Jid,
    stanza: Stanza,
    guard: Guard,
}

impl Inflow {
    /// Nothing is on its way.
    pub fn new(kernel: Arc<Kernel>, link: Arc<dyn Link>) -> Arc<Self> {
        Arc::new(Self { kernel, link, lanes: Mutex::default(), ended: Notify::new(), intake: Arc::default() })
    }

    /// Takes in a stanza from a domain of the link; it has a `to`. Returns when the next one may be read: waits only while too
    /// much is on its way, for all recipients together. What is too much for one of them is bounced.
    pub async fn take(self: &Arc<Self>, domain: &Jid, stanza: Stanza) {
        let Some(to) = stanza.to().map(Jid::bare) else { return };
        self.room().await;
        let size = stanza.size();
        let brought = Brought { domain: domain.clone(), stanza, guard: Guard::brought(&self.intake) };
        match self.queue(&to, brought) {
            Queued::Behind => {}
            Queued::Full(brought) => self.refuse(brought).await,
            Queued::First(brought) => {
                let mut way = self.enter(brought);
                // Usually it completes at once.
                if poll_fn(|cx| Poll::Ready(way.as_mut().poll(cx))).await.is_pending() {
                    self.kernel.runtime().tasks.spawn("inflow", self.clone().follow(to, way, size));
                } else {
                    self.go_on(to, size);
                }
            }
        }
    }

    /// `h`: how many of what was brought since [`manage`](Self::manage) are settled.
    pub fn handled(&self) -> u32 {
        self.intake.handled()
    }

    /// What is brought counts from here on.
    pub fn manage(&self) {
        self.intake.rebase();
    }

    /// Waits until all that was taken in has been processed.
    pub async fn idle(&self) {
        self.until(|lanes| lanes.stanzas == 0).await;
    }

    async fn room(&self) {
        self.until(|lanes| lanes.stanzas < MOST && lanes.bytes < MOST_BYTES).await;
    }

    async fn until(&self, reached: impl Fn(&Lanes) -> bool) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if reached(&self.lanes.lock()) {
                return;
            }
            ended.await;
        }
    }

    fn enter(&self, brought: Brought) -> BoxFuture<'static, ()> {
        let (kernel, link) = (self.kernel.clone(), self.link.clone());
        let Brought { domain, stanza, guard } = brought;
        Box::pin(async move { kernel.enter_guarded(link, domain, stanza, guard).await })
    }

    fn queue(&self, to: &Jid, brought: Brought) -> Queued {
        let size = brought.stanza.size();
        let mut lanes = self.lanes.lock();
        let queued = match lanes.by_recipient.get_mut(to) {
            None => {
                lanes.by_recipient.insert(to.clone(), Lane::default());
                Queued::First(brought)
            }
            Some(lane) if lane.waiting.len() >= LANE || lane.bytes >= LANE_BYTES => {
                return Queued::Full(brought);
            }
            Some(lane) => {
                lane.bytes += size;
                lane.waiting.push_back(brought);
                Queued::Behind
            }
        };
        lanes.stanzas += 1;
        lanes.bytes += size;
        queued
    }

    async fn refuse(self: &Arc<Self>, Brought { domain, stanza, guard }: Brought) {
        let error = StanzaError::resource_constraint().text("too much is on its way to this address");
        self.kernel.refuse_entry(self.link.clone(), domain, stanza, error).await;
        drop(guard);
    }

    /// Processes a stanza to its end, and then what waits behind it.
    async fn follow(self: Arc<Self>, to: Jid, way: BoxFuture<'static, ()>, size: usize) {
        way.await;
        let mut done = size;
        while let Some(brought) = self.next(&to, done) {
            done = brought.stanza.size();
            self.enter(brought).await;
        }
    }

    /// A stanza was processed at once. While it was, others may have come to wait behind it.
    fn go_on(self: &Arc<Self>, to: Jid, size: usize) {
        if let Some(brought) = self.next(&to, size) {
            let size = brought.stanza.size();
            let way = self.enter(brought);
            self.kernel.runtime().tasks.spawn("inflow", self.clone().follow(to, way, size));
        }
    }

    /// A stanza of this size has been processed; what waits behind it.
    fn next(&self, to: &Jid, size: usize) -> Option<Brought> {
        let mut lanes = self.lanes.lock();
        lanes.stanzas = lanes.stanzas.saturating_sub(1);
        lanes.bytes = lanes.bytes.saturating_sub(size);
        let next = lanes.by_recipient.get_mut(to).and_then(|lane| {
            let next = lane.waiting.pop_front()?;
            lane.bytes = lane.bytes.saturating_sub(next.stanza.size());
            Some(next)
        });
        if next.is_none() {
            lanes.by_recipient.remove(to);
        }
        drop(lanes);
        self.ended.notify_waiters();
        next
    }
}

enum Queued {
    /// Nothing is on its way to that recipient.
    First(Brought),
    Behind,
    Full(Brought),
}
