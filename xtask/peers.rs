//! `cargo xtask peers`: runs the real-client scripts of `tests/clients/` against Prosody and ejabberd, and between
//! them, to show that what the scripts require is what other servers do, too.

use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome};
use crate::flags::Flags;
use crate::{packages, python, say, shell};

const PEERS: [&str; 2] = ["prosody", "ejabberd"];

/// Installs packages under a policy that starts no services (Debian's `policy-rc.d`).
const WITHOUT_SERVICES: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && trap "rm -f $policy" EXIT
fi
apt-get install -y -qq --no-install-recommends "$@"
"#;

/// Runs the scripts against one peer, or both.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    let only = flags.last()?;
    let peers: Vec<_> =
        PEERS.into_iter().filter(|peer| only.as_ref().is_none_or(|only| only == peer)).collect();
    if peers.is_empty() {
        return Err(Failure::new(format!("unknown peer; expected one of: {}", PEERS.join(", "))));
    }
    need_all("the client scripts are tried against them, and between them")?;
    let python = python::need(checkout)?;
    for peer in peers {
        say::step(&format!("the client scripts against {peer}"));
        shell::run(Command::new(&python).arg(checkout.root.join("tests/clients/peers.py")).arg(peer))?;
        say::step(&format!("federation with {peer}, the other one under test"));
        shell::run(Command::new(&python).arg(checkout.root.join("tests/clients/federation.py")).arg(peer))?;
    }
    Ok(())
}

/// Installs both, and what makes their certificates.
pub fn need_all(why: &str) -> Outcome {
    need(&PEERS, why)?;
    need_openssl()
}

fn need_openssl() -> Outcome {
    packages::need(shell::found("openssl"), &["openssl"], "it makes the peers' certificates")
}

/// The proxy that tests put in front of the server.
pub fn need_nginx() -> Outcome {
    // Debian installs it where only root's `PATH` points.
    if shell::found("nginx") || std::path::Path::new("/usr/sbin/nginx").exists() {
        return Ok(());
    }
    need(&["nginx"], "tests put it in front of the server, with config/nginx.conf")
}

/// Installs servers from Debian's packages, without starting their services.
pub fn need(peers: &[&str], why: &str) -> Outcome {
    let missing: Vec<_> = peers.iter().copied().filter(|peer| !installed(peer)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    say::step(&format!("apt-get install {names}, without starting their services: {why}"));
    shell::run(packages::root("apt-get").args(["update", "-qq"]))?;
    let mut install = packages::root("sh");
    install.args(["-c", WITHOUT_SERVICES, "sh"]).args(missing);
    shell::run(install.stdin(std::process::Stdio::null()))
}

fn installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    shell::output(
        query.args(["-W", "-f", "${db:Status-Status}", package]).stderr(std::process::Stdio::null()),
    )
    .is_ok_and(|state| state == "installed")
}
