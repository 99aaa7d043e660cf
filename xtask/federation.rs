//! Federation with Prosody and ejabberd: tests that need both.

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::peers;
use crate::tests::Totals;

pub fn step(checkout: &Checkout, totals: &mut Totals) -> Outcome {
    peers::need_all("this server federates with them")?;
    let mut tests = cargo_test(checkout)?;
    // One after the other: each is two servers, and waits for what they do.
    let which = [
        "--workspace",
        "--test",
        "it",
        "--",
        "federation::peers::",
        "--include-ignored",
        "--test-threads",
        "1",
    ];
    totals.run(tests.args(which))
}
