//! The WASI 0.2 functions that a guest's standard library imports, implemented without ever waiting: an empty
//! environment, no input, output to the log, clocks, randomness, and an exit that traps.

mod cli;
mod clocks;
mod io;
mod random;

use wasmtime::Result;
use wasmtime::component::Linker;

use crate::state::StoreData;

/// The supported interfaces.
const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// Whether this interface (without its version) is supported.
pub(crate) fn has(interface: &str) -> bool {
    INTERFACES.contains(&interface)
}

/// Adds them. wasmtime accepts any 0.2 version for any other.
pub(crate) fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    io::add_to_linker(linker)?;
    cli::add_to_linker(linker)?;
    clocks::add_to_linker(linker)?;
    random::add_to_linker(linker)
}
