//! XEP-0160: messages for accounts that are not online are kept, and delivered with the time of their coming
//! (XEP-0203) to the first resource that becomes available with a priority that is not negative.

mod pending;
mod reader;
mod retention;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use kernel::{
    About, Account, BoxFuture, Interest, Kernel, Module, Order, Packet, Registrar, Scope, SessionEvent,
    SessionEventKind, Stage, State, Target, Verdict, log_failure,
};
use serde_json::Value;
use settings::{Limit, group, number};
use storage::{OfflineError, OfflineId};
use xmpp::{Framing, Kind, Stanza, StanzaError, StanzaType, delay, ns};

use crate::OptionError;
use crate::options;
use pending::{PendingDeliveries, PendingDelivery};
use reader::Reader;
use retention::Retention;
use writes::Storing;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// How often expired messages are deleted.
const SWEEP: Duration = Duration::from_secs(3600);

group! {
    /// What is kept, and for how long.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Offline {
        /// Messages kept for one account; one more is refused with `service-unavailable`. All senders that are not in its
        /// roster share a quarter.
        messages: Limit = number(500, 1..=u32::MAX.into());
        /// Days after which a message is dropped.
        days: Limit = number(0, 1..=u32::MAX.into()).zero("never");
    }
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let offline: Offline = options::read(options)?;
    Ok(Arc::new(offline))
}

impl Module for Offline {
    fn about(&self) -> About {
        About { name: "offline".into(), specifications: vec![("XEP-0160", "1.0.1"), ("XEP-0203", "2.0")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::OFFLINE);
        let kept = [StanzaType::None, StanzaType::Normal, StanzaType::Chat];
        let pending = registrar.state();
        registrar.hook(Stage::Undelivered, Order::Late, Interest::types(Kind::Message, &kept), {
            move |kernel, packet| self.keep(kernel, packet, pending)
        });
        // Messages may have come.
        registrar
            .rewritten(move |_, rewritten| Storing::begin(pending.of(rewritten.account).clone()).settled());
        registrar.session(SessionEventKind::Available, move |kernel, event| {
            read_back(kernel, event, pending);
            Box::pin(std::future::ready(()))
        });
        registrar.every(SWEEP, Scope::Server, |kernel| Box::pin(sweep(kernel)));
    }
}

impl Offline {
    /// Queues the write and lets the sender read on; the message counts as handled only after the commit.
    /// A message that sessions have which wait to be resumed is marked as under way: no other session reads it back.
    fn keep(
        &self,
        kernel: &Arc<Kernel>,
        packet: &mut Packet,
        pending: State<Account, Arc<PendingDeliveries>>,
    ) -> Verdict {
        let Some(account) = packet.recipient().cloned() else { return Verdict::Continue };
        if retention::of(&packet.stanza) == Retention::Discard {
            return Verdict::Drop;
        }
        if packet.notes.received_us == 0 {
            packet.notes.received_us = kernel.now_us();
        }
        let received_us = packet.notes.received_us;
        let stanza = match packet.notes.redelivered {
            true => packet.stanza.clone(), // stamped when its session ended
            false => packet.stanza.append(&delay::delay(account.host().jid(), received_us, None)),
        };
        let expires_us = self.expiry(received_us, packet.notes.keep_for);
        // What a session had when its connection broke is acknowledged already, and bounded by its mailbox.
        let accepted = packet.notes.keeping.is_some() && packet.notes.redelivered;
        let limit = self.messages.get().filter(|_| !accepted);
        let limit = limit.map(|limit| u32::try_from(limit.get()).unwrap_or(u32::MAX));
        let xml = stanza.to_bytes(Framing::Inherit).into();
        let sender = packet.other(&account).map(xmpp::Jid::bare);
        let pending = pending.of(&account).clone();
        let storing = Storing::begin(pending.clone());
        let offline = kernel.store().offline();
        let write = offline.store_later(account.id(), xml, sender, received_us, expires_us, limit);
        match packet.notes.keeping.clone() {
            None => {
                let kernel = kernel.clone();
                packet.settle(Box::pin(async move {
                    outcome(write.await, storing)?;
                    kernel.counters().stored.inc();
                    Ok(())
                }));
            }
            Some(kept) => {
                kept.begin();
                let kernel = kernel.clone();
                packet.settle(Box::pin(async move {
                    match outcome(write.await, storing) {
                        Ok(id) => {
                            kernel.counters().stored.inc();
                            kept.stored(PendingDelivery::begin(kernel, account, pending, id));
                        }
                        Err(error) => kept.refused(error),
                    }
                    Ok(())
                }));
            }
        }
        Verdict::Handled
    }

    /// When a message expires, UTC microseconds: by the option, or earlier or later if a hook has set it.
    fn expiry(&self, received_us: i64, keep_for: Option<u32>) -> Option<i64> {
        let days = self.days.get().and_then(|days| i64::try_from(days.get()).ok());
        let days = days.map(|days| days.saturating_mul(DAY_US));
        let keep = keep_for.map(|seconds| i64::from(seconds) * SECOND_US).or(days)?;
        Some(received_us.saturating_add(keep))
    }
}

/// A write that the database failed under may yet be committed: it stays open.
fn outcome(
    written: Result<OfflineId, OfflineError>,
    storing: Storing<PendingDeliveries>,
) -> Result<OfflineId, StanzaError> {
    match written {
        Ok(id) => {
            storing.settled();
            Ok(id)
        }
        Err(OfflineError::Full) => {
            storing.settled();
            Err(StanzaError::service_unavailable().text("the recipient's offline storage is full"))
        }
        Err(OfflineError::Storage(error)) => Err(kernel::failed(&error, "cannot store an offline message")),
    }
}

fn sweep(kernel: &Arc<Kernel>) -> impl Future<Output = ()> + Send + 'static {
    let purge = kernel.store().offline().purge_expired(kernel.now_us());
    async move {
        if let Err(error) = purge.await {
            log_failure(&error, "cannot delete expired offline messages");
        }
    }
}

/// A session starts to take messages: the stored ones of its account are read back.
fn read_back(kernel: &Arc<Kernel>, event: &SessionEvent, pending: State<Account, Arc<PendingDeliveries>>) {
    let Some(backlog) = event.take_backlog() else { return };
    let account = event.resource.account();
    let reader = Arc::new(Reader::new(kernel, account, pending.of(account)));
    kernel.read_back(backlog, move |from_start| -> BoxFuture<'static, _> {
        let reader = reader.clone();
        Box::pin(async move { reader.next(from_start).await })
    });
}

/// Parses a stored message.
fn restore(xml: &[u8]) -> Option<Stanza> {
    Stanza::parse_str(std::str::from_utf8(xml).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_message_goes() {
        let never = Offline::default();
        assert_eq!(never.expiry(5, None), None);
        assert_eq!(never.expiry(5, Some(2)), Some(2 * SECOND_US + 5));
        let week = Offline { days: Limit::of(7), ..never };
        assert_eq!(week.expiry(0, None), Some(7 * DAY_US));
        assert_eq!(week.expiry(0, Some(0)), Some(0));
        assert_eq!(
            Offline { days: Limit::of(u32::MAX.into()), ..never }.expiry(i64::MAX, None),
            Some(i64::MAX)
        );
    }
}
