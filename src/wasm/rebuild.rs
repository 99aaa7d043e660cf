//! New instances in place of those that have failed, made off the way of the stanzas.

use std::sync::{Weak, mpsc};

use parking_lot::Mutex;

/// Whatever has lost instances.
pub(crate) trait Refill: Send + Sync {
    /// Makes new ones; the time that it takes is this domain's.
    fn refill(&self, domain: u32);
}

/// A thread that fills empty seats. It starts with the first failure, and ends with the platform.
#[derive(Default)]
pub(crate) struct Rebuilder(Mutex<Option<mpsc::Sender<Lost>>>);

/// Who has lost an instance, by a stanza of which domain.
type Lost = (Weak<dyn Refill>, u32);

impl Rebuilder {
    /// An instance has failed there, for a stanza of that domain.
    pub fn rebuild(&self, there: Weak<dyn Refill>, domain: u32) {
        let mut sender = self.0.lock();
        if let Some(running) = &*sender
            && running.send((there.clone(), domain)).is_ok()
        {
            return;
        }
        let (new, receiver) = mpsc::channel::<Lost>();
        let run = move || {
            for (there, domain) in receiver {
                if let Some(there) = there.upgrade() {
                    there.refill(domain);
                }
            }
        };
        // Without a thread, the next call makes its own instance.
        if std::thread::Builder::new().name("plugin-rebuild".into()).spawn(run).is_ok() {
            let _ = new.send((there, domain));
            *sender = Some(new);
        }
    }
}
