//! Calls of a service: whether one is made, what it costs, and what follows from its failure.

use std::time::Duration;

use kernel::BoxFuture;
use tokio::time::Instant;
use wasmtime::Store;
use xmpp::Jid;

use crate::breaker::{Admission, Breaker};
use crate::deployment::Deployment;
use crate::failure::{Failure, FailureKind};
use crate::hook::Hook;
use crate::scope::Domain;
use crate::service::guests::Guests;
use crate::service::instance::{About, Budget, ServiceInstance};
use crate::service::pool::Seat;
use crate::share::Room;
use crate::state::StoreData;

/// How long a log-in or an event waits until it asks again whether there is CPU time for it.
const AGAIN: Duration = Duration::from_millis(50);

/// On whose behalf a call is made.
#[derive(Clone, Default)]
pub(crate) struct Caller {
    /// Who is answerable for it: an account, a remote domain, or the address of somebody who logs in; `None`: the server itself.
    pub sender: Option<Jid>,
    /// Whom it is not made for any more after failures, if not for the sender: a name that logs in from an address. So nobody takes a
    /// name from its owner, or log-ins from all who share an address.
    pub attempt: Option<Jid>,
    /// The number of the session; 0: none.
    pub session: u64,
    /// The kind and `id` of the stanza, for the log.
    pub stanza: (&'static str, String),
}

/// A call of a service.
pub(crate) struct Asked {
    pub hook: Hook,
    pub about: About,
    pub caller: Caller,
    pub budget: Budget,
    /// Whether it has an instance that was made for it and goes with it.
    pub alone: bool,
}

/// Leave to make a call.
pub(crate) struct Leave<'a> {
    admission: Admission,
    _seat: Seat<'a>,
}

impl Caller {
    /// Who is blamed for failures.
    pub fn blamed(&self) -> Option<Jid> {
        self.attempt.clone().or_else(|| self.sender.clone())
    }
}

impl Budget {
    /// For requests, commands, timers and events.
    pub const WORK: Self = Self { cpu: Duration::from_secs(2), wall: Duration::from_secs(10) };
    /// For what keeps a client from logging in.
    pub const LOG_IN: Self = Self { cpu: Duration::from_millis(100), wall: Duration::from_secs(5) };
}

impl Deployment {
    /// Makes a call, unless its share of CPU time or the breaker of its domain forbids it.
    pub(crate) async fn serve<R>(
        &self,
        asked: Asked,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
    ) -> Result<R, Failure> {
        let leave = self.leave(&asked).await?;
        self.call_with(leave, asked, run, Ok).await
    }

    /// Waits for leave to make a call: for as long as it takes if it is about an event.
    pub(crate) async fn leave(&self, asked: &Asked) -> Result<Leave<'_>, Failure> {
        let leave = self.seated(asked).await;
        if let Err(failure) = &leave {
            self.scope.memory.stats.hook(asked.hook, asked.about.domain).failure(failure.kind);
        }
        leave
    }

    async fn seated(&self, Asked { hook, about, caller, budget, .. }: &Asked) -> Result<Leave<'_>, Failure> {
        let domain = about.domain;
        let (Some(breakers), Some(on)) = (self.breakers.get(&domain), self.scope.domains.get(&domain)) else {
            return Err(Failure::new(FailureKind::Host, "the plugin is not enabled on this domain"));
        };
        // Many log in at once after a restart: they wait for a share that is used up. So does what is sent to a service, which waits
        // in any case.
        let for_share = if hook.is_log_in() || *hook == Hook::Service { budget.wall } else { Duration::ZERO };
        let (ends, for_seat) = match hook.is_event() {
            true => (None, None),
            false => (Some(Instant::now() + for_share), Some(budget.wall)),
        };
        loop {
            if self.has_room(on, caller) {
                let seat =
                    self.services.seat(domain, hook.is_log_in(), &self.scope.services.running, for_seat);
                let seat = seat.await?;
                if self.has_room(on, caller) {
                    return Ok(Leave { admission: self.lets_call(breakers.of(*hook), caller)?, _seat: seat });
                }
            }
            if ends.is_some_and(|ends| Instant::now() >= ends) {
                return Err(Failure::new(FailureKind::Share, "its share of CPU time is used up"));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Whether its share of CPU time is not used up.
    fn has_room(&self, on: &Domain, caller: &Caller) -> bool {
        let share = &on.memory.share;
        if !share.may_be_used_up() {
            return true;
        }
        let now = self.scope.services.clock.monotonic();
        let is_up = self.scope.services.used.is_up(now);
        share.room(now, is_up, || caller.sender.clone()) == Room::Free
    }

    fn lets_call(&self, breaker: &Breaker, caller: &Caller) -> Result<Admission, Failure> {
        match breaker.admit(|| caller.blamed(), || self.scope.now_ms()) {
            Admission::Open => Err(Failure::new(FailureKind::Open, "the plugin is suspended")),
            Admission::Blamed => Err(Failure::new(FailureKind::Blamed, "it fails for this sender")),
            admission => Ok(admission),
        }
    }

    /// Makes a call. An answer that `judge` refuses is a failure as well.
    pub(crate) async fn call_with<R, T>(
        &self,
        leave: Leave<'_>,
        asked: Asked,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
        judge: impl FnOnce(R) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (hook, domain, caller) = (asked.hook, asked.about.domain, asked.caller.clone());
        let counters = self.scope.memory.stats.hook(hook, domain);
        counters.calls.inc();
        let mut spent = Duration::ZERO;
        let answer = self.call_service(asked, &mut spent, run).await.and_then(judge);
        counters.timed();
        counters.record(spent, spent, 0);
        if let Some(on) = self.scope.domains.get(&domain) {
            let now = self.scope.services.clock.monotonic();
            // Nobody is kept from sending meanwhile: a request that waits holds up its sender anyway.
            let _ = self.scope.charge(on, now, spent, Duration::ZERO, || caller.sender.clone());
        }
        let failure = answer.as_ref().err();
        self.concluded(failure, hook, leave.admission, domain, &caller);
        if let Some(failure) = failure {
            counters.failure(failure.kind);
        }
        answer
    }

    /// After a failure the instance is discarded: a trap poisons its store.
    async fn call_service<R>(
        &self,
        Asked { hook, about, caller, budget, alone }: Asked,
        spent: &mut Duration,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
    ) -> Result<R, Failure> {
        let domain = about.domain;
        let _at_work = self.ticker.starting();
        let idle = if alone { None } else { self.services.take(domain) };
        let mut instance = match idle {
            Some(instance) => instance,
            None => Box::new(self.begin_service().await?),
        };
        instance.acts_for(domain, caller.sender);
        let known = instance.configure(domain, Budget::START).await.map_err(Failure::from);
        let done = match known {
            Ok(()) if hook == Hook::PasswordCheck => instance.run_in_secret(about, budget, run).await,
            Ok(()) => instance.run(Some(about), budget, run).await,
            Err(failure) => Err(failure),
        };
        *spent = instance.take_spent();
        match &done {
            Ok(_) if alone => {}
            Ok(_) => self.services.put_back(instance),
            Err(_) => self.scope.memory.discarded.inc(),
        }
        done
    }

    async fn begin_service(&self) -> Result<ServiceInstance, Failure> {
        let code = self.plugin.code.service.as_ref();
        let code = code.ok_or_else(|| Failure::new(FailureKind::Host, "the plugin is not a service"))?;
        Ok(ServiceInstance::start(code, &self.scope, self.why, Budget::START, false).await?)
    }
}
