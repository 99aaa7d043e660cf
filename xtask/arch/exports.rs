//! `pub use` and `pub type` of other crates' names: how a foreign crate leaves its home unnoticed.

use std::fmt;
use std::path::{Path, PathBuf};

use super::sizes::rust_files;
use crate::failure::{Outcome, While};

/// A crate's name made public by another crate.
pub struct Export {
    pub crate_name: String,
    file: PathBuf,
    line: usize,
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// All exports in a crate's sources whose path begins with a name that could be a crate's.
pub fn in_folder(folder: &Path) -> Outcome<Vec<Export>> {
    let mut found = Vec::new();
    for file in rust_files(folder)? {
        let text = std::fs::read_to_string(&file).when(file.display())?;
        for (line, crate_name) in in_text(&text) {
            found.push(Export { crate_name, file: file.clone(), line });
        }
    }
    Ok(found)
}

/// Line and first path segment of each export.
fn in_text(text: &str) -> Vec<(usize, String)> {
    let code = code_only(text);
    let mut found = Vec::new();
    for start in ["pub use ", "pub extern crate ", "pub type "] {
        for (at, _) in code.match_indices(start) {
            let line = code.get(..at).unwrap_or_default().matches('\n').count() + 1;
            let statement =
                code.get(at + start.len()..).unwrap_or_default().split(';').next().unwrap_or_default();
            let paths = if start == "pub type " {
                statement.split_once('=').map(|(_, path)| path)
            } else {
                Some(statement)
            };
            found.extend(crates(paths.unwrap_or_default()).into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// The names at the start of a path: after the beginning, `{`, `,`, `<`, `(`, `&` or a space.
fn crates(statement: &str) -> Vec<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    let mut rest = statement;
    while let Some(start) = rest.find(is_name) {
        let before = rest.get(..start).unwrap_or_default();
        let from = rest.get(start..).unwrap_or_default();
        let end = from.find(|c| !is_name(c)).unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        // `::name` after a name continues a path; a leading `::name` names a crate.
        if !before.ends_with("::") || names_nothing(statement, rest, start) {
            names.push(name.to_owned());
        }
        rest = after;
    }
    names
}

/// Whether the `::` before the name at `start` of `rest` is a leading one.
fn names_nothing(statement: &str, rest: &str, start: usize) -> bool {
    let at = statement.len() - rest.len() + start;
    let before = statement.get(..at).unwrap_or_default().trim_end_matches(':');
    before.is_empty() || before.ends_with([' ', '{', ',', '<', '(', '&'])
}

/// The text without its comments and string literals, lines kept.
fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let (mut in_string, mut in_comment, mut before) = (false, false, ' ');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => in_comment = false,
            _ if in_comment => continue,
            '\\' if in_string => {
                // An escaped line break still counts as a line.
                code.extend(chars.next().filter(|next| *next == '\n'));
                continue;
            }
            // `'"'` is a character literal and opens no string.
            '"' if in_string || before != '\'' || chars.peek() != Some(&'\'') => in_string = !in_string,
            '/' if !in_string && chars.peek() == Some(&'/') => in_comment = true,
            _ if in_string => continue,
            _ => {}
        }
        if c == '\n' || !(in_string || in_comment) {
            code.push(c);
        }
        before = c;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::in_text;

    fn names(text: &str) -> Vec<String> {
        in_text(text).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn every_way_to_make_a_name_public() {
        assert!(names("pub use sqlx::Pool;").contains(&"sqlx".into()));
        assert!(names("pub use ::sqlx::Pool;").contains(&"sqlx".into()));
        assert!(names("pub use {\n  self::a,\n  sqlx::Pool,\n};").contains(&"sqlx".into()));
        assert!(names("pub use sqlx as db;").contains(&"sqlx".into()));
        assert!(names("pub extern crate sqlx;").contains(&"sqlx".into()));
        assert!(names("pub type Pool = Option<sqlx::Pool>;").contains(&"sqlx".into()));
        assert_eq!(in_text("\n\npub use sqlx::Pool;")[0].0, 3);
    }

    #[test]
    fn what_is_no_export_of_a_crate() {
        assert!(!names("pub use crate::sqlx::Pool;").contains(&"sqlx".into()));
        assert!(
            names("let text = \"pub use sqlx::Row;\"; let quote = '\"'; // pub use sqlx::Row;").is_empty()
        );
        assert!(names("let text = \"\\\"pub use sqlx::Row;\";").is_empty());
        assert!(names("use sqlx::Pool;\npub(crate) use sqlx::Row;\n// pub use sqlx::Row;").is_empty());
    }
}
