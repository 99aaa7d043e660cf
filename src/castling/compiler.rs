//! How the server compiles plugins.

use std::path::Path;

use wasm::Compiler;

/// The word with which the server runs itself to compile a component.
pub const WORD: &str = "compile-plugin";

/// This program, to compile a component: the file may have been replaced since it was started.
pub fn compiler() -> Compiler {
    let running = Path::new("/proc/self/exe");
    let program = match running.exists() {
        true => running.to_owned(),
        false => std::env::current_exe().unwrap_or_else(|_| "castling".into()),
    };
    Compiler { program, arguments: vec![WORD.into()] }
}
