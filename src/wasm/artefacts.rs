//! Plugin files in the data directory: components by content hash, and their compiled code.

use std::fs::{DirBuilder, File, Permissions};
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::LoadError;
use crate::section;

/// Maximum bytes of a plugin's file.
pub(crate) const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// A compiled file begins with the hash of the rest.
const HASH: usize = 32;

/// The directory `plugins` of the data directory. Only the server's user may access it: compiled code is
/// executed.
#[derive(Debug)]
pub(crate) struct Artefacts {
    folder: PathBuf,
}

/// A component's bytes, and their hash.
pub(crate) struct Artefact {
    pub bytes: Vec<u8>,
    /// SHA-256, hexadecimal.
    pub digest: String,
}

impl Artefact {
    /// Reads a file without checking its content.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(LoadError::file(path))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(LoadError::file(path))?;
        if bytes.len() as u64 > MAX_BYTES {
            let length = std::fs::metadata(path).map_or(bytes.len() as u64, |about| about.len());
            return Err(LoadError::TooLarge { bytes: length });
        }
        if !section::is_component(&bytes) {
            let what = if bytes.starts_with(b"\0asm") { "is a core module" } else { "is not WebAssembly" };
            return Err(LoadError::NotAComponent(format!("{} {what}", path.display())));
        }
        let digest = hex(&Sha256::digest(&bytes));
        Ok(Self { bytes, digest })
    }

    /// Compiles it, which takes about 100 ms for a small one.
    pub fn compile(&self, engine: &Engine) -> Result<Component, LoadError> {
        let compiled = Component::from_binary(engine, &self.bytes);
        compiled.map_err(|error| LoadError::compiling(&format!("{error:#}")))
    }
}

impl Artefacts {
    /// Creates the directory, closed to other users.
    pub fn open(data_dir: &Path) -> Result<Self, LoadError> {
        let folder = data_dir.join("plugins");
        for path in [&folder, &folder.join("compiled")] {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(LoadError::file(path))?;
            std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(LoadError::file(path))?;
        }
        Ok(Self { folder })
    }

    /// Stores a component; the same bytes always have the same path.
    pub fn keep(&self, artefact: &Artefact) -> Result<PathBuf, LoadError> {
        let path = self.folder.join(format!("{}.wasm", artefact.digest));
        write_whole(&path, &artefact.bytes).map_err(LoadError::file(&path))?;
        Ok(path)
    }

    /// The compiled component: from the directory, else compiled now and stored there.
    pub fn compile(&self, engine: &Engine, artefact: &Artefact) -> Result<Component, LoadError> {
        let name = format!("{}-{}", artefact.digest, compatibility(engine));
        let path = self.folder.join("compiled").join(name);
        if let Some(component) = load(engine, &path) {
            return Ok(component);
        }
        let component = artefact.compile(engine)?;
        let kept = component.serialize().map_err(|error| error.to_string()).and_then(|code| {
            let whole = [Sha256::digest(&code).as_slice(), &code].concat();
            write_whole(&path, &whole).map_err(|error| error.to_string())
        });
        if let Err(error) = kept {
            tracing::warn!(path = %path.display(), error, "cannot store a compiled plugin");
        }
        Ok(component)
    }
}

/// Compiled code for exactly this engine; `None` if there is none or it is damaged.
fn load(engine: &Engine, path: &Path) -> Option<Component> {
    let whole = std::fs::read(path).ok()?;
    let (hash, code) = whole.split_at_checked(HASH)?;
    if Sha256::digest(code).as_slice() != hash {
        tracing::warn!(path = %path.display(), "a compiled plugin is damaged: compiling again");
        return None;
    }
    #[expect(unsafe_code, reason = "nobody but this user can write there, and the hash tells a damaged file")]
    // SAFETY: the file was written by `Component::serialize` in `compile`: it is in a directory of mode 0700
    // that only this process's user writes to, its name contains the hash of the component and of the
    // engine's version and settings, and its content is compared with its own hash, so it is neither foreign
    // nor damaged.
    let component = unsafe { Component::deserialize(engine, code) };
    component.map_err(|error| tracing::warn!(%error, "cannot load a compiled plugin: compiling again")).ok()
}

/// Identifies engines whose compiled code is interchangeable: wasmtime's version and settings.
fn compatibility(engine: &Engine) -> String {
    struct Collect(Sha256);
    impl Hasher for Collect {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut collect = Collect(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut collect);
    let mut text = hex(&collect.0.finalize());
    text.truncate(16);
    text
}

/// Writes a file atomically.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("new-{}-{number}", std::process::id()));
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let done = written.and_then(|()| std::fs::rename(&beside, path));
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
