//! What the three dialects of SQL do not share: placeholders, and inserts that may meet an existing row.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The SQL of one of the supported databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    Mariadb,
}

impl Dialect {
    /// A statement in this dialect, its part in braces repeated `times` times. Placeholders are `?` in `sql`.
    pub(crate) fn text(self, sql: &str, times: usize) -> String {
        match self {
            Self::Sqlite => repeated(sql, times),
            Self::Postgres => numbered(&repeated(sql, times)),
            Self::Mariadb => repeated(&on_duplicate_key(sql), times),
        }
    }
}

/// The part in braces `times` times, separated by commas.
fn repeated(sql: &str, times: usize) -> String {
    let parts = sql.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    let Some((head, (body, tail))) = parts else { return sql.to_owned() };
    let mut text = String::with_capacity(head.len() + tail.len() + times * (body.len() + 1));
    text.push_str(head);
    for n in 0..times {
        if n > 0 {
            text.push(',');
        }
        text.push_str(body);
    }
    text.push_str(tail);
    text
}

/// PostgreSQL's placeholders: `$1`, `$2`, … No statement has a `?` in a literal.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        // Writing to a string does not fail.
        let _ = write!(text, "${}{part}", at + 1);
    }
    text
}

/// MariaDB's form of `ON CONFLICT (…) DO UPDATE SET a = excluded.a`.
fn on_duplicate_key(sql: &str) -> Cow<'_, str> {
    let parts = sql.split_once(" ON CONFLICT (");
    let parts = parts.and_then(|(insert, rest)| Some((insert, rest.split_once(") DO UPDATE SET ")?.1)));
    let Some((insert, changes)) = parts else { return sql.into() };
    let mut pieces = changes.split("excluded.");
    let mut text = format!("{insert} ON DUPLICATE KEY UPDATE {}", pieces.next().unwrap_or_default());
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        let (column, rest) = piece.split_at(end);
        let _ = write!(text, "VALUES({column}){rest}");
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_repeated() {
        assert_eq!(Dialect::Sqlite.text("a IN ({?}) b", 3), "a IN (?,?,?) b");
        assert_eq!(Dialect::Mariadb.text("VALUES {(?, ?)}", 2), "VALUES (?, ?),(?, ?)");
        assert_eq!(Dialect::Postgres.text("a = ? AND b IN ({?})", 2), "a = $1 AND b IN ($2,$3)");
        assert_eq!(Dialect::Postgres.text("BEGIN", 3), "BEGIN");
    }

    #[test]
    fn a_row_that_exists_is_changed() {
        let sql = "INSERT INTO t (a, b, c_d) VALUES {(?, ?, ?)} ON CONFLICT (a) DO UPDATE SET b = excluded.b, \
            c_d = excluded.c_d";
        assert_eq!(
            Dialect::Mariadb.text(sql, 1),
            "INSERT INTO t (a, b, c_d) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE b = VALUES(b), c_d = VALUES(c_d)"
        );
        assert!(Dialect::Sqlite.text(sql, 1).ends_with("DO UPDATE SET b = excluded.b, c_d = excluded.c_d"));
    }
}
