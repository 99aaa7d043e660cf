//! Cargo and rustup.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::failure::{Outcome, While};
use crate::{say, shell};

/// The cargo that runs this program, in `folder`.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// `cargo metadata` of the workspace in `folder`; with `deps` including all crates in the lock file.
pub fn metadata(folder: &Path, deps: bool) -> Outcome<Value> {
    let mut command = cargo(folder);
    command.args(["metadata", "--format-version", "1"]);
    if !deps {
        command.arg("--no-deps");
    }
    let text = shell::output(&mut command)?;
    serde_json::from_str(&text).when("reading cargo metadata")
}

/// Adds a compilation target to the pinned toolchain when it is missing.
pub fn need_target(folder: &Path, target: &str) -> Outcome {
    let mut sysroot = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let sysroot = shell::output(sysroot.current_dir(folder).args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).join("lib").is_dir() {
        return Ok(());
    }
    say::step(&format!("rustup target add {target}: plugins are compiled for it"));
    shell::run(Command::new("rustup").current_dir(folder).args(["target", "add", target]))
}

/// Installs a cargo subcommand when it is missing.
pub fn need_subcommand(name: &str, version: &str, why: &str) -> Outcome {
    if shell::found(name) || shell::succeeds(Command::new(name).arg("--version")) {
        return Ok(());
    }
    say::step(&format!("cargo install {name} {version}: {why}"));
    let mut install = Command::new("cargo");
    shell::run(install.args(["install", "--locked", "--version", version, name]))
}
