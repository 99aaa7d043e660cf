//! `cargo xtask web`: bundles the page, from `web/` to `target/web/`, where the server's build finds it.

use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::flags::Flags;
use crate::{node, say, shell};

/// Bundles the page.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    flags.none()?;
    build(checkout)
}

/// Bundles the page. Unchanged files are not written, so that they trigger no recompilation.
pub fn build(checkout: &Checkout) -> Outcome {
    node::packages(checkout, "web", "the page that castling serves is bundled with esbuild")?;
    say::step("web: the page to target/web");
    let mut bundle = Command::new("node");
    shell::run(bundle.arg(checkout.root.join("web/build.mjs")).arg(checkout.root.join("target/web")))
}

/// The page's own tests, which need no browser.
pub fn test(checkout: &Checkout) -> Outcome {
    node::packages(checkout, "web", "the page that castling serves is bundled with esbuild")?;
    let mut test = Command::new("node");
    shell::run(test.arg("--test").current_dir(checkout.root.join("web")))
}

/// What `tests/it/page.rs` needs: the browser and the packages that drive it.
pub fn need_browser(checkout: &Checkout) -> Outcome {
    node::need_browser()?;
    node::packages(checkout, "tests/page", "tests drive a browser with playwright")
}
