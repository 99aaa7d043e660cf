//! The first instance of a service: it reads the settings of every domain before they come into force.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hashbrown::HashMap;

use crate::bindings::exports::castling::plugin::lifecycle::Why;
use crate::error::LoadError;
use crate::failure::{Failure, FailureKind};
use crate::instance::ALL_SETTINGS;
use crate::scope::Scope;
use crate::service::{Budget, Described, ServiceCode, ServiceInstance};
use crate::starting::{self, START, StartError};

/// What came of it.
pub(crate) struct Trial {
    pub instance: ServiceInstance,
    /// What it said about its settings.
    pub heard: Vec<String>,
    /// Where the accounts of each domain are, if it has any.
    pub described: HashMap<u32, Arc<Described>>,
}

const BUDGET: Budget = Budget { cpu: START, wall: Duration::from_secs(10) };

impl Trial {
    /// Must be called where blocking is allowed. Nothing is awaited in it but the plugin's own computing: while it starts, there is
    /// nothing for it to wait for.
    pub fn of(code: &Arc<ServiceCode>, scope: &Arc<Scope>, why: Why) -> Result<Self, LoadError> {
        let mut trial = std::pin::pin!(Self::run(code, scope, why));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(done) = trial.as_mut().poll(&mut context) {
                return Ok(done?);
            }
        }
    }

    async fn run(code: &Arc<ServiceCode>, scope: &Arc<Scope>, why: Why) -> Result<Self, StartError> {
        let mut instance = ServiceInstance::start(code, scope, why, BUDGET, true).await?;
        let mut domains: Vec<_> = scope.domains.keys().copied().collect();
        domains.sort_unstable();
        let (mut described, mut spent) = (HashMap::new(), Duration::ZERO);
        for id in &domains {
            instance.configure(*id, BUDGET).await?;
            if let Some(one) = describe(&mut instance, scope, *id).await? {
                described.insert(*id, Arc::new(one));
            }
            spent += instance.take_spent();
            if spent > ALL_SETTINGS {
                let text = format!(
                    "it needs more than {ALL_SETTINGS:?} to read its settings of {} domains",
                    domains.len()
                );
                return Err(StartError::failed(Failure::new(FailureKind::Deadline, text)));
            }
        }
        if instance.makes_one_for_each_log_in() {
            Self::log_in(code, scope, why, domains.first().copied()).await?;
        }
        let heard = instance.heard();
        Ok(Self { instance, heard, described })
    }
}

/// Each log-in has an instance of its own, which has less time to start than this first one.
impl Trial {
    async fn log_in(
        code: &Arc<ServiceCode>,
        scope: &Arc<Scope>,
        why: Why,
        domain: Option<u32>,
    ) -> Result<(), StartError> {
        let mut instance = ServiceInstance::start(code, scope, why, Budget::START, false).await?;
        match domain {
            Some(id) => instance.configure(id, Budget::START).await,
            None => Ok(()),
        }
    }
}

async fn describe(
    instance: &mut ServiceInstance,
    scope: &Arc<Scope>,
    id: u32,
) -> Result<Option<Described>, StartError> {
    let said = instance.read(id, BUDGET, move |store, guests| {
        Box::pin(async move {
            match &guests.credentials {
                Some(guest) => guest.call_describe(store, id).await.map(Some),
                None => Ok(None),
            }
        })
    });
    let domain = scope.domains.get(&id).map(|domain| domain.name.clone());
    let said = said.await.map_err(|failure| StartError::Failed { failure, domain: domain.clone() })?;
    let described = said.map(|said| said.and_then(|said| Described::of(said, scope))).transpose();
    described.map_err(|message| starting::refused(domain.as_deref(), &message))
}
