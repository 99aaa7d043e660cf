//! System packages, installed only when missing.

use std::ffi::OsStr;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::{say, shell};

/// Installs Debian's `packages` unless `present`; `why` is printed first.
pub fn need(present: bool, packages: &[&str], why: &str) -> Outcome {
    if present {
        return Ok(());
    }
    let names = packages.join(" ");
    if !shell::found("apt-get") {
        return Err(Failure::new(format!(
            "{why}, and this machine has no apt-get: install the equivalents of {names} and try again"
        )));
    }
    say::step(&format!("apt-get install {names}: {why}"));
    // A new machine has no package lists; an old list may name versions that no longer exist.
    shell::run(root("apt-get").args(["update", "-qq"]))?;
    let mut install = root("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    shell::run(install.stdin(std::process::Stdio::null()))
}

/// The C compiler needed to build the TLS library and SQLite.
pub fn need_c_compiler() -> Outcome {
    let present = shell::found("cc") || shell::found("gcc") || std::env::var_os("CC").is_some();
    need(present, &["gcc", "libc6-dev"], "the TLS library and SQLite are compiled from C")
}

/// The C++ compiler needed to build libFuzzer.
pub fn need_cxx_compiler() -> Outcome {
    let present = shell::found("c++") || shell::found("g++") || std::env::var_os("CXX").is_some();
    need(present, &["g++"], "libFuzzer is compiled from C++")
}

/// The library by which a test sets the clock of one process.
pub fn need_faketime() -> Outcome {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let present =
        folders.map(|folder| folder.path().join("faketime/libfaketime.so.1")).any(|file| file.exists());
    need(present, &["libfaketime"], "a test sets the clock of a server")
}

/// A command run as root, which installing requires.
pub fn root(program: &str) -> Command {
    let am_root = is_root();
    let mut command = Command::new(if am_root { "env" } else { "sudo" });
    if !am_root {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", program]);
    command
}

/// Whether this is root's process.
pub fn is_root() -> bool {
    shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// A command run as that user if this is root's process, else as this one's; it ends with its parent.
pub fn as_user(user: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
