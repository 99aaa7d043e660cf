//! `cargo xtask build`: builds the optimized server at `target/release/castling`.

use crate::checkout::{Checkout, place};
use crate::failure::Outcome;
use crate::flags::Flags;
use crate::{cargo, packages, say, shell};

pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    flags.none()?;
    build(checkout)
}

/// Builds the binary and copies it to its fixed path.
pub fn build(checkout: &Checkout) -> Outcome {
    packages::need_c_compiler()?;
    say::step("cargo build --release (the first time takes minutes)");
    shell::run(cargo::cargo(&checkout.root).args(["build", "--release", "--package", "castling"]))?;
    let built = checkout.target.join("release/castling");
    let fixed = checkout.binary();
    if built != fixed {
        place(&built, &fixed)?;
    }
    Ok(())
}
