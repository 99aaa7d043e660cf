//! A server process in a folder of its own, on ports of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::database;

/// The binary under test.
pub const CASTLING: &str = env!("CARGO_BIN_EXE_castling");

/// The two brands, without TLS files: certificates are self-signed.
pub const BRANDS: &str = r#"
[[domain]]
name = "chess.example"
[[domain]]
name = "wuchess.example"
"#;

/// A running server. It is killed when dropped.
pub struct Server {
    /// Its folder: `castling.toml`, `data/`, `stderr`.
    pub dir: TempDir,
    child: Child,
    listen: Vec<(String, SocketAddr)>,
}

impl Server {
    /// A server with these lines after the usual `[listen]`; keys of the top level cannot be in there.
    pub fn start(more: &str) -> Self {
        Self::start_with(more, &[])
    }

    /// The same with accounts, all with the password `secret`.
    pub fn start_with(more: &str, users: &[&str]) -> Self {
        let dir = folder(more);
        add_users(dir.path(), users);
        Self::start_in(dir)
    }

    /// A server in a folder that is there already.
    pub fn start_in(dir: TempDir) -> Self {
        Self::start_under(dir, &[])
    }

    /// The same with these variables in its environment.
    pub fn start_under(dir: TempDir, env: &[(&str, &str)]) -> Self {
        let stderr =
            fs::OpenOptions::new().create(true).append(true).open(dir.path().join("stderr")).unwrap();
        let mut child = Command::new(CASTLING)
            .args(["serve", "--config", "castling.toml"])
            .current_dir(dir.path())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line != "ready\n" {
            let _ = child.wait();
            panic!("the server did not start: {line:?}\n{}", read(&dir.path().join("stderr")));
        }
        let mut server = Self { dir, child, listen: Vec::new() };
        let status: Value = serde_json::from_str(&server.ok(&["status", "--json"])).unwrap();
        for one in status["listen"].as_array().unwrap() {
            let kind = one["kind"].as_str().unwrap().to_owned();
            server.listen.push((kind, one["address"].as_str().unwrap().parse().unwrap()));
        }
        server
    }

    /// Where a listener accepts: `c2s`, `c2s_plain`, `c2s_tls`, `http`, `https`.
    pub fn address(&self, kind: &str) -> SocketAddr {
        self.listen.iter().find(|(k, _)| k == kind).map(|(_, a)| *a).unwrap()
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a command against this server; it must succeed. Returns what it printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "castling {args:?}: {error}\n{}", self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same with something on its standard input.
    pub fn ok_with_input(&self, args: &[&str], input: &str) -> String {
        let output = castling(self.dir.path(), args, input);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "castling {args:?}: {error}\n{}", self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must be refused with exit code 1. Returns what it said.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "castling {args:?} was not refused");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Runs a command against this server.
    pub fn run(&self, args: &[&str]) -> Output {
        castling(self.dir.path(), args, "")
    }

    /// What `castling stats --json` says.
    pub fn stats(&self) -> Value {
        serde_json::from_str(&self.ok(&["stats", "--json"])).unwrap()
    }

    /// A number of a statement in `castling stats`; 0 if it has not run.
    pub fn statement(&self, name: &str, number: &str) -> u64 {
        let stats = self.stats();
        let found = stats["statements"].as_array().unwrap().iter().find(|one| one["name"] == name);
        found.map_or(0, |one| one[number].as_u64().unwrap())
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        read(&self.dir.path().join("stderr"))
    }

    /// Kills it as `kill -9` does, and gives back its folder.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.dir, TempDir::new().unwrap())
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    pub fn stop(mut self) -> (Option<i32>, TempDir) {
        signal(self.child.id(), "TERM");
        let code = self.child.wait().unwrap().code();
        (code, std::mem::replace(&mut self.dir, TempDir::new().unwrap()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
    }
}

/// Sends a signal.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A folder with a configuration on free ports of loopback.
pub fn folder(more: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let storage = database::url().map_or_else(String::new, |url| format!("[storage]\nurl = {url:?}\n"));
    let listen = "[listen]\nc2s = [\"127.0.0.1:0\"]\nc2s_tls = [\"127.0.0.1:0\"]\nc2s_plain = [\"127.0.0.1:0\"]\n\
                  http = [\"127.0.0.1:0\"]\nhttps = [\"127.0.0.1:0\"]\n";
    let text = format!("data_dir = \"data\"\n{storage}{listen}{more}");
    fs::write(dir.path().join("castling.toml"), text).unwrap();
    dir
}

/// Creates accounts with the password `secret`, while no server runs.
pub fn add_users(dir: &Path, users: &[&str]) {
    if users.is_empty() {
        return;
    }
    let rows: String = users.iter().map(|user| format!("{user},secret\n")).collect();
    fs::write(dir.join("users.csv"), rows).unwrap();
    let output = castling(dir, &["user", "add", "--from", "users.csv"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the binary in a folder.
pub fn castling(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(CASTLING)
        .args(args)
        .args(["--config", "castling.toml"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A built plugin (`cargo xtask plugins`).
pub fn plugin(name: &str) -> PathBuf {
    let folder = std::env::var_os("CASTLING_PLUGINS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"), PathBuf::from);
    let file = folder.join(format!("{name}.wasm"));
    assert!(file.exists(), "{} is missing: run cargo xtask plugins", file.display());
    file.canonicalize().unwrap()
}

/// How long anything may take that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until it is so. Some answer at once, and would take the time from those who are waited for.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let paused = || std::thread::sleep(Duration::from_millis(1));
    let times = PATIENCE.as_millis();
    assert!(
        (0..times).any(|_| is() || {
            paused();
            false
        }),
        "{what}: it never came to that"
    );
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = fs::File::open(path) {
        let _ = file.read_to_string(&mut text);
    }
    text
}
