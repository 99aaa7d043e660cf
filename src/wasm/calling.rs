//! Calls of a deployment's hooks: whether one is made, and what follows from its failure.

use std::sync::Arc;
use std::time::Duration;

use kernel::Verdict;
use xmpp::{ElementLimits, Jid};

use crate::bindings::castling::plugin::types::Head;
use crate::bindings::exports::castling::plugin::before_offline::Storing;
use crate::breaker::{Admission, Breaker, Consequence};
use crate::cpu_time::cpu_time;
use crate::deployment::Deployment;
use crate::failure::{Failure, FailureKind, LastFailure};
use crate::head;
use crate::hook::{Hook, Policy};
use crate::instance::{Instance, RESTART};
use crate::manifest::Want;
use crate::pool::Seat;
use crate::sampling::Sampling;
use crate::scope::Domain;
use crate::service::Caller;
use crate::stats::HookCounters;
use crate::subject::Subject;
use crate::timing::Time;
use crate::verdict;

/// CPU time of one call to a filter.
const CALL: Duration = Duration::from_millis(5);
/// The most characters of a stanza's id that are remembered.
const STANZA_ID: usize = 128;

/// The calls that one breaker judges.
struct Calls<'a> {
    breaker: &'a Breaker,
    domain: &'a str,
    /// Those for log-ins, or all others.
    log_ins: bool,
}

impl Deployment {
    /// Calls the hook for a stanza that enters the server. `limits`: what a changed stanza must keep.
    pub(crate) fn judge_entry(
        self: &Arc<Self>,
        hook: Hook,
        counters: &HookCounters,
        subject: &Subject<'_>,
        limits: impl FnOnce() -> ElementLimits,
    ) -> Verdict {
        let (rights, stanza) = (self.scope.rights, subject.stanza);
        let filter = |instance: &mut Instance, head| instance.judge_entry(hook, head);
        let said = self.ask(hook, counters, subject, filter, |said, time| {
            let index = verdict::index(&said);
            // No deadline holds for what the server makes of the answer.
            let begun = verdict::changes(&said).then(cpu_time);
            let made = verdict::convert(said, stanza, rights, limits);
            time.judged = begun.map_or(Duration::ZERO, |begun| cpu_time().saturating_sub(begun));
            made.map(|verdict| (index, verdict))
        });
        match said {
            Ok((index, verdict)) => {
                counters.verdict(index);
                verdict
            }
            Err(failure) => {
                counters.failure(failure.kind);
                verdict::failed(self.policy(hook), failure.kind, stanza)
            }
        }
    }

    /// Calls the hook for a stanza about to be stored.
    pub(crate) fn before_offline(
        self: &Arc<Self>,
        counters: &HookCounters,
        subject: &Subject<'_>,
    ) -> Storing {
        let filter = |instance: &mut Instance, head| {
            let text = std::mem::take(&mut instance.text);
            let Some(guest) = instance.before_offline.take() else {
                wasmtime::bail!("before-offline is not exported")
            };
            let said = guest.call_filter(instance.store(), head, &text);
            (instance.text, instance.before_offline) = (text, Some(guest));
            said
        };
        match self.ask(Hook::BeforeOffline, counters, subject, filter, |said, _| Ok(said)) {
            Ok(storing) => {
                counters.verdict(match storing {
                    Storing::Keep => 0,
                    Storing::Discard => 1,
                    Storing::Bounce => 2,
                    Storing::KeepFor(_) => 3,
                });
                storing
            }
            Err(failure) => {
                counters.failure(failure.kind);
                match self.policy(Hook::BeforeOffline) {
                    Policy::Open => Storing::Keep,
                    Policy::Reject => Storing::Bounce,
                    Policy::Drop => Storing::Discard,
                }
            }
        }
    }

    pub(crate) fn policy(&self, hook: Hook) -> Policy {
        self.job(hook).map_or(Policy::Open, |job| job.policy)
    }

    /// Makes a call, unless its share of CPU time or the breaker of its domain forbids it. An answer that `judge` refuses is a
    /// failure as well.
    pub(crate) fn ask<R, T>(
        self: &Arc<Self>,
        hook: Hook,
        counters: &HookCounters,
        subject: &Subject<'_>,
        run: impl FnOnce(&mut Instance, Head) -> wasmtime::Result<R>,
        judge: impl FnOnce(R, &mut Time) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let domain = subject.domain;
        let (Some(breakers), Some(on)) = (self.breakers.get(&domain), self.scope.domains.get(&domain)) else {
            return Err(Failure::new(FailureKind::Host, "the plugin is not enabled on this domain"));
        };
        self.has_share(on, subject)?;
        let admission = breakers.of(hook).admit(|| subject.sender(), || self.scope.now_ms());
        match admission {
            Admission::Closed | Admission::Trial => {}
            Admission::Open => return Err(Failure::new(FailureKind::Open, "the plugin is suspended")),
            Admission::Blamed => return Err(Failure::new(FailureKind::Blamed, "it fails for this sender")),
        }
        counters.calls.inc();
        let want = self.job(hook).map_or(Want::Head, |job| job.want);
        let mut time = Time::default();
        let begins = |sampling: &mut Sampling, time: &mut Time| self.begins(sampling, on, counters, time);
        let answer = self.call(subject, want, &mut time, begins, run);
        let answer = answer.and_then(|said| judge(said, &mut time));
        self.account(on, counters, &time, subject);
        let failure = answer.as_ref().err();
        if failure.is_some() || admission == Admission::Trial {
            self.concluded(failure, hook, admission, domain, &subject.caller());
        }
        answer
    }

    /// What follows from the outcome of a call.
    pub(crate) fn concluded(
        &self,
        failure: Option<&Failure>,
        hook: Hook,
        admission: Admission,
        domain: u32,
        caller: &Caller,
    ) {
        let (Some(breakers), Some(on)) = (self.breakers.get(&domain), self.scope.domains.get(&domain)) else {
            return;
        };
        let calls = Calls { breaker: breakers.of(hook), domain: &on.name, log_ins: hook.is_log_in() };
        let trial = admission == Admission::Trial;
        match failure {
            None if trial => {
                calls.breaker.recovered();
                let Calls { domain, log_ins, .. } = calls;
                tracing::info!(plugin = &*self.scope.name, domain, log_ins, "plugin is called again");
            }
            None => {}
            Some(failure) => {
                self.log(failure, on, caller);
                self.failed(&calls, failure, trial, caller);
            }
        }
    }

    /// After a failure the instance is discarded: a trap poisons its store.
    fn call<R>(
        self: &Arc<Self>,
        subject: &Subject<'_>,
        want: Want,
        time: &mut Time,
        begins: impl FnOnce(&mut Sampling, &mut Time),
        run: impl FnOnce(&mut Instance, Head) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let domain = subject.domain;
        let mut seat = self.pool.seat();
        self.ticker.call();
        if seat.lacks_one() {
            drop(seat);
            let now = self.scope.services.clock.monotonic();
            seat = self.pool.refilled(now, || self.rebuild(domain))?;
        }
        // What one domain's settings do to new instances must not hold up others again and again, nor cost them theirs.
        if !seat.knows(domain)
            && let Some(why) = self.pool.broken(domain, self.scope.services.clock.monotonic())
        {
            return Err(why);
        }
        begins(&mut seat.sampling, time);
        let mut ready = self.ready(&mut seat, domain, time);
        if matches!(&ready, Err(failure) if failure.kind == FailureKind::Exhausted) {
            drop(seat);
            seat = self.pool.occupied().unwrap_or_else(|| self.pool.seat());
            ready = self.ready(&mut seat, domain, time);
        }
        let said = ready.and_then(|()| seat.filled()).and_then(|instance| {
            let head = head::pack(subject, want, &mut instance.text);
            time.reached = true;
            let said = instance.run(Some(subject.call()), CALL, |instance| run(instance, head));
            time.spent = instance.take_spent();
            said
        });
        if said.is_err() {
            let knew = seat.instance.as_ref().map_or_else(Vec::new, |instance| instance.known());
            let knew = if knew.contains(&domain) { knew } else { [knew, vec![domain]].concat() };
            (seat.instance, seat.failed, seat.knew) = (None, true, knew);
            drop(seat);
            self.scope.memory.discarded.inc();
            self.rebuild(domain);
        }
        said
    }

    fn rebuild(self: &Arc<Self>, domain: u32) {
        let this = Arc::downgrade(self);
        self.scope.services.rebuilder.rebuild(this, domain);
    }

    /// Fills a seat that has no instance, and lets that read the settings of a domain. The time is counted, also if that fails.
    fn ready(&self, seat: &mut Seat, domain: u32, time: &mut Time) -> Result<(), Failure> {
        if seat.knows(domain) {
            return Ok(());
        }
        let begun = cpu_time();
        let made = self.fill(seat, domain);
        time.started += cpu_time().saturating_sub(begun);
        made
    }

    pub(crate) fn fill(&self, seat: &mut Seat, domain: u32) -> Result<(), Failure> {
        if seat.instance.is_none() {
            let made = Instance::start(self.filters()?, &self.scope, self.why, RESTART)?;
            seat.instance = Some(Box::new(made));
        }
        let instance = seat.filled()?;
        let known = instance.configure(domain, RESTART).map_err(Failure::from);
        instance.take_spent(); // it is counted by the caller
        if let Err(why) = &known {
            self.pool.broke(domain, why.clone(), self.scope.services.clock.monotonic());
        }
        known
    }

    fn log(&self, failure: &Failure, on: &Domain, caller: &Caller) {
        let (session, (stanza, id)) = (caller.session, &caller.stanza);
        let (plugin, version, domain) = (&*self.scope.name, self.plugin.version(), &*on.name);
        let (kind, error) = (failure.kind.name(), &*failure.message);
        self.scope.memory.stats.failed(LastFailure {
            at_us: self.scope.services.clock.now_us(),
            kind,
            message: failure.message.clone(),
            domain: domain.to_owned(),
            session,
            stanza: id.chars().take(STANZA_ID).collect(),
            backtrace: failure.backtrace.clone(),
        });
        let Some(suppressed) = on.memory.failures.take(self.scope.now_ms()) else { return };
        if failure.kind == FailureKind::Host {
            tracing::error!(
                plugin,
                version,
                domain,
                session,
                error,
                suppressed,
                "internal error while calling a plugin"
            );
        } else {
            tracing::warn!(
                plugin,
                version,
                domain,
                session,
                stanza,
                kind,
                error,
                suppressed,
                "plugin failed"
            );
        }
    }

    /// Counts a failure toward the blame of its sender and the breaker.
    fn failed(&self, calls: &Calls<'_>, failure: &Failure, trial: bool, caller: &Caller) {
        let Calls { breaker, domain, log_ins } = *calls;
        let (plugin, version) = (&*self.scope.name, self.plugin.version());
        let (blamed, weight) = (caller.blamed(), failure.kind.weight());
        let name = blamed.as_ref().map_or("", Jid::as_str);
        match breaker.failed(caller.sender.clone(), blamed.as_ref(), weight, trial, self.scope.now_ms()) {
            Consequence::Nothing => {}
            Consequence::Blamed => tracing::warn!(
                plugin,
                version,
                domain,
                log_ins,
                sender = name,
                "plugin is not called for this sender for a minute: it has failed for it repeatedly"
            ),
            Consequence::Opened => {
                tracing::warn!(
                    plugin,
                    version,
                    domain,
                    log_ins,
                    "plugin suspended: it has failed for several senders"
                );
            }
            Consequence::Parked => tracing::error!(
                plugin,
                version,
                domain,
                log_ins,
                "plugin suspended until it is reloaded: it has failed for several senders again and again"
            ),
        }
    }
}
