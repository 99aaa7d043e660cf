//! A component as the kernel sees it: a link, with what waits for it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use kernel::{Host, Kernel, Link, LinkKind, Packet, Refused};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use xmpp::{ErrorType, StanzaError, StreamCondition, StreamError};

use super::figures::ComponentFigures;
use super::options::{Away, ComponentOptions};
use super::waiting::{Seat, Waiting};

pub(crate) struct Component {
    pub kernel: Arc<Kernel>,
    options: ArcSwap<ComponentOptions>,
    waiting: Mutex<Waiting>,
    /// A connection has ended.
    left: Notify,
}

impl Component {
    pub fn new(kernel: Arc<Kernel>, options: ComponentOptions) -> Self {
        Self {
            kernel,
            options: ArcSwap::from_pointee(options),
            waiting: Mutex::default(),
            left: Notify::new(),
        }
    }

    pub fn options(&self) -> Arc<ComponentOptions> {
        self.options.load_full()
    }

    /// Puts other options in force, for its connections too. Another secret ends them: what proved the old one proves nothing
    /// any more.
    pub fn set_options(&self, options: ComponentOptions) {
        let before = self.options.swap(Arc::new(options));
        if before.secret != self.options.load().secret {
            self.end_all(&StreamError::new(StreamCondition::Reset).text("the secret was changed"));
        }
    }

    pub fn with<T>(&self, with: impl FnOnce(&mut Waiting) -> T) -> T {
        with(&mut self.waiting.lock())
    }

    /// A connection that has proved the secret. If there are too many, the oldest ends.
    pub fn join(&self) -> Arc<Seat> {
        let most = self.options.load().limits.connections.bound();
        self.waiting.lock().join(most)
    }

    /// A connection has ended. What was not sent over it goes over another one, or waits, or is bounced.
    pub async fn leave(&self, seat: &Seat) {
        let options = self.options();
        let left = self.waiting.lock().leave(seat, options.away == Away::Queue);
        self.left.notify_waiters();
        self.kernel.bounce_parked(left, &absent()).await;
    }

    /// Ends all connections with this error.
    pub fn end_all(&self, error: &StreamError) {
        self.waiting.lock().end_all(error);
    }

    /// Bounces what has waited too long.
    pub async fn expire(&self) {
        let time = self.options.load().bounds().time;
        let late = self.waiting.lock().take_due(time, Instant::now());
        let error = StanzaError::remote_server_timeout().text("the service did not read this in time");
        self.kernel.bounce_parked(late, &error).await;
    }

    /// Bounces all that waits for a component that comes back no more.
    pub async fn give_up(&self) {
        let left = self.waiting.lock().take_all();
        self.kernel.bounce_parked(left, &StanzaError::remote_server_not_found()).await;
    }

    /// Waits until it has no connections.
    pub async fn empty(&self) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if self.waiting.lock().is_empty() {
                return;
            }
            left.await;
        }
    }

    pub fn figures(&self, name: &str) -> ComponentFigures {
        let waiting = self.waiting.lock();
        ComponentFigures {
            name: name.to_owned(),
            connections: waiting.connections(),
            stanzas: waiting.stanzas(),
            bytes: waiting.bytes(),
        }
    }

    /// Whether the sender may reach it: one of its domains, or, from elsewhere, its home.
    fn admits(&self, packet: &Packet) -> bool {
        packet.origin.host().is_none_or(|host| self.options.load().reaches(host.name()))
    }
}

fn absent() -> StanzaError {
    StanzaError::service_unavailable().kind(ErrorType::Wait).text("the service is not connected")
}

impl Link for Component {
    fn name(&self) -> &str {
        "component"
    }

    fn kind(&self) -> LinkKind {
        LinkKind::Component
    }

    fn home(&self, kernel: &Kernel) -> Option<Arc<Host>> {
        self.options.load().domains.iter().find_map(|domain| kernel.host(domain))
    }

    fn send(&self, _kernel: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), Refused> {
        if !self.admits(&packet) {
            return Err(Refused { packet, error: StanzaError::remote_server_not_found() });
        }
        let options = self.options.load();
        let mut waiting = self.waiting.lock();
        if !waiting.is_connected() && options.away == Away::Bounce {
            return Err(Refused { packet, error: absent() });
        }
        if !waiting.has_room(options.bounds()) {
            let error = StanzaError::resource_constraint().text("too much waits for this service");
            return Err(Refused { packet, error });
        }
        waiting.push(packet.park(), Instant::now());
        Ok(())
    }
}
