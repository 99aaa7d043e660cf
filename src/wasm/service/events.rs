//! Events that a plugin is told of: sessions, presence, timers. They wait for nobody, and nobody waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{
    BoxFuture, Interest, Kernel, ListChange, PresenceTaken, Registrar, Resource, Scope, SessionEvent,
    SessionEventKind,
};
use wasmtime::Store;

use crate::deployment::Deployment;
use crate::facts;
use crate::failure::FailureKind;
use crate::head;
use crate::hook::Hook;
use crate::manifest::{Want, interval};
use crate::scope::Domain;
use crate::service::guests::Guests;
use crate::service::{self, About, Asked, Budget, Caller};
use crate::state::{Account, StoreData};
use crate::subject::Subject;

type Called = wasmtime::Result<()>;

impl Deployment {
    pub(super) fn register_session_events(self: &Arc<Self>, registrar: &mut Registrar<'_>, domain: u32) {
        for kind in [SessionEventKind::Bound, SessionEventKind::Closed] {
            let this = self.clone();
            registrar.session(kind, move |kernel, event| {
                this.session_event(kernel, event, domain);
                Box::pin(std::future::ready(()))
            });
        }
    }

    fn session_event(self: &Arc<Self>, kernel: &Arc<Kernel>, event: &SessionEvent, domain: u32) {
        let resource = &event.resource;
        let (session, jid, kind) = (resource.id(), resource.jid().to_string(), event.kind);
        let account = resource.account().jid().clone();
        let caller = Caller { sender: Some(account.clone()), session, ..Caller::default() };
        let asked = asked(Hook::SessionEvents, About { domain, call: None }, caller);
        self.tell(kernel, account.as_str(), asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.session_events, Hook::SessionEvents)?;
                match kind {
                    SessionEventKind::Bound => guest.call_opened(store, session, &jid, domain).await,
                    _ => guest.call_closed(store, session, &jid, domain).await,
                }
            })
        });
    }

    pub(super) fn register_presence(
        self: &Arc<Self>,
        registrar: &mut Registrar<'_>,
        interest: Option<Interest>,
        domain: u32,
    ) {
        let Some(interest) = interest else { return };
        let this = self.clone();
        registrar.presence(move |kernel, taken| {
            if interest.wants(taken.stanza) && this.wants(Hook::PresenceChange, taken.stanza) {
                this.presence(kernel, taken, domain);
            }
        });
    }

    fn presence(self: &Arc<Self>, kernel: &Arc<Kernel>, taken: &PresenceTaken<'_>, domain: u32) {
        let subject = Subject {
            stanza: taken.stanza,
            client: Some(taken.resource),
            link: None,
            is_elsewhere: false,
            #[cfg(test)]
            made: None,
            domain,
            account: Account::Senders,
            recipients: None,
            facts: head::of_stanza(taken.stanza) | facts::FROM_LOCAL | facts::OUTBOUND,
        };
        let mut text = String::new();
        let head = head::pack(&subject, Want::Head, &mut text);
        let about = About { domain, call: Some(subject.call()) };
        let asked = asked(Hook::PresenceChange, about, subject.caller());
        self.tell(kernel, taken.resource.account().jid().as_str(), asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.presence_change, Hook::PresenceChange)?;
                guest.call_changed(store, head, &text).await
            })
        });
    }

    pub(super) fn register_screening_events(self: &Arc<Self>, registrar: &mut Registrar<'_>, domain: u32) {
        let this = self.clone();
        registrar.list_change(move |kernel, change| {
            if change.is_of_definition() {
                this.list_changed(kernel, change, domain);
            }
        });
    }

    fn list_changed(self: &Arc<Self>, kernel: &Arc<Kernel>, change: &ListChange<'_>, domain: u32) {
        let (account, name) = (change.account.jid().to_string(), change.list.to_owned());
        let sender = Some(change.account.jid().clone());
        let caller = Caller { sender, session: change.by.map_or(0, Resource::id), ..Caller::default() };
        let asked = asked(Hook::ScreeningEvents, About { domain, call: None }, caller);
        self.tell(kernel, change.account.jid().as_str(), asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.screening_events, Hook::ScreeningEvents)?;
                guest.call_changed(store, domain, &account, &name).await
            })
        });
    }

    pub(super) fn register_timers(
        self: &Arc<Self>,
        registrar: &mut Registrar<'_>,
        timers: &BTreeMap<String, String>,
        domain: u32,
    ) {
        for (name, every) in timers {
            let Some(interval) = interval(every) else { continue };
            let (this, name) = (self.clone(), name.clone());
            registrar.every(interval, Scope::Domain, move |_| {
                let (this, name) = (this.clone(), name.clone());
                Box::pin(async move { this.fired(name, domain).await })
            });
        }
    }

    async fn fired(self: Arc<Self>, name: String, domain: u32) {
        // The kernel forgets that one runs when its tables are made anew.
        let Some(_firing) = self.scope.domains.get(&domain).and_then(|on| Firing::begin(on, &name)) else {
            return;
        };
        let asked = asked(Hook::Timers, About { domain, call: None }, Caller::default());
        let called = self.serve(asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.timers, Hook::Timers)?;
                guest.call_fired(store, &name, domain).await
            })
        });
        // A failure has been counted and logged.
        if called.await.is_ok() {
            self.scope.memory.stats.hook(Hook::Timers, domain).verdict(0);
        }
    }

    /// Makes a call after all others that this plugin is told of about the same account.
    fn tell(
        self: &Arc<Self>,
        kernel: &Arc<Kernel>,
        key: &str,
        asked: Asked,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, Called> + Send + 'static,
    ) {
        let (hook, domain) = (asked.hook, asked.about.domain);
        let counters = self.scope.memory.stats.hook(hook, domain);
        let Some(on) = self.scope.domains.get(&domain) else { return };
        let (this, counted) = (self.clone(), counters.clone());
        let work = async move {
            // What waited is told to the version that is in force by now, and to none after the plugin was disabled.
            while let Some(in_force) = this.successor(hook, domain) {
                let Ok(leave) = in_force.leave(&asked).await else { return };
                if in_force.is_retired() {
                    continue;
                }
                if in_force.call_with(leave, asked, run, Ok).await.is_ok() {
                    counted.verdict(0);
                }
                return;
            }
        };
        if on.memory.lanes.run(&kernel.runtime().tasks, key, Box::pin(work)).is_err() {
            counters.failure(FailureKind::Overloaded);
        }
    }
}

/// While it lives, a timer is being told of.
struct Firing<'a> {
    on: &'a Domain,
    name: String,
}

impl<'a> Firing<'a> {
    fn begin(on: &'a Domain, name: &str) -> Option<Self> {
        let is_first = on.memory.firing.lock().insert(name.to_owned());
        is_first.then(|| Self { on, name: name.to_owned() })
    }
}

impl Drop for Firing<'_> {
    fn drop(&mut self) {
        self.on.memory.firing.lock().remove(&self.name);
    }
}

fn asked(hook: Hook, about: About, caller: Caller) -> Asked {
    Asked { hook, about, caller, budget: Budget::WORK, alone: false }
}
