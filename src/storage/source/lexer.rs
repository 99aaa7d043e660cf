//! The words of an SQL text: just enough to tell code from literals, quoted names and comments, in each dialect.

use crate::dialect::Dialect;

/// A piece of an SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// As written; the texts of all tokens one after the other are the statement.
    pub text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space or a comment.
    Blank,
    /// A keyword, a name or a number.
    Word,
    /// A quoted name.
    Quoted,
    /// A string.
    Literal,
    /// `:name`
    Parameter,
    /// A parameter that is not written as `:name`: `?`, `$1`, `@name`.
    Foreign,
    /// `/*! … */`: a comment that MariaDB executes.
    Executed,
    Semicolon,
    /// Any other character, or `::` or `:=`.
    Symbol,
}

/// What is not closed, such as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed(pub &'static str);

/// The tokens of a text.
///
/// # Errors
/// A string, a quoted name or a comment is not closed.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token<'_>>, Unclosed> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = Lexer { rest, dialect, after_word }.next(first)?;
        let (text, after) = rest.split_at(length);
        after_word = kind == Kind::Word;
        tokens.push(Token { kind, text });
        rest = after;
    }
    Ok(tokens)
}

/// At the start of a token.
struct Lexer<'a> {
    rest: &'a str,
    dialect: Dialect,
    after_word: bool,
}

type Found = Result<(Kind, usize), Unclosed>;

impl Lexer<'_> {
    fn next(&self, first: char) -> Found {
        if let Some(comment) = self.comment() {
            return comment;
        }
        match first {
            c if c.is_whitespace() => Ok((Kind::Blank, self.while_(char::is_whitespace))),
            '\'' => self.quoted(Kind::Literal, '\'', self.dialect == Dialect::Mariadb, "string"),
            '"' if self.dialect == Dialect::Mariadb => self.quoted(Kind::Literal, '"', true, "string"),
            '"' => self.quoted(Kind::Quoted, '"', false, "quoted name"),
            '`' if self.dialect != Dialect::Postgres => self.quoted(Kind::Quoted, '`', false, "quoted name"),
            '[' if self.dialect == Dialect::Sqlite => self.to(1, "]", Kind::Quoted, "quoted name"),
            '$' if self.dialect == Dialect::Postgres => self.dollar(),
            ':' => Ok(self.colon()),
            ';' => Ok((Kind::Semicolon, 1)),
            '?' if self.dialect != Dialect::Postgres => Ok((Kind::Foreign, 1)),
            '@' | '$' if self.dialect == Dialect::Sqlite => Ok((Kind::Foreign, 1)),
            'e' | 'E' if self.dialect == Dialect::Postgres && self.rest[1..].starts_with('\'') => {
                Lexer { rest: &self.rest[1..], ..*self }
                    .quoted(Kind::Literal, '\'', true, "string")
                    .map(|(kind, length)| (kind, length + 1))
            }
            c if in_word(c) => Ok((Kind::Word, self.while_(in_word))),
            c => Ok((Kind::Symbol, c.len_utf8())),
        }
    }

    fn while_(&self, belongs: impl Fn(char) -> bool) -> usize {
        self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len())
    }

    fn comment(&self) -> Option<Found> {
        let line = || Ok((Kind::Blank, self.rest.find('\n').map_or(self.rest.len(), |at| at + 1)));
        if let Some(after) = self.rest.strip_prefix("--") {
            // MariaDB takes `5--3` for five minus minus three.
            let comment = self.dialect != Dialect::Mariadb
                || after.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control());
            return comment.then(line);
        }
        if self.dialect == Dialect::Mariadb && self.rest.starts_with('#') {
            return Some(line());
        }
        let inner = self.rest.strip_prefix("/*")?;
        if self.dialect == Dialect::Mariadb && (inner.starts_with('!') || inner.starts_with("M!")) {
            return Some(Ok((Kind::Executed, 2)));
        }
        Some(match self.dialect {
            Dialect::Postgres => self.nested(),
            // SQLite takes the end of the text for the end of the comment; a reader would not.
            Dialect::Sqlite | Dialect::Mariadb => self.to(2, "*/", Kind::Blank, "comment"),
        })
    }

    /// PostgreSQL's comments contain comments.
    fn nested(&self) -> Found {
        let (mut at, mut depth) = (2, 1);
        while depth > 0 {
            let inner = &self.rest[at..];
            let (open, close) = (inner.find("/*"), inner.find("*/").ok_or(Unclosed("comment"))?);
            let opens = open.is_some_and(|open| open < close);
            depth = if opens { depth + 1 } else { depth - 1 };
            at += if opens { open.unwrap_or(close) } else { close } + 2;
        }
        Ok((Kind::Blank, at))
    }

    /// Up to `end`, which is looked for from `start`.
    fn to(&self, start: usize, end: &str, kind: Kind, what: &'static str) -> Found {
        let at = self.rest[start..].find(end).ok_or(Unclosed(what))?;
        Ok((kind, start + at + end.len()))
    }

    /// The quote is doubled to stand inside, or follows a backslash where that escapes.
    fn quoted(&self, kind: Kind, quote: char, backslash: bool, what: &'static str) -> Found {
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && backslash {
                chars.next();
            } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                return Ok((kind, at + 1));
            }
        }
        Err(Unclosed(what))
    }

    /// `$1`, or `$tag$ … $tag$`.
    fn dollar(&self) -> Found {
        let tag = self.rest[1..].find(|c| !in_tag(c)).map_or(self.rest.len(), |at| at + 1);
        let digit = self.rest[1..].starts_with(|c: char| c.is_ascii_digit());
        match self.rest[tag..].starts_with('$') && !digit {
            true => self.to(tag + 1, &self.rest[..=tag], Kind::Literal, "string"),
            false if digit => Ok((Kind::Foreign, 1)),
            false => Ok((Kind::Symbol, 1)),
        }
    }

    fn colon(&self) -> (Kind, usize) {
        let after = &self.rest[1..];
        if after.starts_with([':', '=']) {
            return (Kind::Symbol, 2);
        }
        let starts = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || self.after_word {
            return (Kind::Symbol, 1);
        }
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        (Kind::Parameter, end + 1)
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

fn in_tag(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
