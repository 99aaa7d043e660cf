//! The only file that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "these commands talk to a terminal")]

use std::io::Write;

/// A line of a report.
pub fn line(text: &str) {
    println!("{text}");
}

/// What is done next.
pub fn step(text: &str) {
    println!("==> {text}");
    flush();
}

/// What went wrong.
pub fn problem(text: &str) {
    flush();
    eprintln!("{text}");
}

fn flush() {
    // A closed pipe is the reader's choice and no failure of the step.
    let _ = std::io::stdout().flush();
}
