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
use crate::share::Room;
use crate::state::StoreData;

/// How long a log-in waits until it asks again for its share of CPU time.
const AGAIN: Duration = Duration::from_millis(50);

/// On whose behalf a call is made.
#[derive(Clone, Default)]
pub(crate) struct Caller {
    /// Who is answerable for it: an account, or a remote domain; `None`: the server itself.
    pub sender: Option<Jid>,
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

/// Where and how a call runs.
struct Place {
    about: About,
    budget: Budget,
    alone: bool,
    sees_password: bool,
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
        let Asked { hook, about, caller, budget, alone } = asked;
        let domain = about.domain;
        let (Some(breaker), Some(on)) = (self.breakers.get(&domain), self.scope.domains.get(&domain)) else {
            return Err(Failure::new(FailureKind::Host, "the plugin is not enabled on this domain"));
        };
        let counters = self.scope.memory.stats.hook(hook, domain);
        let answer = match self.lets_call_when(on, breaker, &caller, alone.then_some(budget.wall)).await {
            Ok(admission) => {
                counters.calls.inc();
                let mut spent = Duration::ZERO;
                let place = Place { about, budget, alone, sees_password: hook == Hook::PasswordCheck };
                let answer = self.call_service(place, caller.sender.clone(), &mut spent, run).await;
                counters.timed();
                counters.record(spent, spent, 0);
                let now = self.scope.services.clock.monotonic();
                // Nobody is kept from sending meanwhile: a request that waits holds up its sender anyway.
                let _ = self.scope.charge(on, now, spent, Duration::ZERO, || caller.sender.clone());
                self.concluded(answer.as_ref().err(), breaker, admission, on, domain, &caller);
                answer
            }
            Err(failure) => Err(failure),
        };
        if let Err(failure) = &answer {
            counters.failure(failure.kind);
        }
        answer
    }

    /// As [`lets_call`](Self::lets_call); but a log-in waits for a share that is used up, for so long at most: many log in at once
    /// after a restart.
    async fn lets_call_when(
        &self,
        on: &Domain,
        breaker: &Breaker,
        caller: &Caller,
        patience: Option<Duration>,
    ) -> Result<Admission, Failure> {
        let ends = patience.map(|patience| Instant::now() + patience);
        loop {
            match self.lets_call(on, breaker, caller) {
                Err(failure)
                    if failure.kind == FailureKind::Share
                        && ends.is_some_and(|ends| Instant::now() < ends) =>
                {
                    tokio::time::sleep(AGAIN).await;
                }
                done => return done,
            }
        }
    }

    fn lets_call(&self, on: &Domain, breaker: &Breaker, caller: &Caller) -> Result<Admission, Failure> {
        let share = &on.memory.share;
        if share.may_be_used_up() {
            let now = self.scope.services.clock.monotonic();
            let is_up = self.scope.services.used.is_up(now);
            if let Room::Over { .. } = share.room(now, is_up, || caller.sender.clone()) {
                return Err(Failure::new(FailureKind::Share, "its share of CPU time is used up"));
            }
        }
        match breaker.admit(|| caller.sender.clone(), || self.scope.now_ms()) {
            Admission::Open => Err(Failure::new(FailureKind::Open, "the plugin is suspended")),
            Admission::Blamed => Err(Failure::new(FailureKind::Blamed, "it fails for this sender")),
            admission => Ok(admission),
        }
    }

    /// After a failure the instance is discarded: a trap poisons its store.
    async fn call_service<R>(
        &self,
        Place { about, budget, alone, sees_password }: Place,
        sender: Option<Jid>,
        spent: &mut Duration,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
    ) -> Result<R, Failure> {
        let domain = about.domain;
        let _seat = self.services.seat(domain, &self.scope.services.running, budget.wall).await?;
        let _at_work = self.ticker.starting();
        let idle = if alone { None } else { self.services.take(domain) };
        let mut instance = match idle {
            Some(instance) => instance,
            None => Box::new(self.begin_service().await?),
        };
        instance.acts_for(domain, sender);
        let known = instance.configure(domain, Budget::START).await.map_err(Failure::from);
        let done = match known {
            Ok(()) if sees_password => instance.run_in_secret(about, budget, run).await,
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
