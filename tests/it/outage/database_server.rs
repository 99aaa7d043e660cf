//! The process of the database server that the tests run on.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use crate::database;
use crate::fixture::{signal, until};

/// Its process, and what it takes to start it again.
pub struct DatabaseServer {
    url: String,
    pid: u32,
    command: Vec<String>,
    folder: PathBuf,
    user: u32,
}

impl DatabaseServer {
    /// The one that the tests run on.
    pub fn running() -> Self {
        Self::of(database::server(), database::pid())
    }

    /// The one with this URL and this process.
    pub fn of(url: String, pid: u32) -> Self {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let command = fs::read_to_string(proc.join("cmdline")).unwrap();
        let command = command.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
        let folder = fs::read_link(proc.join("cwd")).unwrap();
        let user = fs::metadata(&proc).unwrap().uid();
        Self { url, pid, command, folder, user }
    }

    /// It is started again without options by which it forgets what it has committed if the machine fails.
    pub fn durable(mut self) -> Self {
        for option in &mut self.command {
            *option = option.replace("fsync=off", "fsync=on").replace("trx-commit=2", "trx-commit=1");
        }
        self.kill();
        self.restart();
        self
    }

    /// To all of its processes.
    pub fn signal(&self, name: &str) {
        for pid in self.processes() {
            signal(pid, name);
        }
    }

    fn processes(&self) -> Vec<u32> {
        let children = format!("/proc/{0}/task/{0}/children", self.pid);
        let children = fs::read_to_string(children).unwrap();
        [self.pid].into_iter().chain(children.split_whitespace().map(|pid| pid.parse().unwrap())).collect()
    }

    pub fn kill(&mut self) {
        self.signal("KILL");
        // Its parent is not this process: until it has been buried, it holds nothing any more.
        until("the database server is gone", || TcpStream::connect(database::address(&self.url)).is_err());
    }

    /// Starts it again; what it recovers comes first.
    pub fn restart(&mut self) {
        let mut ended = self.start();
        until("the database server answers", || {
            // PostgreSQL does not start before the last process of its predecessor has gone, which finds out by itself.
            if ended.try_recv().is_ok() {
                ended = self.start();
            }
            database::answers(&self.url)
        });
    }

    /// What is received from tells when it has ended.
    fn start(&mut self) -> Receiver<()> {
        let user = self.user.to_string();
        let mut server = Command::new("setpriv");
        server.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).args(&self.command);
        server.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap();
        database::restarted(self.pid, server.id());
        self.pid = server.id();
        let (end, ended) = mpsc::channel();
        // Buried when it ends, so that it can be started once more.
        std::thread::spawn(move || {
            let _ = server.wait();
            let _ = end.send(());
        });
        ended
    }
}
