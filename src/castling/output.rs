//! The only place that writes to standard output and standard error, except for the log, which goes to
//! standard error.
//!
//! A closed pipe (`castling session list | head`) is not a failure.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use serde_json::Value;

/// Why standard output is incomplete.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Prints a line to standard output.
pub fn line(text: &str) {
    let written = writeln!(io::stdout().lock(), "{}", visible(text));
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = FAILED.set(error);
    }
}

/// Prints a line for a supervisor, which need not listen.
pub fn announce(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Why a line could not be written, unless its reader has left.
pub fn failure() -> Option<&'static io::Error> {
    FAILED.get()
}

/// Prints a message to standard error.
pub fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// Prints a prompt to standard error, without a newline.
pub fn ask(text: &str) {
    let mut out = io::stderr().lock();
    let _ = write!(out, "{}", visible(text)).and_then(|()| out.flush());
}

/// The text with control characters as JSON escapes them: a name from a file or a client cannot command the terminal.
fn visible(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(commands) {
        return text.into();
    }
    let escaped = |c: char| if commands(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    text.chars().map(escaped).collect::<String>().into()
}

/// Prints a value as JSON to standard output.
pub fn json(value: &Value) {
    line(&format!("{value:#}"));
}

/// Prints rows under a heading, in columns.
pub fn table(heading: &[&str], rows: &[Vec<String>]) {
    line(columns(heading, rows).trim_end());
}

fn columns(heading: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = heading.iter().map(|word| word.to_uppercase()).collect();
    let all = || std::iter::once(&head).chain(rows);
    let wide = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|at| wide(at).unwrap_or_default()).collect();
    let mut out = String::new();
    for row in all() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(visible("a\u{1b}[2J\r\u{9b}31m\tb\n"), "a\\u001b[2J\\u000d\\u009b31m\tb\n");
        assert!(matches!(visible("läuft — ja\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["chess.example".into(), "file".into()], vec!["ä".into(), "command".into()]];
        let text = columns(&["domain", "by"], &rows);
        assert_eq!(text, "DOMAIN         BY\nchess.example  file\nä              command\n");
    }
}
