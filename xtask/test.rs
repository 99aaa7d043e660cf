//! `cargo xtask test`: all checks. Stops at the first step that fails.

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome};
use crate::flags::Flags;
use crate::tests::Totals;
use crate::{
    arch, bench, cargo, databases, deny, exports, federation, fuzz, guests, packages, plugins, say, shell,
    web,
};

/// One check.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Checkout, &mut Totals, &[String]) -> Outcome,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", about: "cargo fmt --check", run: |checkout, _, _| fmt(checkout) },
    Step {
        name: "arch",
        about: "crates, floors and homes",
        run: |checkout, _, _| arch::check(&checkout.root),
    },
    Step { name: "licences", about: "licences of all crates", run: |checkout, _, _| deny::short(checkout) },
    Step {
        name: "page",
        about: "the page, and its tests without a browser",
        run: |checkout, _, _| web::build(checkout).and_then(|()| web::test(checkout)),
    },
    Step {
        name: "clippy",
        about: "cargo clippy, warnings are errors",
        run: |checkout, _, _| clippy(checkout),
    },
    Step {
        name: "plugins",
        about: "plugins to WebAssembly",
        run: |checkout, _, _| plugins::build(checkout, None),
    },
    Step {
        name: "guests",
        about: "the plugins' own tests",
        run: |checkout, totals, _| guests::test(checkout, totals),
    },
    Step { name: "bench", about: "the load tool compiles", run: |checkout, _, _| bench::check(checkout) },
    Step { name: "fuzz", about: "the fuzz targets compile", run: |checkout, _, _| fuzz::check(checkout) },
    Step { name: "tests", about: "cargo test: unit, scenario, real clients", run: tests },
    Step {
        name: "databases",
        about: "the storage tests on PostgreSQL and MariaDB",
        run: |checkout, totals, _| databases::step(checkout, totals),
    },
    Step {
        name: "peers",
        about: "what Prosody and ejabberd take of an export",
        run: |checkout, totals, _| exports::step(checkout, totals),
    },
    Step {
        name: "federation",
        about: "users here and on Prosody and ejabberd",
        run: |checkout, totals, _| federation::step(checkout, totals),
    },
];

/// Runs all steps, one of them, or the tests of one crate.
pub fn word(checkout: &Checkout, mut flags: Flags) -> Outcome {
    let only = flags.value("--only")?;
    let rest = flags.none()?;
    let mut totals = Totals::default();
    let result = match only.as_deref() {
        None => STEPS.iter().try_for_each(|step| run(step, checkout, &mut totals, &rest)),
        Some(name) => match STEPS.iter().find(|step| step.name == name) {
            Some(step) => run(step, checkout, &mut totals, &rest),
            None => one_crate(checkout, name, &mut totals, &rest),
        },
    };
    totals.close();
    result
}

fn run(step: &Step, checkout: &Checkout, totals: &mut Totals, rest: &[String]) -> Outcome {
    say::step(&format!("{}: {}", step.name, step.about));
    (step.run)(checkout, totals, rest)
        .map_err(|failure| Failure::new(format!("step {}: {failure}", step.name)))
}

fn fmt(checkout: &Checkout) -> Outcome {
    for workspace in ["", "plugins", "bench", "fuzz"] {
        let folder = checkout.root.join(workspace);
        if folder.join("Cargo.toml").is_file() {
            shell::run(cargo::cargo(&folder).args(["fmt", "--all", "--check"])).map_err(|failure| {
                Failure::new(format!("{failure}; run `cargo fmt --all` in {}", folder.display()))
            })?;
        }
    }
    Ok(())
}

fn clippy(checkout: &Checkout) -> Outcome {
    packages::need_c_compiler()?;
    let mut clippy = cargo::cargo(&checkout.root);
    shell::run(clippy.args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    guests::clippy(checkout)
}

fn tests(checkout: &Checkout, totals: &mut Totals, rest: &[String]) -> Outcome {
    let mut test = cargo_test(checkout)?;
    totals.run(test.args(["--workspace", "--no-fail-fast", "--"]).args(rest))
}

fn one_crate(checkout: &Checkout, name: &str, totals: &mut Totals, rest: &[String]) -> Outcome {
    let names = [name.to_owned(), format!("castling-{name}")];
    let package = names.iter().find(|name| arch::is_member(&checkout.root, name)).ok_or_else(|| {
        let steps: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        Failure::new(format!("--only {name} is neither a step ({}) nor a crate", steps.join(", ")))
    })?;
    let mut test = cargo_test(checkout)?;
    totals.run(test.args(["--package", package, "--"]).args(rest))
}
