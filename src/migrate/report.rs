//! What an import has done, in numbers and names.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{Kind, Mode, Server, Tally};

/// The report of an import.
#[derive(Debug, Serialize)]
pub struct Report {
    pub server: Server,
    pub mode: Mode,
    /// Whether users were read.
    #[serde(skip)]
    pub begun: bool,
    /// Whether the source was read to its end.
    pub complete: bool,
    /// Why it ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether a part of the source could not be read: what is missing was not removed here.
    pub damaged: bool,
    /// What was found out about the source.
    pub notes: Vec<String>,
    #[serde(flatten)]
    pub tally: Tally,
    /// Accounts whose password is kept as other software has hashed it, by domain: until their first log-in the domain offers
    /// PLAIN only.
    pub foreign_passwords: std::collections::BTreeMap<String, u64>,
}

impl Report {
    /// Records that are different on both sides, after a comparison.
    pub fn differences(&self) -> usize {
        let named = self.tally.listed.iter().filter(|one| one.reason == crate::Reason::Differs).count();
        named + usize::try_from(self.tally.not_listed).unwrap_or(usize::MAX)
    }

    /// Whether something may have been written.
    pub fn may_have_written(&self) -> bool {
        self.begun && self.mode == Mode::Write
    }

    /// The table, for people.
    pub fn table(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for (domain, kinds) in &self.tally.counts {
            for (kind, counts) in kinds {
                let reasons: Vec<_> = counts
                    .skipped
                    .iter()
                    .map(|(reason, rows)| format!("{rows} {}", reason.words()))
                    .collect();
                let numbers = [counts.read, counts.created, counts.changed, counts.removed, counts.skipped()];
                let mut row = vec![domain.clone(), kind.word().to_owned()];
                row.extend(numbers.map(|number| number.to_string()));
                row.push(reasons.join(", "));
                rows.push(row);
            }
        }
        rows
    }

    /// The heading of the table.
    pub const HEADING: [&str; 8] =
        ["domain", "kind", "read", "created", "changed", "removed", "skipped", "why"];

    /// A line for each record that is named.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.tally.listed.iter().map(|one| {
            let mut line = format!("{}@{}: {}", one.user, one.domain, one.kind);
            let detail = [&one.key, &one.detail];
            for text in detail.into_iter().filter(|text| !text.is_empty()) {
                // Writing to a string does not fail.
                let _ = write!(line, " {text}");
            }
            let _ = write!(line, ": {}", one.reason.words());
            line
        })
    }

    /// Domains and kinds whose sums are wrong: a fault of the program.
    pub fn unbalanced(&self) -> Vec<(String, Kind)> {
        self.tally.unbalanced()
    }
}
