//! A loaded version of a plugin: compiled, its imports resolved, not running yet.

use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::bindings::Filters;
use crate::bindings::exports::castling::plugin::{
    before_deliver, before_offline, client_in, component_in, lifecycle, server_in,
};
use crate::error::LoadError;
use crate::hook::Hook;
use crate::host::wasi;
use crate::inspect::Inspection;
use crate::manifest::Manifest;
use crate::service::{self, ServiceCode};
use crate::state::StoreData;

/// A version of a plugin, ready to be deployed.
pub struct Plugin {
    pub(crate) name: Arc<str>,
    pub(crate) inspection: Inspection,
    pub(crate) code: Code,
}

/// The compiled component, with its hooks looked up.
pub(crate) struct Code {
    /// `None`: it has no hook that is called on a stanza's way.
    pub filter: Option<FilterCode>,
    /// `None`: it has no hook that may wait.
    pub service: Option<Arc<ServiceCode>>,
}

/// The component as a filter.
pub(crate) struct FilterCode {
    pub pre: InstancePre<StoreData>,
    pub lifecycle: Option<lifecycle::GuestIndices>,
    pub client_in: Option<client_in::GuestIndices>,
    pub server_in: Option<server_in::GuestIndices>,
    pub component_in: Option<component_in::GuestIndices>,
    pub before_deliver: Option<before_deliver::GuestIndices>,
    pub before_offline: Option<before_offline::GuestIndices>,
}

/// What components are linked with.
pub(crate) struct Linkers {
    filters: Linker<StoreData>,
    services: Linker<StoreData>,
}

impl Linkers {
    pub fn new(engine: &Engine) -> Result<Self, LoadError> {
        Ok(Self { filters: linker(engine)?, services: service::linker(engine)? })
    }

    pub fn engine(&self) -> &Engine {
        self.filters.engine()
    }
}

/// The linker for filters: every function returns without waiting.
fn linker(engine: &Engine) -> Result<Linker<StoreData>, LoadError> {
    let mut linker = Linker::new(engine);
    let added =
        Filters::add_to_linker::<_, wasmtime::component::HasSelf<StoreData>>(&mut linker, |state| state);
    added.and_then(|()| wasi::add_to_linker(&mut linker)).map_err(|error| LoadError::engine(&error))?;
    Ok(linker)
}

impl Code {
    pub fn new(linkers: &Linkers, component: &Component, inspection: &Inspection) -> Result<Self, LoadError> {
        let hooks: Vec<Hook> = inspection.exports.iter().filter_map(|name| Hook::from_name(name)).collect();
        let pre =
            |linker: &Linker<StoreData>| linker.instantiate_pre(component).map_err(|error| link(&error));
        let (mut filter, mut service) = (None, None);
        if hooks.iter().any(|hook| !hook.is_service()) {
            filter = Some(FilterCode::new(pre(&linkers.filters)?, &hooks)?);
        }
        if hooks.iter().any(|hook| hook.is_service()) {
            service = Some(Arc::new(ServiceCode::new(pre(&linkers.services)?, &hooks)?));
        }
        Ok(Self { filter, service })
    }
}

fn link(error: &wasmtime::Error) -> LoadError {
    LoadError::Link(format!("{error:#}"))
}

impl FilterCode {
    fn new(pre: InstancePre<StoreData>, hooks: &[Hook]) -> Result<Self, LoadError> {
        // The exports of one hook, if the component has it.
        macro_rules! found {
            ($name:ident, $hook:ident) => {
                hooks
                    .contains(&Hook::$hook)
                    .then(|| $name::GuestIndices::new(&pre))
                    .transpose()
                    .map_err(|error| link(&error))?
            };
        }
        Ok(Self {
            lifecycle: lifecycle::GuestIndices::new(&pre).ok(),
            client_in: found!(client_in, ClientIn),
            server_in: found!(server_in, ServerIn),
            component_in: found!(component_in, ComponentIn),
            before_deliver: found!(before_deliver, BeforeDeliver),
            before_offline: found!(before_offline, BeforeOffline),
            pre,
        })
    }
}

impl Plugin {
    /// The name the operator gave it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub fn version(&self) -> &str {
        &self.inspection.manifest.version
    }

    pub fn manifest(&self) -> &Manifest {
        &self.inspection.manifest
    }

    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }
}
