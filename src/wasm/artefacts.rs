//! Plugin files in the data directory: components by content hash, and their compiled code.

use std::fs::{DirBuilder, File, Permissions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compile::{self, Compiler};
use crate::error::LoadError;
use crate::manifest::Manifest;
use crate::section;

/// Maximum bytes of a plugin's file.
pub(crate) const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// The directory `plugins` of the data directory. Only the server's user may access it: compiled code is
/// executed.
#[derive(Debug)]
pub(crate) struct Artefacts {
    folder: PathBuf,
    /// Whether it is this process's own, so that what cannot be stored there is a failure.
    is_own: bool,
    compiler: Option<Compiler>,
    /// Components for which the compiler has failed, by digest, with the reason: that may have taken minutes.
    failed: Mutex<HashMap<String, String>>,
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
        let about = std::fs::metadata(path).map_err(LoadError::file(path))?;
        if !about.is_file() {
            // Not opened: a pipe would wait, and a device may have no end.
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is not a file");
            return Err(LoadError::file(path)(error));
        }
        let file = File::open(path).map_err(LoadError::file(path))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(LoadError::file(path))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(LoadError::TooLarge { bytes: about.len().max(bytes.len() as u64) });
        }
        if !section::is_component(&bytes) {
            let what = if bytes.starts_with(b"\0asm") { "is a core module" } else { "is not WebAssembly" };
            return Err(LoadError::NotAComponent(format!("{} {what}", path.display())));
        }
        if !section::is_whole(&bytes) {
            return Err(LoadError::Damaged);
        }
        let digest = hex(&Sha256::digest(&bytes));
        Ok(Self { bytes, digest })
    }
}

impl Artefacts {
    /// Creates the directory, closed to other users.
    pub fn open(data_dir: &Path, compiler: Option<Compiler>) -> Result<Self, LoadError> {
        let folder = data_dir.join("plugins");
        for path in [&folder, &folder.join(CODE), &folder.join(MANIFESTS)] {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(LoadError::file(path))?;
            std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(LoadError::file(path))?;
        }
        Ok(Self { folder, is_own: true, compiler, failed: Mutex::default() })
    }

    /// Those of a data directory that may not exist or not belong to this process.
    pub fn at(data_dir: &Path, compiler: Option<Compiler>) -> Self {
        Self { folder: data_dir.join("plugins"), is_own: false, compiler, failed: Mutex::default() }
    }

    /// Reads a file. One that is kept here must have the content that it is named after.
    pub fn read(&self, path: &Path) -> Result<Artefact, LoadError> {
        let artefact = Artefact::read(path)?;
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_kept = path.parent() == Some(self.folder.as_path()) && is_digest(stem);
        match is_kept && stem != artefact.digest {
            true => Err(LoadError::Altered),
            false => Ok(artefact),
        }
    }

    /// Stores a component; the same bytes always have the same path.
    pub fn keep(&self, artefact: &Artefact) -> Result<PathBuf, LoadError> {
        let path = self.folder.join(format!("{}.wasm", artefact.digest));
        write_whole(&path, &artefact.bytes).map_err(LoadError::file(&path))?;
        Ok(path)
    }

    /// The compiled component: from the directory, else compiled now and stored there.
    pub fn compile(&self, engine: &Engine, artefact: &Artefact) -> Result<Component, LoadError> {
        let path = self.code_path(engine, &artefact.digest);
        if let Some(component) = load(engine, &path) {
            return Ok(component);
        }
        if let Some(why) = self.failed.lock().get(&artefact.digest) {
            return Err(LoadError::Compiler(why.clone()));
        }
        let beside = fresh(&path);
        let made = match &self.compiler {
            Some(compiler) => compiler.run(&artefact.bytes, &beside),
            None => compile::to_file(engine, &artefact.bytes, &beside),
        };
        let kept = made.and_then(|()| keep(&beside, &path).map_err(LoadError::file(&path)));
        if kept.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        if let Err(LoadError::Compiler(why)) = &kept {
            self.failed.lock().insert(artefact.digest.clone(), why.clone());
        }
        kept?;
        // This engine has limits that the one which has compiled it need not have.
        map(engine, &path).map_err(|error| LoadError::compiling(&format!("{error:#}")))
    }

    /// The compiled component; it is stored only if that is possible.
    pub fn look_up(&self, engine: &Engine, artefact: &Artefact) -> Result<Component, LoadError> {
        match self.compile(engine, artefact) {
            Err(LoadError::File { .. }) if !self.is_own => compile::component(engine, &artefact.bytes),
            done => done,
        }
    }

    /// Whether its compiled code is there, damaged or not.
    pub fn has_code(&self, engine: &Engine, artefact: &Artefact) -> bool {
        let path = self.code_path(engine, &artefact.digest);
        path.exists() && hash_path(&path).exists()
    }

    fn code_path(&self, engine: &Engine, digest: &str) -> PathBuf {
        self.folder.join(CODE).join(format!("{digest}-{}", compatibility(engine)))
    }

    /// Forgets what could not be compiled.
    pub fn try_again(&self) {
        self.failed.lock().clear();
    }

    /// Where the manifest is noted that a plugin had when it last came into force.
    fn manifest_path(&self, name: &str) -> PathBuf {
        self.folder.join(MANIFESTS).join(format!("{name}.json"))
    }

    /// Notes a manifest: should the component be lost, this tells what the plugin was there for.
    pub fn remember(&self, name: &str, manifest: &Manifest) {
        let path = self.manifest_path(name);
        let json = serde_json::to_vec(manifest).unwrap_or_default();
        if std::fs::read(&path).is_ok_and(|old| old == json) {
            return;
        }
        if let Err(error) = write_whole(&path, &json) {
            tracing::warn!(path = %path.display(), %error, "cannot note a plugin's manifest");
        }
    }

    /// The manifest that was noted.
    pub fn remembered(&self, name: &str) -> Option<Manifest> {
        Manifest::recalled(&std::fs::read(self.manifest_path(name)).ok()?)
    }

    /// Deletes what no plugin uses any more: components and their code by digest, code for other versions of the server, notes of
    /// other names. Failures do not matter: the next clean-up tries again.
    pub fn clean(&self, engine: &Engine, names: &[&str], digests: &[&str]) {
        let compatible = compatibility(engine);
        let is_used = |file: &str| digests.iter().any(|digest| file.starts_with(digest));
        // The operator's own components may lie there as well.
        let is_ours = |file: &str| file.split('.').next().is_some_and(is_digest);
        sweep(&self.folder, is_ours, is_used);
        let fits = |file: &str| file.split(['-', '.']).nth(1) == Some(compatible.as_str());
        sweep(&self.folder.join(CODE), |_| true, |file| is_used(file) && fits(file));
        let noted = |file: &str| file.strip_suffix(".json").is_some_and(|name| names.contains(&name));
        sweep(&self.folder.join(MANIFESTS), |_| true, noted);
    }
}

/// Folders for compiled code, and for the manifests of what was in force.
const CODE: &str = "compiled";
const MANIFESTS: &str = "manifests";

/// Whether this is the name of a component that is kept here: its SHA-256, hexadecimal.
fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// After this time, a file that was being written has been left behind by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(600);

/// Removes those of our files in a directory that are not to stay.
fn sweep(folder: &Path, is_ours: impl Fn(&str) -> bool, stays: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Ok(about) = entry.metadata() else { continue };
        let age = || about.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
        let goes = |name: &str| match name.contains(NEW) {
            true => age() > LEFT_BEHIND, // another process may be writing it
            false => !stays(name),
        };
        if about.is_file() && name.to_str().is_some_and(|name| is_ours(name) && goes(name)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Where the hash of a compiled file is kept.
fn hash_path(path: &Path) -> PathBuf {
    path.with_added_extension("sha256")
}

/// Moves compiled code to its place, and notes its hash: first the code, so that a hash always belongs to what is there.
fn keep(from: &Path, path: &Path) -> io::Result<()> {
    let _ = std::fs::remove_file(hash_path(path));
    let file = File::open(from)?;
    file.sync_all()?;
    let hash = hash_of(file)?;
    std::fs::rename(from, path)?;
    write_whole(&hash_path(path), hash.as_bytes())
}

fn hash_of(mut file: File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 65_536];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Compiled code for exactly this engine; `None` if there is none or it is damaged. It is mapped into memory, not copied.
fn load(engine: &Engine, path: &Path) -> Option<Component> {
    let noted = std::fs::read_to_string(hash_path(path)).ok()?;
    let hash = hash_of(File::open(path).ok()?).ok()?;
    if hash != noted {
        tracing::warn!(path = %path.display(), "a compiled plugin is damaged: compiling again");
        return None;
    }
    let component = map(engine, path);
    component.map_err(|error| tracing::warn!(%error, "cannot load a compiled plugin: compiling again")).ok()
}

/// Maps compiled code into memory. Its hash has been compared, or it was written just now.
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    #[expect(unsafe_code, reason = "only this user can write there, and the hash tells a damaged file")]
    // SAFETY: the file was written by `Component::serialize`: it is in a directory of mode 0700 that only this process's user writes
    // to, its name contains the hash of the component and of the engine's version and settings, and its content is compared with its
    // own hash, so it is neither foreign nor damaged. It is replaced by renaming and never written to, so that the mapping does not
    // change.
    unsafe {
        Component::deserialize_file(engine, path)
    }
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

/// What the name of a file contains that is being written.
const NEW: &str = ".new-";

/// A name beside a path, for what will be moved there.
fn fresh(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_added_extension(format!("{}{}-{number}", NEW.trim_start_matches('.'), std::process::id()))
}

/// Writes a file atomically.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = fresh(path);
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
