//! The place of a plugin that cannot be loaded: its failure policies apply.

use std::sync::Arc;

use hashbrown::HashMap;
use kernel::{About, Module, Order, Packet, Registrar, Ruling, Verdict};
use xmpp::{Jid, Kind, StanzaError};

use crate::deployment::DomainSettings;
use crate::failure::FailureKind;
use crate::hook::{Hook, Policy};
use crate::job::Job;
use crate::memory::Memory;
use crate::service::{self, Vacant};
use crate::stats::HookCounters;
use crate::verdict;

/// Registered where the plugin would be.
pub(crate) struct Absent {
    memory: Arc<Memory>,
    guards: bool,
    jobs: Vec<Job>,
    name: Arc<str>,
    /// The numbers of its domains.
    domains: HashMap<String, u32>,
    /// The addresses that belong to it, by domain.
    addresses: HashMap<String, String>,
}

impl Absent {
    pub fn new(
        memory: Arc<Memory>,
        guards: bool,
        jobs: Vec<Job>,
        name: Arc<str>,
        domains: HashMap<String, u32>,
    ) -> Self {
        Self { memory, guards, jobs, name, domains, addresses: HashMap::new() }
    }

    /// The same with the addresses that it is given, if it takes any: what is sent there is returned.
    pub fn owning(self, domains: &[DomainSettings]) -> Self {
        let owns = self.jobs.iter().any(|job| job.hook == Hook::Service);
        let given = |one: &DomainSettings| {
            let address = one.address.as_ref().and_then(|address| Jid::domain_only(address).ok())?;
            Some((one.domain.clone(), address.domain().to_owned()))
        };
        let addresses = domains.iter().filter(|_| owns).filter_map(given).collect();
        Self { addresses, ..self }
    }
}

impl Module for Absent {
    fn about(&self) -> About {
        About { name: self.name.clone(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let Some(domain) = self.domains.get(registrar.host().name()).copied() else { return };
        if let Some(address) = self.addresses.get(registrar.host().name()) {
            let counters = self.memory.stats.hook(Hook::Service, domain);
            registrar.service(address, Arc::new(Vacant { counters }));
        }
        let order = if self.guards { Order::Guard } else { Order::Normal };
        let open = self.jobs.iter().enumerate().filter(|(_, job)| job.policy != Policy::Open);
        for (index, job) in open {
            let counters = self.memory.stats.hook(job.hook, domain);
            if job.hook == Hook::SessionGate {
                registrar.gate(move |_, _| {
                    counters.failure(FailureKind::Absent);
                    Box::pin(std::future::ready(Err(service::refusal())))
                });
                continue;
            }
            let (Some(interest), Some(stage)) = (job.interest(), job.hook.stage()) else { continue };
            let absent = self.clone();
            registrar.hook(stage, order, interest, move |_, packet| {
                absent.jobs.get(index).map_or(Verdict::Continue, |job| judge(job, packet, &counters))
            });
        }
    }
}

fn judge(job: &Job, packet: &mut Packet, counters: &HookCounters) -> Verdict {
    if !job.hook.is_for(&packet.origin) || !job.wants(&packet.stanza) {
        return Verdict::Continue;
    }
    counters.failure(FailureKind::Absent);
    match (job.hook, job.policy) {
        (hook, policy) if hook.is_entry() => verdict::failed(policy, FailureKind::Absent, &packet.stanza),
        (Hook::BeforeDeliver, policy) => {
            let refused = policy == Policy::Reject && packet.stanza.kind() != Kind::Presence;
            let ruling = || match refused {
                true => Ruling::Reject(StanzaError::not_acceptable()),
                false => Ruling::Drop,
            };
            for recipient in packet.recipients.iter_mut() {
                recipient.ruling.get_or_insert_with(ruling);
            }
            Verdict::Continue
        }
        (_, Policy::Reject) => Verdict::Reject(StanzaError::service_unavailable()),
        (_, _) => Verdict::Drop,
    }
}
