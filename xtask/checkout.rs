//! Paths of the checkout and the target directory.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cargo;
use crate::failure::{Failure, Outcome, While};

/// The work tree of this program.
pub struct Checkout {
    /// The directory of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target directory, which `CARGO_TARGET_DIR` may have moved.
    pub target: PathBuf,
}

impl Checkout {
    /// The checkout whose `xtask` is running.
    pub fn find() -> Outcome<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(compiled_in, PathBuf::from);
        let root = manifest.join("..").canonicalize().when(manifest.display())?;
        let about = cargo::metadata(&root, false)?;
        let target = about.get("target_directory").and_then(Value::as_str);
        let target = target.ok_or_else(|| Failure::new("cargo metadata names no target folder"))?;
        Ok(Self { target: PathBuf::from(target), root })
    }

    /// `target/release/castling` of the checkout, wherever cargo builds.
    pub fn binary(&self) -> PathBuf {
        self.root.join("target/release/castling")
    }

    /// `target/plugins` of the checkout, wherever cargo builds.
    pub fn plugins(&self) -> PathBuf {
        self.root.join("target/plugins")
    }
}

fn compiled_in() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a file so that no reader ever sees a partial one.
pub fn place(from: &Path, to: &Path) -> Outcome {
    let bytes = std::fs::read(from).when(from.display())?;
    write_whole(to, &bytes)?;
    let mode = from.metadata().when(from.display())?.permissions();
    std::fs::set_permissions(to, mode).when(to.display())
}

/// Writes a file under another name and renames it: a running program keeps the old one.
pub fn write_whole(to: &Path, bytes: &[u8]) -> Outcome {
    let folder = to.parent().ok_or_else(|| Failure::new(format!("{} has no folder", to.display())))?;
    std::fs::create_dir_all(folder).when(folder.display())?;
    let part = to.with_extension(format!("part{}", std::process::id()));
    std::fs::write(&part, bytes).when(part.display())?;
    std::fs::rename(&part, to).when(to.display())
}
