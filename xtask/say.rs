//! The only file that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "these commands talk to a terminal")]

use std::io::Write;

/// A line of a report.
pub fn line(text: &str) {
    println!("{text}");
}

/// Announces the next step.
pub fn step(text: &str) {
    println!("==> {text}");
    flush();
}

/// Reports a problem.
pub fn problem(text: &str) {
    flush();
    eprintln!("{text}");
}

fn flush() {
    // A pipe closed by the reader is not a failure of the step.
    let _ = std::io::stdout().flush();
}
