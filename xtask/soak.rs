//! `cargo xtask soak`: tests that take minutes, on the release build. Each is `#[ignore]`d, and its name begins with `soak_`.
//! One runs for the number of seconds in `CASTLING_SOAK_SECONDS`; those that kill the server or its database, whose names
//! begin with `soak_kill_`, run on each database, for the number of rounds in `CASTLING_SOAK_KILLS`.

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::databases::{self, Server};
use crate::failure::Outcome;
use crate::flags::Flags;
use crate::tests::Totals;
use crate::{plugins, say};

/// The names of tests that run on each database, and of those among them that kill a database server.
const KILL: &str = "kill_";
const KILL_DATABASE: &str = "soak_kill_the_database_server";

/// Runs the soak tests whose names, without `soak_`, begin with the given string.
pub fn word(checkout: &Checkout, mut flags: Flags) -> Outcome {
    let seconds = flags.number("--seconds", 600)?;
    let kills = flags.number("--kills", 200)?;
    let name = flags.last()?.unwrap_or_default();
    plugins::build(checkout, None)?;
    let mut totals = Totals::default();
    let result = databases::NAMES.iter().try_for_each(|database| {
        let Some(tests) = tests(database, &name) else { return Ok(()) };
        say::step(&format!("{database}: tests that take minutes"));
        let server = Server::start(database)?;
        let mut soak = cargo_test(checkout)?;
        soak.env("CASTLING_SOAK_SECONDS", seconds.to_string()).env("CASTLING_SOAK_KILLS", kills.to_string());
        soak.args(["--release", "--package", "castling", "--"]).args(tests);
        soak.args(["--ignored", "--test-threads", "1", "--nocapture"]);
        totals.run(databases::may_kill(&mut soak, server.as_ref()))
    });
    totals.close();
    result
}

/// What selects the tests that run on a database; `None`: the name selects none of them.
fn tests(database: &str, name: &str) -> Option<Vec<String>> {
    match database {
        "sqlite" => Some(vec![format!("soak_{name}"), "--skip".to_owned(), KILL_DATABASE.to_owned()]),
        _ if KILL.starts_with(name) => Some(vec![format!("soak_{KILL}")]),
        _ if name.starts_with(KILL) => Some(vec![format!("soak_{name}")]),
        _ => None,
    }
}
