//! The plugins' own tests, which run on this machine's target, without a server.

use crate::cargo;
use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::tests::Totals;

/// Runs `cargo test` in the guests' workspace.
pub fn test(checkout: &Checkout, totals: &mut Totals) -> Outcome {
    let workspace = checkout.root.join("plugins");
    if !workspace.join("Cargo.toml").is_file() {
        return Ok(());
    }
    let mut test = cargo::cargo(&workspace);
    test.args(["test", "--workspace", "--no-fail-fast", "--target-dir"])
        .arg(crate::plugins::target(checkout));
    totals.run(&mut test)
}
