//! Components: installing them, looking at them, and what is left of them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use wasmtime::component::Component;

use crate::artefacts::{Artefact, Artefacts};
use crate::compile::Compiler;
use crate::engine;
use crate::error::LoadError;
use crate::inspect::Inspection;
use crate::limits::PluginLimits;
use crate::manifest::{Manifest, is_name};
use crate::platform::Platform;
use crate::plugin::{Code, Linkers, Plugin};
use crate::section;

/// A plugin copied into the data directory.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its name: the operator's, else its own.
    pub name: String,
    /// Its path in the data directory; the same content always has the same path.
    pub path: PathBuf,
    pub inspection: Inspection,
    /// While it lives, its files are not cleaned up.
    _lease: Arc<()>,
}

impl Platform {
    /// Reads a component's manifest, imports and exports, without running it.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded.
    pub fn inspect(&self, file: &Path) -> Result<Inspection, LoadError> {
        let artefact = self.artefacts.read(file)?;
        let present = if self.artefacts.has_code(&self.engine, &artefact) {
            self.in_use(&artefact.digest)
        } else {
            None
        };
        match present {
            Some(plugin) => Ok(plugin.inspection.clone()),
            None => self.compile(&artefact).map(|(_, inspection)| inspection),
        }
    }

    /// SHA-256 of a component's file, hexadecimal.
    ///
    /// # Errors
    /// It cannot be read, or is no component.
    pub fn digest(&self, file: &Path) -> Result<String, LoadError> {
        self.artefacts.read(file).map(|artefact| artefact.digest)
    }

    /// Verifies and compiles a component and stores a copy. Nothing is run.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded; nothing is stored then.
    pub fn install(&self, file: &Path, name: Option<&str>) -> Result<Installed, LoadError> {
        let artefact = Artefact::read(file)?;
        let lease = self.lease(&artefact.digest);
        let (_, inspection) = self.compile(&artefact)?;
        let name = name.unwrap_or(&inspection.manifest.name).to_owned();
        if !is_name(&name) {
            return Err(LoadError::Name(name));
        }
        let path = self.artefacts.keep(&artefact)?;
        Ok(Installed { name, path, inspection, _lease: lease })
    }

    /// Loads a version of a plugin under the operator's name for it. Nothing is run.
    ///
    /// # Errors
    /// Any reason why it cannot be loaded.
    pub fn load(&self, name: &str, file: &Path) -> Result<Arc<Plugin>, LoadError> {
        if !is_name(name) {
            return Err(LoadError::Name(name.to_owned()));
        }
        let (code, inspection) = self.compile(&self.artefacts.read(file)?)?;
        Ok(Arc::new(Plugin { name: name.into(), inspection, code }))
    }

    /// A version that some deployment uses: it need not be read and verified again to be looked at.
    fn in_use(&self, digest: &str) -> Option<Arc<Plugin>> {
        // The last reference to one may be dropped here: not while the others wait.
        let deployments: Vec<_> = self.deployments.lock().iter().filter_map(Weak::upgrade).collect();
        let mut plugins = deployments.iter().map(|one| &one.plugin);
        plugins.find(|plugin| plugin.inspection.digest == digest).cloned()
    }

    fn compile(&self, artefact: &Artefact) -> Result<(Code, Inspection), LoadError> {
        let manifest = manifest(artefact, self.services.memory_bytes as u64)?;
        let component = self.artefacts.look_up(&self.engine, artefact)?;
        read(&self.linkers, &component, manifest, artefact)
    }

    /// Deletes the files of plugins that are not among these, by name and by the digest of their component.
    pub fn clean(&self, names: &[&str], digests: &[&str]) {
        let mut leases = self.leases.lock();
        leases.retain(|(_, lease)| lease.strong_count() > 0);
        let leased = leases.iter().map(|(digest, _)| digest.as_str());
        let digests: Vec<&str> = digests.iter().copied().chain(leased).collect();
        self.artefacts.clean(&self.engine, names, &digests);
    }

    /// Keeps the files of a component until the result is dropped.
    fn lease(&self, digest: &str) -> Arc<()> {
        let lease = Arc::new(());
        self.leases.lock().push((digest.to_owned(), Arc::downgrade(&lease)));
        lease
    }
}

/// How a component is looked at without a platform.
#[derive(Clone, Debug, Default)]
pub struct Looking {
    /// Where its compiled code may be found; it is stored there if that is possible.
    pub data_dir: PathBuf,
    pub limits: PluginLimits,
    /// As in [`PlatformOptions`].
    pub compiler: Option<Compiler>,
}

/// Reads a component's manifest, imports and exports without a platform: nothing is run.
///
/// # Errors
/// Any reason why it cannot be loaded.
pub fn inspect(file: &Path, looking: &Looking) -> Result<Inspection, LoadError> {
    let artefacts = Artefacts::at(&looking.data_dir, looking.compiler.clone());
    let artefact = artefacts.read(file)?;
    let manifest = manifest(&artefact, looking.limits.plugin_memory_bytes.get())?;
    let engine = engine::plain()?;
    let component = artefacts.look_up(&engine, &artefact)?;
    read(&Linkers::new(&engine)?, &component, manifest, &artefact).map(|(_, inspection)| inspection)
}

/// The manifest of a component that needs no more memory than it may have.
pub(crate) fn manifest(artefact: &Artefact, memory_bytes: u64) -> Result<Manifest, LoadError> {
    let section = section::custom(&artefact.bytes, section::MANIFEST).ok_or(LoadError::NoManifest)?;
    let manifest = Manifest::parse(section)?;
    let needed = section::initial_pages(&artefact.bytes).saturating_mul(65_536);
    match needed > memory_bytes {
        true => Err(LoadError::Memory { needed, most: memory_bytes }),
        false => Ok(manifest),
    }
}

fn read(
    linkers: &Linkers,
    component: &Component,
    manifest: Manifest,
    artefact: &Artefact,
) -> Result<(Code, Inspection), LoadError> {
    let (digest, bytes) = (artefact.digest.clone(), artefact.bytes.len());
    let inspection = Inspection::of(linkers.engine(), component, manifest, digest, bytes)?;
    Ok((Code::new(linkers, component, &inspection)?, inspection))
}
