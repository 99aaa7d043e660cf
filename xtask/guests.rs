//! Checks and tests of the plugins, run on the host's target, without a server.

use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::tests::Totals;
use crate::{cargo, plugins, shell};

/// Runs `cargo test` in the guests' workspace.
pub fn test(checkout: &Checkout, totals: &mut Totals) -> Outcome {
    match guests(checkout, "test") {
        Some(mut test) => totals.run(test.arg("--no-fail-fast")),
        None => Ok(()),
    }
}

/// Runs clippy there; warnings are errors.
pub fn clippy(checkout: &Checkout) -> Outcome {
    match guests(checkout, "clippy") {
        Some(mut clippy) => shell::run(clippy.args(["--quiet", "--all-targets", "--", "--deny", "warnings"])),
        None => Ok(()),
    }
}

/// A cargo command for the guests' workspace, if there is one.
fn guests(checkout: &Checkout, word: &str) -> Option<Command> {
    let workspace = checkout.root.join("plugins");
    workspace.join("Cargo.toml").is_file().then(|| {
        let mut command = cargo::cargo(&workspace);
        command.args([word, "--workspace", "--target-dir"]).arg(plugins::target(checkout));
        command
    })
}
