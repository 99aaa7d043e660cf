//! One run of the scenarios against the server, which is killed and started again when they say so.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::network::Network;
use crate::fixture::Server;
use crate::main_job::driver::script;

/// All scenarios of a mode with a peer. Panics with what they print if one fails.
pub fn plays(peer: &str, mode: &str) {
    let network = Network::new();
    let mut server = Subject::Runs(Server::start_in(network.folder(mode)));
    let mut run = command(&network, peer, mode).spawn().unwrap();
    let printed = follow(&mut run, &mut server);
    let status = run.wait().unwrap();
    assert!(status.success(), "{printed}\n--- the server's log\n{}", server.log());
}

fn command(network: &Network, peer: &str, mode: &str) -> Command {
    let address = network.address();
    let mut command = script("federation.py");
    command.args([peer, "--mode", mode, "--net", &network.net, "--restart", "-"]);
    command.args(["--host", &address, "--starttls", "5222"]);
    command.args(["--s2s", &format!("{address}:5269"), "--s2s-tls", &format!("{address}:5270")]);
    command.arg("--certificates").arg(network.certificates());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Does what the lines of the scenarios ask for; gives all other lines.
fn follow(run: &mut Child, server: &mut Subject) -> String {
    let mut answers = run.stdin.take().unwrap();
    let mut printed = String::new();
    for line in BufReader::new(run.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.as_str() {
            "kill" => server.kill(),
            "again" => server.again(),
            _ => {
                printed.push_str(&line);
                printed.push('\n');
                continue;
            }
        }
        answers.write_all(b"\n").unwrap();
    }
    printed
}

/// The server under test, or its folder while it is killed.
enum Subject {
    Runs(Server),
    Killed(TempDir),
    Changes,
}

impl Subject {
    fn kill(&mut self) {
        if let Self::Runs(server) = std::mem::replace(self, Self::Changes) {
            *self = Self::Killed(server.kill());
        }
    }

    fn again(&mut self) {
        if let Self::Killed(dir) = std::mem::replace(self, Self::Changes) {
            *self = Self::Runs(Server::start_in(dir));
        }
    }

    fn log(&self) -> String {
        match self {
            Self::Runs(server) => server.log(),
            Self::Killed(_) | Self::Changes => String::new(),
        }
    }
}
