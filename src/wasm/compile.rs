//! Compiling components, in a process of their own: a large one takes seconds and hundreds of megabytes, which a process that goes on
//! does not give back.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setpriority_process, setrlimit};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine;
use crate::error::LoadError;

/// Limits of the process: address space, CPU time, and time that passes.
const ADDRESS_SPACE: u64 = 8 << 30;
const CPU_SECONDS: u64 = 240;
const LONGEST: Duration = Duration::from_secs(300);
/// It lets others go first.
const NICENESS: i32 = 10;

/// How a process is started that compiles: this program with some arguments, after which come the component and the file to write.
#[derive(Clone, Debug)]
pub struct Compiler {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl Compiler {
    /// Compiles a component to a file.
    pub(crate) fn run(&self, component: &[u8], to: &Path) -> Result<(), LoadError> {
        let from = to.with_added_extension("wasm");
        let written = std::fs::write(&from, component).map_err(LoadError::file(&from));
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(&from).arg(to);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let done = written.map(|()| command.output());
        // Part of it, if the disk is full.
        let _ = std::fs::remove_file(&from);
        let done = done?.map_err(|error| LoadError::Compiler(error.to_string()))?;
        let words = String::from_utf8_lossy(&done.stderr);
        match done.status.code() {
            Some(0) => Ok(()),
            Some(REFUSED) => Err(LoadError::compiling(words.trim())),
            // The end of what a process says that runs out of memory.
            _ => {
                let last = words.lines().last().unwrap_or_default();
                Err(LoadError::Compiler(format!("{}: {last}", done.status)))
            }
        }
    }
}

/// The exit code for a component that is refused.
const REFUSED: i32 = 3;

/// What the process does: compiles `from` to `to`, within limits.
pub fn compile_and_exit(from: &Path, to: &Path) -> ! {
    restrict();
    let read = std::fs::read(from).map_err(LoadError::file(from));
    let engine = engine::plain();
    let done = read.and_then(|component| to_file(&engine?, &component, to));
    match done {
        Ok(()) => std::process::exit(0),
        Err(LoadError::NotAComponent(why) | LoadError::ExecutableMemory(why)) => {
            say(&why);
            std::process::exit(REFUSED)
        }
        Err(other) => {
            say(&other.to_string());
            std::process::exit(1)
        }
    }
}

fn say(words: &str) {
    let _ = io::Write::write_all(&mut io::stderr(), words.as_bytes());
}

fn restrict() {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // What cannot be restricted still compiles.
    let _ = setrlimit(Resource::As, limit(ADDRESS_SPACE));
    let _ = setrlimit(Resource::Cpu, limit(CPU_SECONDS));
    let _ = setrlimit(Resource::Core, limit(0));
    let _ = setpriority_process(None, NICENESS);
    let _ = std::thread::Builder::new().spawn(|| {
        std::thread::sleep(LONGEST);
        say("it takes too long");
        std::process::exit(1)
    });
}

/// Compiles in this process.
pub(crate) fn component(engine: &Engine, bytes: &[u8]) -> Result<Component, LoadError> {
    Component::from_binary(engine, bytes).map_err(|error| LoadError::compiling(&format!("{error:#}")))
}

/// Compiles in this process, to a file.
pub(crate) fn to_file(engine: &Engine, bytes: &[u8], to: &Path) -> Result<(), LoadError> {
    let code = component(engine, bytes)?.serialize().map_err(|error| LoadError::engine(&error))?;
    std::fs::write(to, code).map_err(LoadError::file(to))
}
