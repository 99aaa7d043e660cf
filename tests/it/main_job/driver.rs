//! `tests/clients/drive.py` and `tests/clients/node/drive.mjs`: real clients that do what they are told and tell what
//! happens.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

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

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

/// A script of `tests/clients/`.
pub fn script(name: &str) -> Command {
    let mut command = Command::new(python());
    command.arg("-B").arg(folder().join(name));
    command
}

/// The clients for browsers, which believe the certificates in this file.
fn node(certificates: &Path) -> Command {
    let folder = folder().join("node");
    let modules = folder.join("node_modules");
    assert!(modules.exists(), "{} is missing: run cargo xtask test, or npm ci there", modules.display());
    let mut command = Command::new("node");
    command.arg(folder.join("drive.mjs")).env("NODE_EXTRA_CA_CERTS", certificates);
    command
}

/// A process with clients, and how many of its orders it has answered.
struct Process {
    child: Child,
    orders: ChildStdin,
    sent: u64,
    answered: u64,
}

impl Process {
    fn start(mut command: Command, number: usize, lines: Sender<(usize, String)>) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| lines.send((number, line)))
        });
        let orders = child.stdin.take().unwrap();
        Self { child, orders, sent: 0, answered: 0 }
    }
}

/// The clients' processes: slixmpp's, and that of the clients for browsers. They end when dropped.
pub struct Driver {
    processes: [Process; 2],
    /// The process of each client.
    at: HashMap<String, usize>,
    lines: Receiver<(usize, String)>,
    /// Orders that were not carried out.
    failures: Vec<String>,
    /// Everything that has happened, oldest first.
    pub events: Vec<Value>,
}

impl Driver {
    /// Starts them; those for browsers believe the certificates in this file.
    pub fn start(certificates: &Path) -> Self {
        let (sender, lines) = channel();
        let processes = [
            Process::start(script("drive.py"), 0, sender.clone()),
            Process::start(node(certificates), 1, sender),
        ];
        Self { processes, at: HashMap::new(), lines, failures: Vec::new(), events: Vec::new() }
    }

    /// Gives an order, and does not wait.
    pub fn order(&mut self, order: &Value) {
        let name = order["as"].as_str().unwrap();
        if order["do"] == "log-in" {
            self.at.insert(name.to_owned(), usize::from(!order["service"].is_null()));
        }
        let process = &mut self.processes[self.at[name]];
        writeln!(process.orders, "{order}").unwrap();
        process.sent += 1;
    }

    /// Waits until all orders have been carried out.
    pub fn done(&mut self) {
        self.answered();
        assert!(self.failures.is_empty(), "{:?}: {:#?}", self.failures, self.events);
    }

    fn answered(&mut self) {
        while self.processes.iter().any(|process| process.answered < process.sent) {
            self.read("an answer to an order");
        }
    }

    /// Gives an order and waits until it has been carried out.
    pub fn obey(&mut self, order: &Value) {
        self.order(order);
        self.done();
    }

    /// Gives an order that cannot be carried out: why.
    pub fn fails(&mut self, order: &Value) -> String {
        self.tries(order).err().unwrap_or_else(|| panic!("this was carried out: {order}"))
    }

    /// Gives an order that may fail: why.
    pub fn tries(&mut self, order: &Value) -> Result<(), String> {
        self.order(order);
        self.answered();
        self.failures.pop().map_or(Ok(()), Err)
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
        let (number, line) =
            line.unwrap_or_else(|error| panic!("{what} did not come ({error}): {:#?}", self.events));
        let event: Value = serde_json::from_str(&line).unwrap();
        if let Some(why) = event["why"].as_str() {
            self.failures.push(format!("order {} was not carried out: {why}", event["failed"]));
        }
        match event["done"].as_u64().or(event["failed"].as_u64()) {
            Some(answered) => self.processes[number].answered = answered,
            None => self.events.push(event),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}
