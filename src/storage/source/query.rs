//! A named statement of the operator: its parameters, and its text for each database.

use std::fmt::Write as _;

use super::lexer::{Kind, Token, Unclosed, tokens};
use crate::dialect::Dialect;

/// What a statement that only reads begins with.
const READS: [&str; 4] = ["select", "with", "values", "table"];
/// What one that may write can begin with, too.
const WRITES: [&str; 6] = ["insert", "update", "delete", "replace", "merge", "call"];

/// A statement with `:name` parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(super) name: String,
    dialect: Dialect,
    /// Text and parameters in turn, without a semicolon at the end.
    pieces: Vec<Piece>,
    /// Each name once, in order of appearance.
    parameters: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A token that is no parameter.
    Text(Kind, String),
    /// The index of its name.
    Parameter(usize),
}

/// Why a text is not a statement that a source can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Of what kind.
    #[error("a {0} is not closed")]
    Unclosed(&'static str),
    /// A semicolon is followed by more.
    #[error("it contains several statements")]
    Several,
    /// Nothing but comments.
    #[error("it contains no statement")]
    Empty,
    /// A character with the code 0.
    #[error("it contains a NUL character")]
    Nul,
    /// `?`, `$1` or `@name`, as written.
    #[error("`{0}` is not a parameter here")]
    Foreign(String),
    /// A comment that MariaDB executes.
    #[error("it contains a comment that the database executes")]
    Executed,
    /// Its first word, which is not one of a query.
    #[error("a statement cannot begin with `{0}`")]
    Word(String),
    /// Its first word, on a source that is read-only.
    #[error("`{0}` writes, and this data source is read-only")]
    ReadOnly(String),
    /// `INTO OUTFILE` or `INTO DUMPFILE`.
    #[error("it writes a file on the database server")]
    File,
}

impl QueryError {
    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unclosed(_) => "close it",
            Self::Several => "give each statement a name of its own",
            Self::Empty => "write a statement, or remove the name",
            Self::Nul => "remove it",
            Self::Foreign(_) => "write parameters as :name",
            Self::Executed => "write it without /*! */",
            Self::Word(_) => {
                "write one that begins with select, with or values, or on a source with write = true insert, \
                              update, delete, replace, merge or call"
            }
            Self::ReadOnly(_) => "add write = true to the data source, or write a select",
            Self::File => "remove the INTO part: rows are returned",
        }
    }
}

impl Query {
    /// Parses a statement for a database, for a source that may write or not.
    pub(crate) fn parse(name: &str, text: &str, dialect: Dialect, write: bool) -> Result<Self, QueryError> {
        if text.contains('\0') {
            return Err(QueryError::Nul);
        }
        let mut tokens = tokens(text, dialect).map_err(|Unclosed(what)| QueryError::Unclosed(what))?;
        while tokens.pop_if(|last| matches!(last.kind, Kind::Blank | Kind::Semicolon)).is_some() {}
        let first = tokens.iter().find(|token| token.kind != Kind::Blank && token.text != "(");
        let first = first.ok_or(QueryError::Empty)?.text;
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Semicolon => return Err(QueryError::Several),
                Kind::Executed => return Err(QueryError::Executed),
                Kind::Foreign => return Err(QueryError::Foreign(token.text.to_owned())),
                Kind::Word if is(token, "into") && writes_file(&tokens[at + 1..]) => {
                    return Err(QueryError::File);
                }
                _ => {}
            }
        }
        let among = |words: &[&str]| words.iter().any(|word| first.eq_ignore_ascii_case(word));
        match (among(&READS), among(&WRITES)) {
            (true, _) => {}
            (false, true) if write => {}
            (false, true) => return Err(QueryError::ReadOnly(first.to_ascii_lowercase())),
            (false, false) => return Err(QueryError::Word(first.to_owned())),
        }
        Ok(Self::of(name, dialect, &tokens))
    }

    fn of(name: &str, dialect: Dialect, tokens: &[Token<'_>]) -> Self {
        let mut parameters: Vec<String> = Vec::new();
        let mut pieces = Vec::with_capacity(tokens.len());
        for token in tokens {
            if token.kind != Kind::Parameter {
                pieces.push(Piece::Text(token.kind, token.text.to_owned()));
                continue;
            }
            let name = token.text.trim_start_matches(':');
            let known = parameters.iter().position(|known| known == name);
            pieces.push(Piece::Parameter(known.unwrap_or(parameters.len())));
            if known.is_none() {
                parameters.push(name.to_owned());
            }
        }
        Self { name: name.to_owned(), dialect, pieces, parameters }
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of its parameters, each once, in order of appearance.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether it inserts, changes or deletes rows.
    pub fn writes(&self) -> bool {
        let mut words = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(Kind::Word, text) => Some(text),
            _ => None,
        });
        let among = |word: &String, words: &[&str]| words.iter().any(|one| word.eq_ignore_ascii_case(one));
        match words.next() {
            // The name of a function, too, so not looked for further on.
            Some(first) if first.eq_ignore_ascii_case("with") => words.any(|word| among(word, &WRITES[..3])),
            Some(first) => among(first, &WRITES),
            None => false,
        }
    }

    /// The text with the database's placeholders: `$1` and `?1` for the first name, `?` for each place in MariaDB.
    pub(crate) fn sql(&self) -> String {
        self.with(|out, index| match self.dialect {
            Dialect::Postgres => write!(out, "${}", index + 1),
            Dialect::Sqlite => write!(out, "?{}", index + 1),
            Dialect::Mariadb => write!(out, "?"),
        })
    }

    /// The text for PostgreSQL with each parameter passed as text and converted by the database to its type there; the
    /// types are SQL as the database itself writes it.
    pub(super) fn sql_of_texts(&self, types: &[String]) -> String {
        self.with(|out, index| match types.get(index).map(String::as_str) {
            None | Some("text") => write!(out, "${}::text", index + 1),
            Some(kind) => write!(out, "(${}::text)::{kind}", index + 1),
        })
    }

    fn with(&self, place: impl Fn(&mut String, usize) -> std::fmt::Result) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(_, text) => out.push_str(text),
                // Writing to a string does not fail.
                Piece::Parameter(index) => drop(place(&mut out, *index)),
            }
        }
        out
    }

    /// Which parameter stands at each placeholder of [`sql`](Self::sql).
    pub(crate) fn places(&self) -> Vec<usize> {
        if self.dialect != Dialect::Mariadb {
            return (0..self.parameters.len()).collect();
        }
        let places = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Parameter(index) => Some(*index),
            Piece::Text(..) => None,
        });
        places.collect()
    }
}

fn is(token: &Token<'_>, word: &str) -> bool {
    token.text.eq_ignore_ascii_case(word)
}

fn writes_file(after: &[Token<'_>]) -> bool {
    let next = after.iter().find(|token| token.kind != Kind::Blank);
    next.is_some_and(|token| is(token, "outfile") || is(token, "dumpfile"))
}

#[cfg(test)]
mod tests;
