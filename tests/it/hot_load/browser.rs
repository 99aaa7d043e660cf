//! Real pages among the talkers: Chromium, driven by `tests/page/subjects/load.mjs`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::fixture::Server;

/// How many there are.
pub const PAGES: usize = 2;

/// A browser in which two pages talk and are loaded again and again.
pub struct Browser {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Browser {
    /// Starts it; both pages are logged in and talk.
    pub fn start(server: &Server) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/page");
        let packages = folder.join("node_modules");
        assert!(packages.is_dir(), "{} is missing: run cargo xtask test", packages.display());
        let mut command = Command::new("node");
        command.arg(folder.join("run.mjs")).args(["load", &format!("http://{}/", server.address("http"))]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut browser = Self { child, said };
        let mut line = String::new();
        browser.said.read_line(&mut line).unwrap();
        assert_eq!(line, "they talk\n", "{}", browser.rest());
        browser
    }

    /// Ends it; the error is what was lost, doubled or out of order.
    pub fn stop(mut self) -> Result<(), String> {
        drop(self.child.stdin.take());
        let said = self.rest();
        eprint!("in the browser: {said}");
        if self.child.wait().unwrap().success() { Ok(()) } else { Err(said) }
    }

    fn rest(&mut self) -> String {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
