//! One running instance: its store is discarded as a whole after a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;
use wasmtime::Store;

use crate::bindings::castling::plugin::types::{Head, Verdict};
use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::bindings::exports::castling::plugin::{
    before_deliver, before_offline, client_in, component_in, lifecycle, server_in,
};
use crate::cpu_time::cpu_time;
use crate::failure::{Failure, FailureKind};
use crate::hook::Hook;
use crate::plugin::FilterCode;
use crate::scope::Scope;
use crate::starting::{self, StartError, classify, refused};
use crate::state::{Call, StoreData};

/// CPU time to read the settings of all domains before they come into force: changes wait for that.
pub(crate) const ALL_SETTINGS: Duration = Duration::from_secs(10);

/// CPU time of init, and of configure for each domain, when an instance is created while a stanza is waiting.
pub(crate) const RESTART: Duration = Duration::from_millis(100);

/// An instance of a plugin, ready for calls.
pub(crate) struct Instance {
    store: Store<StoreData>,
    lifecycle: Option<lifecycle::Guest>,
    pub client_in: Option<client_in::Guest>,
    pub server_in: Option<server_in::Guest>,
    pub component_in: Option<component_in::Guest>,
    pub before_deliver: Option<before_deliver::Guest>,
    pub before_offline: Option<before_offline::Guest>,
    /// The packed text of the call, reused as a buffer.
    pub text: String,
    counted_bytes: i64,
    /// CPU time of runs that took longer than a tick, since it was last asked for.
    spent: Option<Duration>,
    /// The domains whose settings it has read.
    configured: HashSet<u32>,
}

impl Instance {
    /// Creates an instance and starts it. Each step has this budget of CPU time.
    pub fn start(
        code: &FilterCode,
        scope: &Arc<Scope>,
        why: Why,
        budget: Duration,
    ) -> Result<Self, StartError> {
        Self::begin(code, scope, why, budget, false)
    }

    /// The same, and lets it read the settings of every domain. Returns what it has to say about them as well.
    pub fn try_out(
        code: &FilterCode,
        scope: &Arc<Scope>,
        why: Why,
        budget: Duration,
    ) -> Result<(Self, Vec<String>), StartError> {
        let mut instance = Self::begin(code, scope, why, budget, true)?;
        let mut domains: Vec<_> = scope.domains.keys().copied().collect();
        domains.sort_unstable();
        let begun = cpu_time();
        for id in &domains {
            instance.configure(*id, budget)?;
            if cpu_time().saturating_sub(begun) > ALL_SETTINGS {
                let most = ALL_SETTINGS.as_secs();
                let text =
                    format!("it needs more than {most} s to read its settings of {} domains", domains.len());
                return Err(StartError::failed(Failure::new(FailureKind::Deadline, text)));
            }
        }
        let heard = instance.store.data_mut().heard.take();
        Ok((instance, heard.unwrap_or_default()))
    }

    fn begin(
        code: &FilterCode,
        scope: &Arc<Scope>,
        why: Why,
        budget: Duration,
        is_first: bool,
    ) -> Result<Self, StartError> {
        let store = starting::store(code.pre.engine(), scope, is_first);
        scope.memory.instances.inc();
        let mut instance = Self {
            store,
            lifecycle: None,
            client_in: None,
            server_in: None,
            component_in: None,
            before_deliver: None,
            before_offline: None,
            text: String::new(),
            counted_bytes: 0,
            spent: None,
            configured: HashSet::new(),
        };
        instance.run(None, budget, |instance| instance.load(code)).map_err(StartError::failed)?;
        instance.init(why, budget)?;
        Ok(instance)
    }

    fn load(&mut self, code: &FilterCode) -> wasmtime::Result<()> {
        let instance = code.pre.instantiate(&mut self.store)?;
        macro_rules! load {
            ($($name:ident)*) => {
                $(self.$name =
                    code.$name.as_ref().map(|found| found.load(&mut self.store, &instance)).transpose()?;)*
            };
        }
        load!(lifecycle client_in server_in component_in before_deliver before_offline);
        Ok(())
    }

    fn init(&mut self, why: Why, budget: Duration) -> Result<(), StartError> {
        let said = self.run(None, budget, |instance| {
            let lifecycle = instance.lifecycle.as_ref();
            lifecycle.map_or(Ok(Ok(())), |lifecycle| lifecycle.call_init(&mut instance.store, why))
        });
        said.map_err(StartError::failed)?.map_err(|message| refused(None, &message))
    }

    /// Whether it has read the settings of a domain.
    pub fn knows(&self, domain: u32) -> bool {
        self.configured.contains(&domain)
    }

    /// The domains whose settings it has read.
    pub fn known(&self) -> Vec<u32> {
        self.configured.iter().copied().collect()
    }

    /// Lets it read the settings of a domain, unless it has.
    pub fn configure(&mut self, id: u32, budget: Duration) -> Result<(), StartError> {
        if self.knows(id) {
            return Ok(());
        }
        self.store.data_mut().configuring = Some(id);
        let said = self.run(None, budget, |instance| {
            let lifecycle = instance.lifecycle.as_ref();
            lifecycle.map_or(Ok(Ok(())), |lifecycle| lifecycle.call_configure(&mut instance.store, id))
        });
        self.store.data_mut().configuring = None;
        let name = self.store.data().scope.domains.get(&id).map(|domain| domain.name.clone());
        let said = said.map_err(|failure| StartError::Failed { failure, domain: name.clone() })?;
        said.map_err(|message| refused(name.as_deref(), &message))?;
        self.configured.insert(id);
        Ok(())
    }

    /// The CPU time of all that was run since this was last asked for, if any of it took longer than a tick.
    pub fn take_spent(&mut self) -> Option<Duration> {
        self.spent.take()
    }

    /// The store, for a call.
    pub fn store(&mut self) -> &mut Store<StoreData> {
        &mut self.store
    }

    /// Calls the filter of a hook for stanzas that enter the server; the text of the call stands in the buffer.
    pub fn judge_entry(&mut self, hook: Hook, head: Head) -> wasmtime::Result<Verdict> {
        let text = std::mem::take(&mut self.text);
        macro_rules! call {
            ($name:ident) => {{
                let Some(guest) = self.$name.take() else { wasmtime::bail!("{hook} is not exported") };
                let said = guest.call_filter(&mut self.store, head, &text);
                self.$name = Some(guest);
                said
            }};
        }
        let said = match hook {
            Hook::ServerIn => call!(server_in),
            Hook::ComponentIn => call!(component_in),
            _ => call!(client_in),
        };
        self.text = text;
        said
    }

    /// Makes one call into the guest, within a budget of CPU time. After a failure the instance must be
    /// discarded: a trap poisons the whole store.
    pub fn run<R>(
        &mut self,
        call: Option<Call>,
        budget: Duration,
        run: impl FnOnce(&mut Self) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let state = self.store.data_mut();
        state.call = call;
        state.deadline.start(budget);
        self.store.set_epoch_deadline(1);
        let done = catch_unwind(AssertUnwindSafe(|| run(self)));
        self.store.data_mut().call = None;
        if let Some(spent) = self.store.data().deadline.spent() {
            *self.spent.get_or_insert_default() += spent;
        }
        self.count_bytes();
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(classify(self.store.data(), &error)),
            Err(panic) => Err(Failure::new(FailureKind::Host, starting::words(&*panic))),
        }
    }

    fn count_bytes(&mut self) {
        let bytes = i64::try_from(self.store.data().limits.bytes()).unwrap_or(i64::MAX);
        if bytes != self.counted_bytes {
            self.store.data().scope.memory.bytes.add(bytes - self.counted_bytes);
            self.counted_bytes = bytes;
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let memory = &self.store.data().scope.memory;
        memory.instances.dec();
        memory.bytes.add(-self.counted_bytes);
    }
}
