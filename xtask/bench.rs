//! `cargo xtask bench`: the load tool in `bench/`, also run against ejabberd and Prosody on this machine.

use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Outcome;
use crate::flags::Flags;
use crate::{cargo, packages, plugins, release, say, shell};

/// Builds everything to be measured, installs the peers, then runs `bench/bench.py`; see its `--help`. Given
/// binaries are measured as they are, so with those alone neither the server nor the peers are needed.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    let mut args = flags.all();
    if args.is_empty() {
        args.push("report".to_owned());
    }
    let given = |name: &str| args.iter().any(|arg| arg.split('=').next() == Some(name));
    let only_given = given("--binary") && !given("--servers");
    if !only_given {
        release::build(checkout)?;
        plugins::build(checkout, None)?;
    }
    if args.first().is_some_and(|what| what == "accounts") {
        let fill = ["build", "--release", "--package", "castling-storage", "--example", "fill_accounts"];
        shell::run(cargo::cargo(&checkout.root).args(fill))?;
    }
    if args.first().is_some_and(|what| what == "cost") {
        // With the server, so that both are built from the same crates.
        let calls = ["build", "--release", "--package", "castling", "--package", "castling-calls"];
        shell::run(cargo::cargo(&checkout.root).args(calls))?;
    }
    say::step("the load generator");
    let load = checkout.target.join("load");
    let mut build = cargo::cargo(&checkout.root.join("bench"));
    shell::run(build.args(["build", "--release", "--quiet", "--target-dir"]).arg(&load))?;
    let is_about_plugins =
        args.first().is_some_and(|what| ["wall", "storm", "cost"].contains(&what.as_str()));
    if !only_given && !is_about_plugins {
        let peers = ["ejabberd", "prosody", "postgresql", "mariadb-server", "erlang-p1-pgsql"];
        crate::peers::need(&peers, "they are measured beside this server, or serve those that are")?;
    }
    packages::need(
        shell::found("openssl"),
        &["openssl"],
        "it makes the certificate the measured servers share",
    )?;
    let mut bench = Command::new("python3");
    bench.arg(checkout.root.join("bench/bench.py")).args(args);
    let built = checkout.target.join("release");
    bench
        .env("CASTLING_FILL", built.join("examples/fill_accounts"))
        .env("CASTLING_CALLS", built.join("calls"));
    bench.env("CASTLING", checkout.binary()).env("CASTLING_PLUGINS", checkout.plugins());
    shell::run(bench.env("CASTLING_LOAD", load.join("release")))
}

/// Checks that the generator compiles without warnings and the scripts are valid Python.
pub fn check(checkout: &Checkout) -> Outcome {
    let mut clippy = cargo::cargo(&checkout.root.join("bench"));
    clippy.args(["clippy", "--quiet", "--all-targets", "--target-dir"]).arg(checkout.target.join("load"));
    shell::run(clippy.args(["--", "--deny", "warnings"]))?;
    crate::python::need_interpreter()?;
    let read = "import ast, pathlib, sys; [ast.parse(f.read_text(), str(f)) for f in pathlib.Path(sys.argv[1]).rglob('*.py')]";
    shell::run(Command::new("python3").args(["-c", read]).arg(checkout.root.join("bench")))
}
