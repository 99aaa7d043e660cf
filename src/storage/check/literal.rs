//! A statement with values in place of its placeholders, for a database that explains none with placeholders as it would
//! run them.

use crate::dialect::Dialect;
use crate::schema::{Kind, TABLES};

/// Replaces each placeholder (`?`, or `$1` and so on) by a value of the column that it is compared with. What a column is
/// set to does not matter.
pub(super) fn literal(sql: &str, dialect: Dialect) -> String {
    let mut text = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some(at) = rest.find(['?', '$']) {
        text.push_str(&rest[..at]);
        rest = rest[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
        let value = value(&text, dialect);
        text.push_str(value);
    }
    text + rest
}

/// A value that fits behind this text.
fn value(before: &str, dialect: Dialect) -> &'static str {
    let before = before.trim_end();
    if before.ends_with("LIMIT") || before.ends_with("OFFSET") {
        return "1";
    }
    // Behind other values of a list, the column stands before its parenthesis.
    let list = before.rfind("IN (").filter(|at| !before[*at..].contains(')'));
    let operand = match list {
        Some(at) => &before[..at],
        None => match before.strip_suffix(['=', '<', '>']) {
            Some(compared) => compared.trim_end_matches(['=', '<', '>']),
            None => return "NULL",
        },
    };
    let column = operand.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let mut columns = TABLES.iter().flat_map(|table| table.columns);
    match columns.find(|(name, _)| Some(*name) == column).map(|(_, kind)| kind) {
        Some(Kind::Int) => "1",
        Some(Kind::Text) => "'x'",
        Some(Kind::Bytes) if dialect == Dialect::Postgres => "'\\x00'::bytea",
        Some(Kind::Bytes) => "x'00'",
        None => "NULL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_values_of_their_columns() {
        for (sql, expected) in [
            (
                "SELECT 1 FROM account a WHERE a.domain = $1 AND local > $2 LIMIT $3",
                "a.domain = 'x' AND local > 'x' LIMIT 1",
            ),
            ("DELETE FROM t WHERE account_id = $1 AND id IN ($2,$3)", "account_id = 1 AND id IN (1,1)"),
            (
                "SELECT 1 WHERE jid_digest <> $1 AND expires_us <= $2",
                "jid_digest <> '\\x00'::bytea AND expires_us <= 1",
            ),
            ("INSERT INTO t (a, b) VALUES ($1, $2),($3, $4)", "VALUES (NULL, NULL),(NULL, NULL)"),
        ] {
            let text = literal(sql, Dialect::Postgres);
            assert!(text.ends_with(expected), "{text}");
        }
        assert_eq!(
            literal("a WHERE digest = ? AND name = ?", Dialect::Mariadb),
            "a WHERE digest = x'00' AND name = 'x'"
        );
    }
}
