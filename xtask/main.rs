//! The project's own commands: `cargo xtask WORD`, one file per command.

mod arch;
mod bench;
mod cargo;
mod cargo_test;
mod checkout;
mod databases;
mod deny;
mod exports;
mod failure;
mod federation;
mod flags;
mod fuzz;
mod guests;
mod node;
mod packages;
mod peers;
mod plugins;
mod python;
mod release;
mod run;
mod say;
mod screenshots;
mod shell;
mod soak;
mod spdx;
mod test;
mod tests;
mod web;

use std::process::ExitCode;

use checkout::Checkout;
use failure::Outcome;
use flags::Flags;

/// One command of this program.
struct Word {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(&Checkout, Flags) -> Outcome,
}

const WORDS: &[Word] = &[
    Word { name: "run", usage: "", about: "build everything and serve the demo on loopback", run: run::word },
    Word {
        name: "test",
        usage: "[--only STEP|CRATE] [-- ARGS]",
        about: "run all checks; the last step is `cargo test`",
        run: test::word,
    },
    Word {
        name: "build",
        usage: "",
        about: "build the release server, target/release/castling",
        run: release::word,
    },
    Word {
        name: "plugins",
        usage: "[NAME]",
        about: "build plugins/ into target/plugins/NAME.wasm",
        run: plugins::word,
    },
    Word { name: "web", usage: "", about: "build the page from web/ into target/web/", run: web::word },
    Word {
        name: "screenshots",
        usage: "",
        about: "take screenshots of the page into docs/screenshots/",
        run: screenshots::word,
    },
    Word {
        name: "arch",
        usage: "[--at DIR]",
        about: "check the crates against the table in ARCHITECTURE.md",
        run: arch::word,
    },
    Word {
        name: "deny",
        usage: "[--short]",
        about: "run cargo-deny; --short checks only licences, without it",
        run: deny::word,
    },
    Word {
        name: "fuzz",
        usage: "[--seconds N] [TARGET]",
        about: "run the fuzz targets, 60 s each by default",
        run: fuzz::word,
    },
    Word {
        name: "soak",
        usage: "[--seconds N] [--kills N] [NAME]",
        about: "run the tests that take minutes, on the release build",
        run: soak::word,
    },
    Word {
        name: "databases",
        usage: "[sqlite|postgres|mariadb]",
        about: "run the storage tests, the main job and all scenarios on each database",
        run: databases::word,
    },
    Word {
        name: "peers",
        usage: "[prosody|ejabberd]",
        about: "run the real-client scripts against other servers",
        run: peers::word,
    },
    Word {
        name: "bench",
        usage: "[ARGS of bench/bench.py]",
        about: "measure beside ejabberd and Prosody",
        run: bench::word,
    },
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let Some(word) = WORDS.iter().find(|word| word.name == name) else {
        usage();
        return ExitCode::from(2);
    };
    match Checkout::find().and_then(|checkout| (word.run)(&checkout, Flags::new(args.collect()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::problem(&format!("cargo xtask {name}: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn usage() {
    say::problem("usage: cargo xtask COMMAND");
    for Word { name, usage, about, .. } in WORDS {
        say::problem(&format!("  {:<36} {about}", format!("{name} {usage}")));
    }
}
