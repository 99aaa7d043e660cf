//! Reads a password for a command: never from its arguments, which other users can see.

use std::io::{self, BufRead, IsTerminal, stdin};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::output;

/// The first line of standard input, or a password typed twice without echo.
///
/// # Errors
/// Standard input ends or is not a terminal, or the two passwords differ.
pub fn read(from_stdin: bool) -> Result<String, String> {
    if from_stdin {
        return line().map_err(|error| format!("cannot read the password: {error}"));
    }
    if !stdin().is_terminal() {
        return Err("standard input is not a terminal — use --password-stdin".into());
    }
    let first = hidden("Password: ").map_err(|error| error.to_string())?;
    let second = hidden("Repeat password: ").map_err(|error| error.to_string())?;
    if first == second { Ok(first) } else { Err("the passwords do not match".into()) }
}

/// The first line of standard input: the secret of a component.
///
/// # Errors
/// Standard input ends.
pub fn secret() -> Result<String, String> {
    line().map_err(|error| format!("cannot read the secret: {error}"))
}

fn line() -> io::Result<String> {
    let mut text = String::new();
    if stdin().lock().read_line(&mut text)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "standard input is empty"));
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn hidden(question: &str) -> io::Result<String> {
    output::ask(question);
    let shown = tcgetattr(stdin())?;
    let mut quiet = shown.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(stdin(), OptionalActions::Flush, &quiet)?;
    let text = line();
    tcsetattr(stdin(), OptionalActions::Flush, &shown)?;
    output::error("");
    text
}
