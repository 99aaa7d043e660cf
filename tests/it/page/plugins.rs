//! Plugins are loaded, replaced and removed while pages are open, and talk with each other and with a client over TCP.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::{BRANDS, browser, start};
use crate::fixture::{Server, plugin};
use crate::raw::Raw;
use crate::versions::version;

/// A subject of `tests/page/subjects/` that tells where it is and waits there.
struct Play {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Play {
    fn begin(server: &Server, transport: &str) -> Self {
        let errors = File::create(server.dir.path().join("page")).unwrap();
        let mut command = browser(server, "plugins", transport);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What it says next; nothing at its end.
    fn next(&mut self) -> Option<String> {
        self.lines.next().map(Result::unwrap)
    }

    /// Lets it go on.
    fn go_on(&mut self) {
        writeln!(self.child.stdin.as_mut().unwrap(), "done").unwrap();
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sessions of those who talk all the time, as the operator sees them.
fn sessions(server: &Server) -> Vec<String> {
    let list: Value = serde_json::from_str(&server.ok(&["session", "list", "--json"])).unwrap();
    let talks = |session: &&Value| {
        let jid = session["jid"].as_str().unwrap();
        ["jack@", "anna@", "tom@"].iter().any(|name| jid.starts_with(name))
    };
    let mut lines: Vec<_> = list.as_array().unwrap().iter().filter(talks).map(Value::to_string).collect();
    lines.sort();
    lines
}

fn plugins_under_pages(transport: &str) {
    let server = start(BRANDS);
    let second = version("sunshine", "0.2.0", &json!({ "text": "Version two" }), server.dir.path());
    let first = plugin("sunshine");
    let mut tom = Raw::bound(server.address("c2s_plain"), "tom@chess.example/tcp");
    let mut play = Play::begin(&server, transport);
    let mut before = Vec::new();
    let mut ended = false;
    while let Some(line) = play.next() {
        let step = line.strip_prefix("step ").unwrap_or(&line);
        match step {
            "begin" => before = sessions(&server),
            "end" => assert_eq!(sessions(&server), before, "the sessions are the same ones"),
            "install" => drop(server.ok(&["plugin", "install", first.to_str().unwrap()])),
            "enable" => drop(server.ok(&["plugin", "enable", "sunshine", "--set", "max=3"])),
            "reload" => drop(server.ok(&["plugin", "reload", "sunshine", second.to_str().unwrap()])),
            "disable" | "remove" => drop(server.ok(&["plugin", step, "sunshine"])),
            _ => {
                ended = line == "ok plugins";
                break;
            }
        }
        if !["begin", "end"].contains(&step) {
            tom.send(&format!("<message to='jack@chess.example' type='chat'><body>{step}</body></message>"));
        }
        play.go_on();
    }
    let errors = std::fs::read_to_string(server.dir.path().join("page")).unwrap();
    assert!(ended, "{errors}");
    assert_eq!(before.len(), 3, "{before:?}");
}

#[test]
fn plugins_come_and_go_under_pages_over_websocket() {
    plugins_under_pages("websocket");
}

#[test]
fn plugins_come_and_go_under_pages_over_bosh() {
    plugins_under_pages("bosh");
}
