//! `cargo xtask plugins`: builds each crate of `plugins/` to `target/plugins/NAME.wasm`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::checkout::{Checkout, write_whole};
use crate::failure::{Failure, Outcome, While};
use crate::flags::Flags;
use crate::{cargo, say, shell};

const TARGET: &str = "wasm32-wasip2";

/// One guest crate.
struct Guest {
    name: String,
    /// The library's name, as in cargo's file name.
    file: String,
}

/// Builds one plugin, or all.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    build(checkout, flags.last()?.as_deref())
}

/// Builds the plugins, or `only` one of them.
pub fn build(checkout: &Checkout, only: Option<&str>) -> Outcome {
    let workspace = checkout.root.join("plugins");
    if !workspace.join("Cargo.toml").is_file() {
        say::line("plugins/ has no workspace: nothing to build");
        return Ok(());
    }
    cargo::need_target(&checkout.root, TARGET)?;
    let guests: Vec<_> =
        guests(&workspace)?.into_iter().filter(|guest| only.is_none_or(|o| o == guest.name)).collect();
    if let (Some(only), true) = (only, guests.is_empty()) {
        return Err(Failure::new(format!("plugins/ has no plugin {only}")));
    }
    let target = target(checkout);
    let mut build = cargo::cargo(&workspace);
    build.args(["build", "--release", "--quiet", "--target", TARGET, "--target-dir"]).arg(&target);
    for guest in &guests {
        build.args(["--package", &guest.name]);
    }
    shell::run(&mut build)?;
    for guest in &guests {
        let built = target.join(TARGET).join("release").join(format!("{}.wasm", guest.file));
        finish(guest, &built, &checkout.plugins())?;
    }
    Ok(())
}

/// Where guests are compiled: in the common target directory, so that it contains all build output.
pub fn target(checkout: &Checkout) -> PathBuf {
    checkout.target.join("guests")
}

/// Puts the built file where the server's configuration expects it.
fn finish(guest: &Guest, built: &Path, folder: &Path) -> Outcome {
    let wasm = std::fs::read(built).when(built.display())?;
    let to = folder.join(format!("{}.wasm", guest.name));
    write_whole(&to, &wasm)?;
    say::line(&format!("{} ({} KB)", to.display(), wasm.len().div_ceil(1000)));
    Ok(())
}

/// The crates of the guests' workspace that produce a `.wasm`, without shared libraries.
fn guests(workspace: &Path) -> Outcome<Vec<Guest>> {
    let about = cargo::metadata(workspace, false)?;
    let packages = about.get("packages").and_then(Value::as_array);
    Ok(packages.into_iter().flatten().filter_map(guest).collect())
}

fn guest(package: &Value) -> Option<Guest> {
    let targets = package.get("targets")?.as_array()?;
    let library = targets.iter().find(|target| {
        let kinds = target.get("crate_types").and_then(Value::as_array);
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
    })?;
    Some(Guest {
        name: package.get("name")?.as_str()?.to_owned(),
        file: library.get("name")?.as_str()?.replace('-', "_"),
    })
}
