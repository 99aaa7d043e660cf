//! Stanzas that a plugin sends on one domain: they leave one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use kernel::{Kernel, Origin};
use parking_lot::Mutex;
use xmpp::Stanza;

/// Stanzas of one plugin that wait on one domain, and their bytes.
const STANZAS: usize = 1_000;
const BYTES: usize = 4 * 1024 * 1024;

/// What waits to be sent.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    stanzas: VecDeque<(Origin, Stanza)>,
    bytes: usize,
    is_running: bool,
}

/// Too much waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutboxFull;

impl Outbox {
    /// Sends a stanza behind those that wait.
    pub fn send(
        self: &Arc<Self>,
        kernel: &Arc<Kernel>,
        origin: Origin,
        stanza: Stanza,
    ) -> Result<(), OutboxFull> {
        let mut waiting = self.0.lock();
        let bytes = waiting.bytes.saturating_add(stanza.size());
        if waiting.stanzas.len() >= STANZAS || bytes > BYTES {
            return Err(OutboxFull);
        }
        waiting.stanzas.push_back((origin, stanza));
        waiting.bytes = bytes;
        if !std::mem::replace(&mut waiting.is_running, true) {
            drop(waiting);
            kernel.runtime().tasks.spawn("plugin outbox", self.clone().run(kernel.clone()));
        }
        Ok(())
    }

    async fn run(self: Arc<Self>, kernel: Arc<Kernel>) {
        let running = Running(&self);
        while let Some((origin, stanza)) = self.next() {
            kernel.send(origin, stanza).await;
        }
        std::mem::forget(running); // it has ended by itself, and may run again already
    }

    fn next(&self) -> Option<(Origin, Stanza)> {
        let mut waiting = self.0.lock();
        let next = waiting.stanzas.pop_front();
        match &next {
            Some((_, stanza)) => waiting.bytes -= stanza.size(),
            None => waiting.is_running = false,
        }
        next
    }
}

/// While stanzas are sent. If that ends early, by a panic, what waits leaves with the next one.
struct Running<'a>(&'a Outbox);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.lock().is_running = false;
    }
}
