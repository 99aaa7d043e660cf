//! `cargo xtask soak`: tests that take minutes. Each is `#[ignore]`d, its name begins with `soak_`, and it
//! runs for the number of seconds in `CASTLING_SOAK_SECONDS`.

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::flags::Flags;
use crate::plugins;
use crate::tests::Totals;

/// Runs the soak tests whose names contain the given string.
pub fn word(checkout: &Checkout, mut flags: Flags) -> Outcome {
    let seconds = flags.seconds("--seconds", 600)?;
    let name = flags.last()?.unwrap_or_default();
    plugins::build(checkout, None)?;
    let mut totals = Totals::default();
    let mut soak = cargo_test(checkout)?;
    soak.env("CASTLING_SOAK_SECONDS", seconds.to_string());
    soak.args([
        "--release",
        "--package",
        "castling",
        "--",
        "--ignored",
        "--test-threads",
        "1",
        "--nocapture",
    ]);
    soak.arg(format!("soak_{name}"));
    let result = totals.run(&mut soak);
    totals.close();
    result
}
