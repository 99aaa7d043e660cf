//! Redelivery of an ended session's leftovers past the account's gate, then of what queued behind them.

use std::sync::Arc;

use crate::delivery::gate::{Job, Next};
use crate::session::Session;
use crate::session::intake::Guard;
use crate::{Account, Item, Kernel, Notes, Origin, Packet, Recipient, Recipients};

impl Kernel {
    /// Runs, as a task, a job for which the gate was shut, then the queue behind it.
    pub(crate) fn run_gate(self: &Arc<Self>, account: &Arc<Account>, job: Job) {
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("gate", async move {
            job().await;
            kernel.open_gate(&account).await;
        });
    }

    /// Delivers one leftover of an ended session, past the account's gate. It is charged to the ended session
    /// as if that had sent it, so that errors keep their order.
    pub(crate) async fn redeliver(self: &Arc<Self>, session: &Arc<Session>, item: Item) {
        let account = session.account();
        let to = item.stanza.to().unwrap_or(account.jid()).clone();
        let origin = Origin::Host(account.host().clone());
        let mut packet = Packet::new(item.stanza, origin, account.host().clone(), self.tables());
        packet.recipients = Recipients::One(Recipient::new(to, account.clone()));
        packet.guard = Guard::begin(session);
        packet.received = true; // it passed the Receive stage the first time
        packet.notes = Notes {
            received_us: item.received_us,
            receipt: item.receipt,
            redelivered: true,
            ..Notes::default()
        };
        self.receive(packet, true).await;
    }

    /// Delivers what queued, then opens the gate. If a session's client turns out to read too slowly, the
    /// task that ends that session continues instead.
    pub(crate) async fn open_gate(self: &Arc<Self>, account: &Arc<Account>) {
        loop {
            let next = account.state.lock().gate.next();
            match next {
                Next::Job(job) => job().await,
                Next::Packet(packet) => {
                    if !self.receive(packet, true).await {
                        return;
                    }
                }
                Next::Open => return,
            }
        }
    }
}
