//! Which sessions get roster pushes (RFC 6121 section 2.1.6).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::session::Session;
use crate::{Resource, State};

/// Whether a session has requested the roster.
#[derive(Default)]
struct Interested(AtomicBool);

const INTERESTED: State<Resource, Interested> = State::new();

impl Resource {
    /// Whether it has requested the roster, so that it gets pushes.
    pub fn is_interested(&self) -> bool {
        INTERESTED.peek(self).is_some_and(|interested| interested.0.load(Ordering::Acquire))
    }

    /// Marks it as having requested the roster.
    pub fn set_interested(&self) {
        INTERESTED.of(self).0.store(true, Ordering::Release);
    }
}

impl Session {
    pub(crate) fn is_interested(self: &Arc<Self>) -> bool {
        self.slots.get::<Interested>().is_some_and(|interested| interested.0.load(Ordering::Acquire))
    }
}
