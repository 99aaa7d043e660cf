//! Node, npm packages and the browser: for the page, and for tests that drive real clients.

use std::path::Path;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome, While};
use crate::{packages, say, shell};

/// The oldest supported Node version.
const OLDEST: u32 = 18;
/// Debian's browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Installs the packages of the lock file in `folder` of the checkout, unless they are there already; `why`
/// is printed if Node is missing. Package scripts are not run.
pub fn packages(checkout: &Checkout, folder: &str, why: &str) -> Outcome {
    need(why)?;
    let folder = checkout.root.join(folder);
    let lock = folder.join("package-lock.json");
    let wanted = std::fs::read_to_string(&lock).when(lock.display())?;
    let stamp = folder.join("node_modules/.castling-lock.json");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    say::step(&format!("npm ci in {}", folder.display()));
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    shell::run(npm.current_dir(&folder))?;
    std::fs::write(&stamp, wanted).when(stamp.display())
}

/// Node and npm.
pub fn need(why: &str) -> Outcome {
    let missing: Vec<_> =
        [("node", "nodejs"), ("npm", "npm")].iter().filter(|(program, _)| !shell::found(program)).collect();
    let names: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages::need(names.is_empty(), &names, why)?;
    let version = shell::output(Command::new("node").arg("--version"))?;
    match major(&version) {
        Some(major) if major >= OLDEST => Ok(()),
        _ => Err(Failure::new(format!("Node {OLDEST} or newer is needed, this is {}", version.trim()))),
    }
}

/// Debian's Chromium.
pub fn need_browser() -> Outcome {
    packages::need(Path::new(CHROMIUM).exists(), &["chromium"], "tests look at the page in a real browser")
}

/// `v20.1.0` to 20.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20"), None);
    }

    #[test]
    fn lock_files_name_no_registry() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for folder in ["web", "tests/page", "tests/clients/node"] {
            let lock = std::fs::read_to_string(root.join(folder).join("package-lock.json")).unwrap();
            let foreign = lock.lines().find(|line| line.contains("\"resolved\""));
            assert!(
                foreign.is_none(),
                "{folder}: {foreign:?}: set omit-lockfile-registry-resolved and lock again"
            );
            assert!(lock.contains("\"integrity\": \"sha512-"), "{folder}");
        }
    }
}
