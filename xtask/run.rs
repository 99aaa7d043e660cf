//! `cargo xtask run`: from a checkout to a server that two clients can log in to.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome};
use crate::flags::Flags;
use crate::{plugins, release, say, shell, web};

/// The demo's users. The same name on two domains is two accounts.
const USERS: [(&str, &str); 3] = [
    ("jack@chess.example", "jack-chess"),
    ("anna@chess.example", "anna-chess"),
    ("jack@wuchess.example", "jack-wuchess"),
];

/// Builds, populates and serves the demo; returns only if the server cannot be started.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    flags.none()?;
    web::build(checkout)?;
    release::build(checkout)?;
    say::step("plugins");
    plugins::build(checkout, None)?;
    for (jid, password) in USERS {
        add_user(checkout, jid, password)?;
    }
    how_to_log_in();
    // The server replaces this process, so that Ctrl-C and signals reach it and its exit code is passed on.
    let error = castling(checkout).arg("serve").exec();
    Err(Failure::new(format!("{}: {error}", checkout.binary().display())))
}

fn castling(checkout: &Checkout) -> Command {
    let mut command = Command::new(checkout.binary());
    command.current_dir(&checkout.root);
    command
}

fn add_user(checkout: &Checkout, jid: &str, password: &str) -> Outcome {
    if shell::succeeds(castling(checkout).args(["user", "show", jid])) {
        return Ok(());
    }
    let mut add = castling(checkout);
    shell::run_with_input(add.args(["user", "add", jid, "--password-stdin"]), &format!("{password}\n"))
}

fn how_to_log_in() {
    say::step("the demo: any XMPP client on this machine can log in");
    for (jid, password) in USERS {
        say::line(&format!("    {jid:<22} password {password}"));
    }
    say::line(
        "    server 127.0.0.1, port 5222 (STARTTLS) or 5223 (direct TLS); the certificates are self-signed",
    );
    say::line("    in a browser: http://127.0.0.1:5280/");
    say::line("    the data is in ./data; Ctrl-C stops the server");
}
