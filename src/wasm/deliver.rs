//! Calls for stanzas that are about to be delivered: one for all recipients on a domain.

use std::sync::Arc;

use kernel::{Kernel, Packet, Ruling, Verdict};
use xmpp::{Jid, Kind, StanzaError};

use crate::bindings::exports::castling::plugin::before_deliver::Ruling as Said;
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::{Failure, FailureKind};
use crate::hook::{Hook, Policy};
use crate::instance::Instance;
use crate::module::stored;
use crate::stats::HookCounters;

impl Deployment {
    /// Rules on every recipient on which nobody has ruled yet.
    pub(crate) fn rule(
        self: &Arc<Self>,
        counters: &HookCounters,
        kernel: &Arc<Kernel>,
        packet: &mut Packet,
        domain: u32,
    ) -> Verdict {
        let open: Vec<usize> =
            (0..packet.recipients.len()).filter(|at| packet.recipients[*at].ruling.is_none()).collect();
        if open.is_empty() {
            return Verdict::Continue;
        }
        let said = self.before_deliver(counters, kernel, packet, &open, domain);
        let refused = || match packet.stanza.kind() {
            Kind::Presence => Ruling::Drop,
            _ => Ruling::Reject(StanzaError::not_acceptable()),
        };
        let refused = refused();
        for (at, said) in open.into_iter().zip(said) {
            packet.recipients[at].ruling = match said {
                Said::Pass => None,
                Said::Drop => Some(Ruling::Drop),
                Said::Reject => Some(refused.clone()),
            };
        }
        Verdict::Continue
    }

    fn before_deliver(
        self: &Arc<Self>,
        counters: &HookCounters,
        kernel: &Arc<Kernel>,
        packet: &Packet,
        open: &[usize],
        domain: u32,
    ) -> Vec<Said> {
        let mut subject = stored(self, kernel, packet, domain);
        let of_each: Vec<u32> = open.iter().map(|at| facts_of(packet, *at, subject.facts)).collect();
        let jids: Arc<[Jid]> = open.iter().map(|at| packet.recipients[*at].account.jid().clone()).collect();
        subject.recipients = Some(jids);
        let filter = |instance: &mut Instance, head| {
            let text = std::mem::take(&mut instance.text);
            let Some(guest) = instance.before_deliver.take() else {
                wasmtime::bail!("before-deliver is not exported")
            };
            let said = guest.call_filter(instance.store(), head, &text, &of_each);
            (instance.text, instance.before_deliver) = (text, Some(guest));
            said
        };
        let whole = |said: Vec<Said>, _: &mut _| match said.len() == open.len() {
            true => Ok(said),
            false => {
                let text = format!("{} rulings on {} recipients", said.len(), open.len());
                Err(Failure::new(FailureKind::Verdict, text))
            }
        };
        match self.ask(Hook::BeforeDeliver, counters, &subject, filter, whole) {
            Ok(said) => {
                said.iter().for_each(|ruling| counters.verdict(*ruling as usize));
                said
            }
            Err(failure) => {
                counters.failure(failure.kind);
                let ruling = match self.policy(Hook::BeforeDeliver) {
                    Policy::Open => Said::Pass,
                    Policy::Reject => Said::Reject,
                    Policy::Drop => Said::Drop,
                };
                vec![ruling; open.len()]
            }
        }
    }
}

/// The facts of the stanza, as they are for one recipient.
fn facts_of(packet: &Packet, at: usize, all: u32) -> u32 {
    let recipient = &packet.recipients[at];
    let bare = if recipient.to.is_bare() { facts::TO_BARE } else { 0 };
    let available = if recipient.account.is_available() { facts::IS_AVAILABLE } else { 0 };
    (all & !facts::TO_BARE) | facts::TO_LOCAL | bare | available
}
