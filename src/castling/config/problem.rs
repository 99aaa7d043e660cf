//! Problems of a configuration: all of them, each with file, line and remedy.

use std::fmt;
use std::path::Path;

use settings::Complaint;

use super::document::{Places, Source};
use super::syntax::Fault;

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The server does not start.
    Error,
    /// The server starts; the operator should know.
    Warning,
}

/// One problem. Shown as `file:line: message — remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path of the key it is about; empty for a whole file.
    pub at: String,
    /// The file it is in.
    pub file: String,
    /// Its line, counted from 1; `None` if it concerns the whole file.
    pub line: Option<usize>,
    pub severity: Severity,
    pub message: String,
    pub remedy: String,
    /// The line with a caret below the fault, for an error of syntax.
    pub excerpt: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        let kind = if self.severity == Severity::Warning { "warning: " } else { "" };
        write!(out, ": {kind}{} — {}", self.message, self.remedy)?;
        self.excerpt.as_ref().map_or(Ok(()), |excerpt| write!(out, "\n{excerpt}"))
    }
}

/// Collects the problems of one file.
#[derive(Clone, Debug)]
pub struct Problems {
    file: String,
    places: Places,
    list: Vec<Problem>,
    /// The text is not TOML: whatever else is found may follow from that, and is not kept.
    closed: bool,
}

impl Problems {
    /// No problems yet in `source`, with the locations of its keys.
    pub fn new(source: &Source, places: Places) -> Self {
        Self { file: source.name.clone(), places, list: Vec::new(), closed: false }
    }

    /// An error at a path such as `domain[1].tls.cert`.
    pub fn error(&mut self, path: &str, complaint: Complaint) {
        self.add(path, self.places.line(path), Severity::Error, complaint);
    }

    /// A warning at a path.
    pub fn warning(&mut self, path: &str, complaint: Complaint) {
        self.add(path, self.places.line(path), Severity::Warning, complaint);
    }

    /// The file is not TOML. Nothing else is reported then.
    pub fn syntax(&mut self, fault: Fault) {
        self.list.clear();
        self.add("", Some(fault.line), Severity::Error, fault.complaint);
        self.list.iter_mut().for_each(|problem| problem.excerpt.clone_from(&fault.excerpt));
        self.closed = true;
    }

    /// A problem in another file than the configuration, such as the overlay.
    pub fn elsewhere(&mut self, file: &Path, severity: Severity, complaint: Complaint) {
        self.elsewhere_about("", file, severity, complaint);
    }

    /// The same, about what would stand at a path if it were in the configuration.
    pub fn elsewhere_about(&mut self, at: &str, file: &Path, severity: Severity, complaint: Complaint) {
        let Complaint { message, remedy } = complaint;
        let (at, file) = (at.to_owned(), file.display().to_string());
        self.push(Problem { at, file, line: None, severity, message, remedy, excerpt: None });
    }

    /// How many there are so far.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Makes warnings of the errors after the first `count` for which this holds.
    pub fn soften(&mut self, count: usize, holds: impl Fn(&Problem) -> bool) {
        for problem in self.list.iter_mut().skip(count).filter(|problem| problem.severity == Severity::Error)
        {
            if holds(problem) {
                problem.severity = Severity::Warning;
            }
        }
    }

    /// The line of a path, for messages that refer to another place.
    pub fn line(&self, path: &str) -> Option<usize> {
        self.places.line(path)
    }

    /// A path as `file:line`, or only the file if it has no such path.
    pub fn place(&self, path: &str) -> String {
        self.line(path).map_or_else(|| self.file.clone(), |line| format!("{}:{line}", self.file))
    }

    /// Whether any problem prevents the server from starting.
    pub fn fatal(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// The same, ignoring problems at or below these paths after the first `count`.
    pub fn fatal_beside(&self, paths: &[String], count: usize) -> bool {
        let excused = |problem: &Problem| paths.iter().any(|path| problem.at.starts_with(path.as_str()));
        let mut errors = self.list.iter().enumerate().filter(|(_, one)| one.severity == Severity::Error);
        errors.any(|(index, problem)| index < count || !excused(problem))
    }

    /// The warnings, but those at or below these paths.
    pub fn warnings(&self, but: &[String]) -> Vec<String> {
        let warnings = self.list.iter().filter(|problem| problem.severity == Severity::Warning);
        let told = warnings.filter(|problem| !but.iter().any(|path| problem.at.starts_with(path.as_str())));
        told.map(ToString::to_string).collect()
    }

    /// All problems, in the order of the file.
    pub fn into_list(mut self) -> Vec<Problem> {
        self.take_list()
    }

    /// The same, for a configuration that stays in use: the locations of its keys are kept.
    pub fn take_list(&mut self) -> Vec<Problem> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by_key(|problem| (problem.file != self.file, problem.line));
        list
    }

    fn add(&mut self, at: &str, line: Option<usize>, severity: Severity, complaint: Complaint) {
        let Complaint { message, remedy } = complaint;
        let (at, file) = (at.to_owned(), self.file.clone());
        self.push(Problem { at, file, line, severity, message, remedy, excerpt: None });
    }

    fn push(&mut self, problem: Problem) {
        if !self.closed {
            self.list.push(problem);
        }
    }
}
