//! `cargo xtask screenshots`: takes screenshots of the page, to `docs/screenshots/`.

use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::flags::Flags;
use crate::{release, say, shell, web};

/// Builds the page and the server, plays a short scene in a browser and takes the screenshots.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    flags.none()?;
    web::build(checkout)?;
    web::need_browser(checkout)?;
    release::build(checkout)?;
    say::step("screenshots: docs/screenshots");
    let mut scene = Command::new("node");
    scene.arg(checkout.root.join("tests/page/screenshots.mjs")).arg(checkout.binary());
    shell::run(scene.arg(checkout.root.join("docs/screenshots")))
}
