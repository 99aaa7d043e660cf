//! Running other programs.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome, While};
use crate::say;

/// Runs a program to its end, passing its output through; anything but success is a failure.
pub fn run(command: &mut Command) -> Outcome {
    let shown = shown(command);
    let status = command.status().when(&shown)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// Runs a program and returns its standard output.
pub fn output(command: &mut Command) -> Outcome<String> {
    let shown = shown(command);
    let done = command.stderr(Stdio::inherit()).output().when(&shown)?;
    if !done.status.success() {
        return Err(Failure::new(format!("`{shown}` ended with {}", done.status)));
    }
    String::from_utf8(done.stdout).when(shown)
}

/// Whether a program can be started and succeeds, whatever it prints.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs a program, passing each line of its standard output through and to `each`.
pub fn run_reading(command: &mut Command, mut each: impl FnMut(&str)) -> Outcome {
    let shown = shown(command);
    let mut child = command.stdout(Stdio::piped()).spawn().when(&shown)?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.when(&shown)?;
            let line = String::from_utf8_lossy(&line);
            say::line(&line);
            each(&line);
        }
    }
    let status = child.wait().when(&shown)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// Runs a program with `input` on its standard input.
pub fn run_with_input(command: &mut Command, input: &str) -> Outcome {
    let shown = shown(command);
    let mut child = command.stdin(Stdio::piped()).spawn().when(&shown)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).when(&shown)?;
    }
    let status = child.wait().when(&shown)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// Whether `program` is on the `PATH`.
pub fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let failure = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(failure.contains("sh -c exit 3") && failure.contains('3'), "{failure}");
        assert!(!succeeds(&mut Command::new("no-such-program-here")));
        assert!(found("sh") && !found("no-such-program-here"));
    }

    #[test]
    fn lines_are_seen_in_order() {
        let mut seen = Vec::new();
        run_reading(Command::new("printf").arg("a\\nb\\n"), |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["a", "b"]);
        assert_eq!(output(Command::new("printf").arg("x")).unwrap(), "x");
    }
}
