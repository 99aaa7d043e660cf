//! `cargo xtask fuzz`: runs each target of `fuzz/` for some time, on the nightly compiler that libFuzzer
//! needs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome, While};
use crate::flags::Flags;
use crate::{cargo, packages, say, shell};

/// Runs one target, or all.
pub fn word(checkout: &Checkout, mut flags: Flags) -> Outcome {
    let seconds = flags.number("--seconds", 60)?;
    let only = flags.last()?;
    let folder = checkout.root.join("fuzz");
    let targets: Vec<_> =
        targets(&folder)?.into_iter().filter(|name| only.as_ref().is_none_or(|only| only == name)).collect();
    if targets.is_empty() {
        return Err(Failure::new(format!("fuzz/ has no target {}", only.unwrap_or_default())));
    }
    need_nightly()?;
    cargo::need_subcommand("cargo-fuzz", "0.13.2", "it builds and drives the fuzz targets")?;
    for target in targets {
        say::step(&format!("fuzz {target}, {seconds} s"));
        one(checkout, &folder, &target, seconds)?;
    }
    Ok(())
}

/// Compiles the targets with the server's own compiler: what they take from the server changes with it. Most of what they
/// depend on has been compiled for the server.
pub fn check(checkout: &Checkout) -> Outcome {
    packages::need_cxx_compiler()?;
    let mut check = cargo::cargo(&checkout.root.join("fuzz"));
    check.args(["check", "--quiet", "--locked", "--bins", "--target-dir"]);
    shell::run(check.arg(&checkout.target))
}

fn need_nightly() -> Outcome {
    if shell::succeeds(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])) {
        return Ok(());
    }
    say::step("rustup toolchain install nightly: libFuzzer's instrumentation needs it");
    shell::run(Command::new("rustup").args(["toolchain", "install", "nightly", "--profile", "minimal"]))
}

fn one(checkout: &Checkout, folder: &Path, target: &str, seconds: u64) -> Outcome {
    let corpus = folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).when(corpus.display())?;
    // `--target-dir`: otherwise cargo-fuzz would build inside the checkout, ignoring CARGO_TARGET_DIR.
    let mut fuzz = Command::new("rustup");
    fuzz.current_dir(folder).args([
        "run",
        "nightly",
        "cargo",
        "fuzz",
        "run",
        "--fuzz-dir",
        ".",
        "--target-dir",
    ]);
    fuzz.arg(checkout.target.join("fuzz")).arg(target).arg(&corpus);
    let seeds = folder.join("seeds").join(target);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    shell::run(fuzz.arg("--").arg(format!("-max_total_time={seconds}")))
}

/// The names of the fuzz package's binaries.
fn targets(folder: &Path) -> Outcome<Vec<String>> {
    let about = cargo::metadata(folder, false)?;
    let packages = about.get("packages").and_then(Value::as_array).into_iter().flatten();
    let targets = packages.filter_map(|package| package.get("targets")?.as_array()).flatten();
    Ok(targets.filter_map(|target| Some(target.get("name")?.as_str()?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bugs that the targets must find are planted by a patch, which would go stale unnoticed.
    #[test]
    fn the_planted_bugs_can_be_planted() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let apply =
            Command::new("git").current_dir(root).args(["apply", "--check", "fuzz/planted.patch"]).output();
        let apply = apply.unwrap();
        assert!(apply.status.success(), "{}", String::from_utf8_lossy(&apply.stderr));
    }
}
