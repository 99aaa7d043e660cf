//! The place of a plugin that cannot be loaded: its failure policies apply.

use std::sync::Arc;

use hashbrown::HashMap;
use kernel::{About, Module, Order, Packet, Registrar, Verdict};
use xmpp::StanzaError;

use crate::failure::FailureKind;
use crate::hook::{Hook, Policy};
use crate::job::Job;
use crate::memory::Memory;
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
}

impl Absent {
    pub fn new(
        memory: Arc<Memory>,
        guards: bool,
        jobs: Vec<Job>,
        name: Arc<str>,
        domains: HashMap<String, u32>,
    ) -> Self {
        Self { memory, guards, jobs, name, domains }
    }
}

impl Module for Absent {
    fn about(&self) -> About {
        About { name: self.name.clone(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let Some(domain) = self.domains.get(registrar.host().name()).copied() else { return };
        let order = if self.guards { Order::Guard } else { Order::Normal };
        let open = self.jobs.iter().enumerate().filter(|(_, job)| job.policy != Policy::Open);
        for (index, job) in open {
            let Some(interest) = job.interest() else { continue };
            let counters = self.memory.stats.hook(job.hook, domain);
            let absent = self.clone();
            registrar.hook(job.hook.stage(), order, interest, move |_, packet| {
                absent.jobs.get(index).map_or(Verdict::Continue, |job| judge(job, packet, &counters))
            });
        }
    }
}

fn judge(job: &Job, packet: &Packet, counters: &HookCounters) -> Verdict {
    if (job.hook == Hook::ClientIn && packet.client().is_none()) || !job.wants(&packet.stanza) {
        return Verdict::Continue;
    }
    counters.failure(FailureKind::Absent);
    match (job.hook, job.policy) {
        (Hook::ClientIn, policy) => verdict::failed(policy, FailureKind::Absent, &packet.stanza),
        (Hook::BeforeOffline, Policy::Reject) => Verdict::Reject(StanzaError::service_unavailable()),
        (Hook::BeforeOffline, _) => Verdict::Drop,
    }
}
