//! Messages that lie with sessions which only wait to be resumed are in the store as well: what was acknowledged to their
//! senders is not lost with the process. Once the client or another session has one, it is deleted from the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use xmpp::{ErrorType, Kind, StanzaType};

use crate::account::AccountState;
use crate::delivery::arrival::merge;
use crate::delivery::deliver::Writing;
use crate::delivery::gate::ToKeep;
use crate::session::Session;
use crate::{Account, Item, Kept, Kernel, Notes, Origin, Packet, Recipient, Recipients, Stage};

/// Whether a message would be stored if its session had ended (RFC 6121 section 8.5.4).
fn is_kept(item: &Item) -> bool {
    let kind = item.stanza.stanza_type();
    item.stanza.kind() == Kind::Message
        && !item.alone
        && !matches!(kind, StanzaType::Error | StanzaType::Groupchat | StanzaType::Headline)
}

/// Its place in the store, if it is not in one.
fn unstored(item: &mut Item) -> Option<Arc<Kept>> {
    match item.receipt.clone() {
        Some(receipt) => receipt.unstored(),
        None => {
            let kept = Arc::<Kept>::default();
            item.receipt = Some(kept.clone());
            Some(kept)
        }
    }
}

impl Item {
    /// Called before it is given to sessions some of which wait: if no other takes it, it is stored.
    pub(crate) fn keep_if_wanted(&mut self, state: &AccountState) -> Option<Arc<Kept>> {
        let wanted = is_kept(self) && state.sessions.iter().any(|session| session.is_waiting());
        if wanted { unstored(self) } else { None }
    }
}

impl Kernel {
    /// Only sessions that wait have taken this message: stores it before it counts as handled.
    pub(crate) fn keep(
        self: &Arc<Self>,
        account: &Arc<Account>,
        state: &mut AccountState,
        packet: Box<Packet>,
        kept: Arc<Kept>,
    ) {
        self.queue_to_keep(account, state, ToKeep { packet, kept, new: true });
    }

    /// A session waits from now on: stores the messages that its client has not acknowledged, in order, unless another
    /// session has them, or they are stored already. Returns when they are; if the store fails for a while, they are
    /// stored as soon as it can be written.
    pub(crate) async fn keep_all(self: &Arc<Self>, account: &Arc<Account>) {
        if self.keep_unstored(account).await {
            return;
        }
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("keep later", async move {
            loop {
                tokio::select! {
                    () = kernel.store().recovered() => {}
                    () = kernel.runtime().tasks.drained_signal() => return,
                }
                if kernel.keep_unstored(&account).await {
                    return;
                }
            }
        });
    }

    /// `false` if it is worth trying again.
    async fn keep_unstored(self: &Arc<Self>, account: &Arc<Account>) -> bool {
        let kept: Vec<_> = {
            let mut state = account.state.lock();
            let items = state.unstored();
            let kept = items.iter().map(|(_, kept)| kept.clone()).collect();
            for (item, kept) in items {
                let packet = self.left_packet(account, item);
                self.queue_to_keep(account, &mut state, ToKeep { packet, kept, new: false });
            }
            kept
        };
        let mut done = true;
        for kept in kept {
            // A message that nobody stores stays in memory.
            done &= !kept.ended().await.is_err_and(|error| error.kind == ErrorType::Wait);
        }
        done
    }

    /// As if its session had ended.
    fn left_packet(&self, account: &Arc<Account>, mut item: Item) -> Box<Packet> {
        item.stamp(account.host().jid());
        let to = item.stanza.to().unwrap_or(account.jid()).clone();
        let origin = Origin::Host(account.host().clone());
        let mut packet = Packet::new(item.stanza, origin, account.host().clone(), self.tables());
        packet.recipients = Recipients::One(Recipient::new(to, account.clone()));
        packet.received = true;
        packet.notes = Notes { received_us: item.received_us, redelivered: true, ..Notes::default() };
        packet
    }

    /// Counted as a write before the account's lock is released: a session that comes online now waits for it.
    fn queue_to_keep(self: &Arc<Self>, account: &Arc<Account>, state: &mut AccountState, one: ToKeep) {
        one.kept.wait();
        if !state.gate.keep(one) {
            return;
        }
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("keep", async move {
            loop {
                let next = account.state.lock().gate.next_to_keep();
                let Some(next) = next else { return };
                kernel.keep_one(&account, next).await;
            }
        });
    }

    /// Begins the write; its end is waited for by a task, so that several are committed together.
    async fn keep_one(self: &Arc<Self>, account: &Arc<Account>, one: ToKeep) {
        let ToKeep { packet, kept, new } = one;
        let (writing, in_flight) = (Writing::begun(account.clone()), packet.guard.write());
        let copy = packet.recipients.first().filter(|_| new).map(|recipient| packet.only(recipient));
        self.store_message(packet, &kept).await;
        let (kernel, account) = (self.clone(), account.clone());
        self.runtime().tasks.spawn("kept", async move {
            let settled = kept.ended().await;
            drop(writing);
            if let (Err(error), Some(copy)) = (settled, copy)
                && account.take_back(&kept)
            {
                kernel.bounce(copy, error).await;
            }
            drop(in_flight);
        });
    }

    /// Passes a message through the stage Undelivered, as if its session had ended: it is stored, or not.
    async fn store_message(self: &Arc<Self>, mut packet: Box<Packet>, kept: &Arc<Kept>) {
        let gone = packet.recipient().is_none_or(|account| account.state.lock().deleted);
        if !gone && !self.is_denied_in_absence(&packet) {
            packet.notes.keeping = Some(kept.clone());
            drop(self.stage(Stage::Undelivered, packet).await);
        }
        kept.end_unless_begun();
    }
}

impl AccountState {
    /// Messages that only sessions which wait hold, and that are in no store, in the order of their arrival.
    fn unstored(&self) -> Vec<(Item, Arc<Kept>)> {
        let mut holders: HashMap<*const AtomicUsize, usize> = HashMap::new();
        let waiting = || self.sessions.iter().filter(|session| session.is_waiting());
        let each = |session: &Arc<Session>, run: &mut dyn FnMut(&mut Item)| {
            session.mailbox.each(&mut |item: &mut Item| {
                if is_kept(item) {
                    run(item)
                }
            });
        };
        for session in waiting() {
            each(session, &mut |item| {
                if let Some(copies) = &item.copies {
                    *holders.entry(Arc::as_ptr(copies)).or_default() += 1;
                }
            });
        }
        let mut found: Vec<Vec<(Item, Arc<Kept>)>> = Vec::new();
        let mut made: HashMap<*const AtomicUsize, Arc<Kept>> = HashMap::new();
        for session in waiting() {
            let mut own = Vec::new();
            each(session, &mut |item| {
                let copies =
                    item.copies.as_ref().map(|copies| (Arc::as_ptr(copies), copies.load(Ordering::Acquire)));
                if let Some((at, count)) = copies {
                    if holders.get(&at) != Some(&count) {
                        return; // another session has it
                    }
                    if let Some(kept) = made.get(&at) {
                        item.receipt = Some(kept.clone());
                        return;
                    }
                }
                let Some(kept) = unstored(item) else { return };
                if let Some((at, _)) = copies {
                    made.insert(at, kept.clone());
                }
                own.push((item.clone(), kept));
            });
            found.push(own);
        }
        merge(found, |(item, _)| item.received_us)
    }
}

impl Account {
    /// Takes a message back that the store has refused; `false` if a client may have got it by now.
    fn take_back(&self, kept: &Arc<Kept>) -> bool {
        let state = self.state.lock();
        if !kept.is_refused() {
            return false; // a session has broken meanwhile, and it is being stored once more
        }
        let is_it = |item: &Item| {
            item.receipt
                .as_ref()
                .is_some_and(|receipt| std::ptr::addr_eq(Arc::as_ptr(receipt), Arc::as_ptr(kept)))
        };
        let holds = |session: &&Arc<Session>| {
            let mut holds = false;
            session.mailbox.each(&mut |item: &mut Item| holds |= is_it(item));
            holds
        };
        if state.sessions.iter().any(|session| !session.is_waiting() && holds(&session)) {
            return false;
        }
        let mut taken = false;
        for session in &state.sessions {
            taken |= session.mailbox.remove(&is_it);
        }
        taken
    }
}
