//! `cargo test`, with what the tests need installed.

use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::{cargo, node, packages, peers, python, web};

/// `cargo test` with the environment that the tests need.
pub fn cargo_test(checkout: &Checkout) -> Outcome<Command> {
    packages::need_c_compiler()?;
    packages::need_faketime()?;
    peers::need_nginx()?;
    let python = python::need(checkout)?;
    web::need_browser(checkout)?;
    node::packages(checkout, "tests/clients/node", "tests drive XMPP clients for browsers")?;
    let mut test = cargo::cargo(&checkout.root);
    test.arg("test").env("CASTLING_PLUGINS", checkout.plugins()).env("CASTLING_PYTHON", python);
    Ok(test)
}
