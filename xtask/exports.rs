//! What Prosody and ejabberd take of an export: tests that need both.

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::peers;
use crate::tests::Totals;

pub fn step(checkout: &Checkout, totals: &mut Totals) -> Outcome {
    peers::need_all("they import what this server exports")?;
    let mut tests = cargo_test(checkout)?;
    totals.run(tests.args(["--workspace", "--test", "it", "--", "import::peers::", "--include-ignored"]))
}
