//! Counting the results of test runners, for one summary line.

use std::process::Command;

use crate::failure::Outcome;
use crate::{say, shell};

/// Sums of `cargo test`'s summary lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Totals {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Totals {
    /// Runs a `cargo test`, passing its output through, and adds up its summary lines.
    pub fn run(&mut self, command: &mut Command) -> Outcome {
        shell::run_reading(command, |line| self.read(line))
    }

    /// Prints the sums, as the last line of a run; nothing if no test was run.
    pub fn close(&self) {
        if *self == Self::default() {
            return;
        }
        say::line("");
        say::line(&format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.ignored));
    }

    /// Parses `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod test {
    use super::Totals;

    #[test]
    fn closing_lines_are_added_up_and_other_lines_are_not() {
        let mut totals = Totals::default();
        totals.read(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        totals.read(
            "test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 9 filtered out; finished in 1s",
        );
        totals.read("test parse::three_passed ... ok");
        totals.read("5 passed");
        assert_eq!(totals, Totals { passed: 5, failed: 4, ignored: 1 });
    }
}
