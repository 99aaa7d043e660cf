//! A loaded version of a plugin: compiled, its imports resolved, not running yet.

use std::sync::Arc;

use wasmtime::component::{InstancePre, Linker};

use crate::bindings::Everything;
use crate::bindings::exports::castling::plugin::{before_offline, client_in, lifecycle};
use crate::error::LoadError;
use crate::hook::Hook;
use crate::host::wasi;
use crate::inspect::Inspection;
use crate::manifest::Manifest;
use crate::state::StoreData;

/// A version of a plugin, ready to be deployed.
pub struct Plugin {
    pub(crate) name: Arc<str>,
    pub(crate) inspection: Inspection,
    pub(crate) code: Code,
}

/// The compiled component, with its hooks looked up.
pub(crate) struct Code {
    pub pre: InstancePre<StoreData>,
    pub lifecycle: Option<lifecycle::GuestIndices>,
    pub client_in: Option<client_in::GuestIndices>,
    pub before_offline: Option<before_offline::GuestIndices>,
}

/// The linker for filters: every function returns without waiting.
pub(crate) fn linker(engine: &wasmtime::Engine) -> Result<Linker<StoreData>, LoadError> {
    let mut linker = Linker::new(engine);
    let added =
        Everything::add_to_linker::<_, wasmtime::component::HasSelf<StoreData>>(&mut linker, |state| state);
    added.and_then(|()| wasi::add_to_linker(&mut linker)).map_err(|error| LoadError::engine(&error))?;
    Ok(linker)
}

impl Code {
    pub fn new(pre: InstancePre<StoreData>, inspection: &Inspection) -> Result<Self, LoadError> {
        let has = |name: &str| inspection.exports.iter().any(|export| export == name);
        let link = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let lifecycle = lifecycle::GuestIndices::new(&pre).ok();
        let client_in = has(Hook::ClientIn.name()).then(|| client_in::GuestIndices::new(&pre)).transpose();
        let before_offline =
            has(Hook::BeforeOffline.name()).then(|| before_offline::GuestIndices::new(&pre)).transpose();
        Ok(Self {
            lifecycle,
            client_in: client_in.map_err(link)?,
            before_offline: before_offline.map_err(link)?,
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
