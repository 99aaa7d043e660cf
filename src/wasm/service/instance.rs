//! One instance of a service: its store is discarded as a whole after a failure.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;
use kernel::BoxFuture;
use tokio::time::{Instant, timeout};
use wasmtime::Store;
use xmpp::Jid;

use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::bindings::waiting::exports::castling::plugin::lifecycle;
use crate::failure::{Failure, FailureKind};
use crate::scope::Scope;
use crate::service::code::ServiceCode;
use crate::service::guests::Guests;
use crate::service::meter::{Meter, Metered};
use crate::starting::{self, StartError};
use crate::state::{Call, StoreData};

/// What a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// CPU time.
    pub cpu: Duration,
    /// Time that passes, with all waiting.
    pub wall: Duration,
}

impl Budget {
    /// For starting an instance, and reading the settings of a domain, when a call needs one.
    pub const START: Self = Self { cpu: Duration::from_millis(100), wall: Duration::from_secs(2) };
}

/// What a call is about.
pub(crate) struct About {
    pub domain: u32,
    /// The stanza, if it is about one.
    pub call: Option<Call>,
}

/// An instance of a service, ready for calls.
pub(crate) struct ServiceInstance {
    store: Store<StoreData>,
    guests: Guests,
    counted_bytes: i64,
    /// The domains whose settings it has read.
    configured: HashSet<u32>,
    spent: Duration,
    /// What the call takes that is being made.
    meter: Option<Arc<Meter>>,
    /// On whose behalf calls are made at present: the domain, and the sender.
    behalf: Option<(u32, Option<Jid>)>,
}

impl ServiceInstance {
    /// Creates an instance and starts it. Nothing in this waits but for the thread, now and then. `is_first`: what it says about its
    /// settings is noted, see [`heard`](Self::heard).
    pub async fn start(
        code: &Arc<ServiceCode>,
        scope: &Arc<Scope>,
        why: Why,
        budget: Budget,
        is_first: bool,
    ) -> Result<Self, StartError> {
        let mut store = starting::store(code.pre.engine(), scope, is_first);
        store.data_mut().is_service = true;
        scope.memory.instances.inc();
        let (guests, configured) = (Guests::default(), HashSet::new());
        let mut made = Self {
            store,
            guests,
            counted_bytes: 0,
            configured,
            spent: Duration::ZERO,
            meter: None,
            behalf: None,
        };
        let code = code.clone();
        let load =
            made.run(None, budget, move |store, _| Box::pin(async move { code.instantiate(store).await }));
        let loaded = load.await;
        made.guests = loaded.map_err(StartError::failed)?;
        let said = made.run(None, budget, |store, guests| {
            Box::pin(async move {
                match &guests.lifecycle {
                    Some(lifecycle) => lifecycle.call_init(store, to_waiting(why)).await,
                    None => Ok(Ok(())),
                }
            })
        });
        said.await.map_err(StartError::failed)?.map_err(|message| starting::refused(None, &message))?;
        Ok(made)
    }

    /// Whether it has read the settings of a domain.
    pub fn knows(&self, domain: u32) -> bool {
        self.configured.contains(&domain)
    }

    /// Whether each log-in has an instance of its own.
    pub fn makes_one_for_each_log_in(&self) -> bool {
        self.guests.credentials.is_some() || self.guests.password_check.is_some()
    }

    /// Lets it read the settings of a domain, unless it has.
    pub async fn configure(&mut self, id: u32, budget: Budget) -> Result<(), StartError> {
        if self.knows(id) {
            return Ok(());
        }
        let said = self.read(id, budget, |store, guests| {
            Box::pin(async move {
                match &guests.lifecycle {
                    Some(lifecycle) => lifecycle.call_configure(store, id).await,
                    None => Ok(Ok(())),
                }
            })
        });
        let said = said.await;
        let name = self.store.data().scope.domains.get(&id).map(|domain| domain.name.clone());
        let said = said.map_err(|failure| StartError::Failed { failure, domain: name.clone() })?;
        said.map_err(|message| starting::refused(name.as_deref(), &message))?;
        self.configured.insert(id);
        Ok(())
    }

    /// As [`run`](Self::run), for a call that sees a password: nothing that it says is written.
    pub async fn run_in_secret<R>(
        &mut self,
        about: About,
        budget: Budget,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
    ) -> Result<R, Failure> {
        self.store.data_mut().sees_password = true;
        let done = self.run(Some(about), budget, run).await;
        self.store.data_mut().sees_password = false;
        done
    }

    /// Makes a call about the settings of a domain: nothing waits in it.
    pub async fn read<R>(
        &mut self,
        id: u32,
        budget: Budget,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
    ) -> Result<R, Failure> {
        self.store.data_mut().configuring = Some(id);
        let said = self.run(None, budget, run).await;
        self.store.data_mut().configuring = None;
        said
    }

    /// What it has said about its settings.
    pub fn heard(&mut self) -> Vec<String> {
        self.store.data_mut().heard.take().unwrap_or_default()
    }

    /// The CPU time of all that was run since this was last asked for.
    pub fn take_spent(&mut self) -> Duration {
        std::mem::take(&mut self.spent)
    }

    /// Makes one call into the guest. After a failure, and if the future is dropped, the instance must be discarded: a trap poisons
    /// its store.
    pub async fn run<R>(
        &mut self,
        about: Option<About>,
        budget: Budget,
        run: impl for<'a> FnOnce(&'a mut Store<StoreData>, &'a Guests) -> BoxFuture<'a, wasmtime::Result<R>>,
    ) -> Result<R, Failure> {
        let meter = Arc::new(Meter::default());
        self.meter = Some(meter.clone());
        let state = self.store.data_mut();
        state.about = about.as_ref().map(|about| about.domain);
        state.call = about.and_then(|about| about.call);
        state.ends = Some(Instant::now() + budget.wall);
        state.deadline.start_metered(budget.cpu, meter.clone());
        self.store.set_epoch_deadline(1);
        let call = Metered::new(run(&mut self.store, &self.guests), meter.clone());
        let done = timeout(budget.wall, call).await;
        self.spent += meter.spent();
        self.meter = None;
        let state = self.store.data_mut();
        (state.call, state.about) = (None, None);
        self.count_bytes();
        match done {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(error))) => Err(starting::classify(self.store.data(), &error)),
            Ok(Err(panic)) => Err(Failure::new(FailureKind::Host, starting::words(&*panic))),
            Err(_) => {
                let text = format!("the call did not end within {} s", budget.wall.as_secs_f32());
                Err(Failure::new(FailureKind::Timeout, text))
            }
        }
    }

    /// On whose behalf the next calls are made: they pay for one that is cut off.
    pub fn acts_for(&mut self, domain: u32, sender: Option<Jid>) {
        self.behalf = Some((domain, sender));
    }

    /// A call was cut off, since whoever waited for it has left: what it has taken so far is charged all the same.
    fn charge_rest(&mut self) {
        let (Some(meter), Some((domain, sender))) = (self.meter.take(), self.behalf.take()) else { return };
        let scope = &self.store.data().scope;
        scope.memory.discarded.inc();
        if let Some(on) = scope.domains.get(&domain) {
            let now = scope.services.clock.monotonic();
            let _ = scope.charge(on, now, self.spent + meter.spent(), Duration::ZERO, || sender);
        }
    }

    fn count_bytes(&mut self) {
        let bytes = i64::try_from(self.store.data().limits.bytes()).unwrap_or(i64::MAX);
        self.store.data().scope.memory.bytes.add(bytes - self.counted_bytes);
        self.counted_bytes = bytes;
    }
}

impl Drop for ServiceInstance {
    fn drop(&mut self) {
        self.charge_rest();
        let memory = &self.store.data().scope.memory;
        memory.instances.dec();
        memory.bytes.add(-self.counted_bytes);
    }
}

fn to_waiting(why: Why) -> lifecycle::Why {
    match why {
        Why::Start => lifecycle::Why::Start,
        Why::Reload => lifecycle::Why::Reload,
        Why::RestartAfterTrap => lifecycle::Why::RestartAfterTrap,
    }
}
