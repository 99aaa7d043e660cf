//! `tests/clients/drive.py`: real clients that do what they are told and tell what happens.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::fixture::PATIENCE;

/// The interpreter that has slixmpp. Without it the main job is not shown, which is a failure.
pub fn python() -> PathBuf {
    let python = std::env::var_os("CASTLING_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let imports = Command::new(&python).args(["-c", "import slixmpp"]).output();
    let remedy = "run cargo xtask test, or set CASTLING_PYTHON to an interpreter that has slixmpp";
    match imports {
        Ok(output) if output.status.success() => python,
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr);
            panic!("{} cannot import slixmpp: {remedy}\n{error}", python.display())
        }
        Err(error) => panic!("{} cannot be run: {remedy}\n{error}", python.display()),
    }
}

/// A script of `tests/clients/`.
pub fn script(name: &str) -> Command {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    let mut command = Command::new(python());
    command.arg("-B").arg(folder.join(name));
    command
}

/// The clients' process. It ends when dropped.
pub struct Driver {
    child: Child,
    orders: ChildStdin,
    lines: Receiver<String>,
    sent: u64,
    answered: u64,
    /// Everything that has happened, oldest first.
    pub events: Vec<Value>,
}

impl Driver {
    pub fn start() -> Self {
        let mut child = script("drive.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let orders = child.stdin.take().unwrap();
        Self { child, orders, lines, sent: 0, answered: 0, events: Vec::new() }
    }

    /// Gives an order, and does not wait.
    pub fn order(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").unwrap();
        self.sent += 1;
    }

    /// Waits until all orders have been carried out.
    pub fn done(&mut self) {
        while self.answered < self.sent {
            self.read("an answer to an order");
        }
    }

    /// Gives an order and waits until it has been carried out.
    pub fn obey(&mut self, order: &Value) {
        self.order(order);
        self.done();
    }

    /// Waits for an event, and gives it; also one that has happened already.
    pub fn event(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut seen = 0;
        loop {
            if let Some(event) = self.events[seen..].iter().find(|event| is(event)) {
                return event.clone();
            }
            seen = self.events.len();
            self.read(what);
        }
    }

    /// The texts that `at` has heard from a full JID, oldest first.
    pub fn heard(&self, at: &str, from: &str) -> Vec<&str> {
        let theirs = self.events.iter().filter(|event| event["at"] == at && event["event"] == "message");
        theirs.filter(|event| event["from"] == from).filter_map(|event| event["body"].as_str()).collect()
    }

    /// What became of somebody's stream; empty while nothing did.
    pub fn losses(&self, at: &str) -> Vec<&Value> {
        let lost = |event: &&Value| event["event"] == "disconnected" || event["event"] == "stream-error";
        self.events.iter().filter(|event| event["at"] == at).filter(lost).collect()
    }

    fn read(&mut self, what: &str) {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|error| panic!("{what} did not come ({error}): {:#?}", self.events));
        let event: Value = serde_json::from_str(&line).unwrap();
        assert!(event["failed"].is_null(), "an order was not carried out: {event}");
        match event["done"].as_u64() {
            Some(number) => self.answered = number,
            None => self.events.push(event),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
