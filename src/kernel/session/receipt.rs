//! What is notified of the fate of a stanza that is in a store as well.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use xmpp::StanzaError;

use crate::BoxFuture;

/// Notified of what became of a stanza that is in a store as well.
pub trait Receipt: Send + Sync {
    /// It has been written to the client, or acknowledged by it where stream management is on.
    fn delivered(&self);
    /// It was not delivered; the store still has it.
    fn returned(&self);
    /// Whether the store is known to have it.
    fn is_stored(&self) -> bool {
        true
    }
    /// The same, once a write that is in flight has ended.
    fn settled(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(true))
    }
    /// Itself, if the stanza is in no store and is not being written to one.
    fn unstored(self: Arc<Self>) -> Option<Arc<Kept>> {
        None
    }
}

/// A message in a mailbox that may be in a store too. Which hook stores it, it is told by the packet's
/// [notes](Notes::keeping) at Undelivered.
#[derive(Default)]
pub struct Kept {
    state: Mutex<State>,
    /// Notified when a write has ended.
    written: Notify,
}

#[derive(Default)]
enum State {
    /// In memory only.
    #[default]
    Memory,
    /// On its way to the store; whether a write has begun, and what has become of the message meanwhile.
    Writing {
        begun: bool,
        fate: Option<Fate>,
    },
    Stored(Arc<dyn Receipt>),
    /// The store did not take it, for this reason.
    Refused(StanzaError),
}

#[derive(Clone, Copy)]
enum Fate {
    Delivered,
    Returned,
}

impl Fate {
    fn tell(self, receipt: &dyn Receipt) {
        match self {
            Self::Delivered => receipt.delivered(),
            Self::Returned => receipt.returned(),
        }
    }
}

impl Kept {
    /// It is on its way to the store.
    pub(crate) fn wait(&self) {
        *self.state.lock() = State::Writing { begun: false, fate: None };
    }

    /// A write to the store has begun; its end is told by [`stored`](Self::stored) or [`refused`](Self::refused).
    pub fn begin(&self) {
        if let State::Writing { begun, .. } = &mut *self.state.lock() {
            *begun = true;
        }
    }

    /// Nobody stores it.
    pub(crate) fn end_unless_begun(&self) {
        let mut state = self.state.lock();
        if matches!(*state, State::Writing { begun: false, .. }) {
            *state = State::Memory;
            drop(state);
            self.written.notify_waiters();
        }
    }

    /// The write has committed; `receipt` is the store's.
    pub fn stored(&self, receipt: Arc<dyn Receipt>) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Stored(receipt.clone()));
        self.written.notify_waiters();
        if let State::Writing { fate: Some(fate), .. } = before {
            fate.tell(&*receipt);
        }
    }

    /// The write has failed; the error is for the sender.
    pub fn refused(&self, error: StanzaError) {
        *self.state.lock() = State::Refused(error);
        self.written.notify_waiters();
    }

    pub(crate) fn is_refused(&self) -> bool {
        matches!(*self.state.lock(), State::Refused(_))
    }

    /// Waits for the end of a write, if there is one.
    pub(crate) async fn ended(&self) -> Result<bool, StanzaError> {
        loop {
            let mut written = std::pin::pin!(self.written.notified());
            written.as_mut().enable();
            match &*self.state.lock() {
                State::Memory => return Ok(false),
                State::Stored(_) => return Ok(true),
                State::Refused(error) => return Err(error.clone()),
                State::Writing { .. } => {}
            }
            written.await;
        }
    }

    fn fare(&self, fate: Fate) {
        let receipt = match &mut *self.state.lock() {
            State::Writing { fate: so_far, .. } => {
                so_far.get_or_insert(fate);
                return;
            }
            State::Stored(receipt) => receipt.clone(),
            State::Memory | State::Refused(_) => return,
        };
        fate.tell(&*receipt);
    }
}

impl Receipt for Kept {
    fn delivered(&self) {
        self.fare(Fate::Delivered);
    }

    fn returned(&self) {
        self.fare(Fate::Returned);
    }

    fn is_stored(&self) -> bool {
        matches!(*self.state.lock(), State::Stored(_))
    }

    fn settled(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { self.ended().await.unwrap_or(false) })
    }

    fn unstored(self: Arc<Self>) -> Option<Arc<Self>> {
        let unstored = matches!(*self.state.lock(), State::Memory | State::Refused(_));
        unstored.then_some(self)
    }
}
