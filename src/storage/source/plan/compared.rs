//! What a statement compares with its parameters, by its words: where an index would help.

use super::super::Query;
use super::super::lexer::Kind;
use super::super::query::Piece;

/// Words that a name can follow, so that it is not an alias.
const BEFORE_TABLES: [&str; 6] = ["from", "join", "into", "update", "only", ","];

/// The pieces without what is blank.
fn words(query: &Query) -> Vec<&Piece> {
    query.pieces().iter().filter(|piece| !matches!(piece, Piece::Text(Kind::Blank, _))).collect()
}

fn text(piece: &Piece) -> &str {
    match piece {
        Piece::Text(_, text) => text,
        Piece::Parameter(_) => "",
    }
}

fn is(piece: &Piece, word: &str) -> bool {
    text(piece).eq_ignore_ascii_case(word)
}

fn is_name(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(Kind::Word | Kind::Quoted, _))
}

/// The table that is called `alias` in the statement: in `from member as m`, that of `m`.
pub(super) fn table(query: &Query, alias: &str) -> String {
    let words = words(query);
    for (at, word) in words.iter().enumerate().filter(|(_, word)| is(word, alias) && is_name(word)) {
        let before = &words[..at];
        let before = before.strip_suffix_if_as();
        if let Some(last) =
            before.last().filter(|last| is_name(last) && !BEFORE_TABLES.iter().any(|one| is(last, one)))
            && !is(word, text(last))
            && before.len() >= 2
            && begins_table(&before[..before.len() - 1])
        {
            return unquoted(text(last)).to_owned();
        }
    }
    unquoted(alias).to_owned()
}

/// Whether a table's name follows, perhaps behind that of its schema.
fn begins_table(before: &[&Piece]) -> bool {
    let before = match before {
        [head @ .., schema, dot] if is(dot, ".") && is_name(schema) => head,
        whole => whole,
    };
    before.last().is_some_and(|last| BEFORE_TABLES.iter().any(|one| is(last, one)))
}

trait WithoutAs {
    fn strip_suffix_if_as(&self) -> &Self;
}

impl WithoutAs for [&Piece] {
    fn strip_suffix_if_as(&self) -> &Self {
        match self {
            [head @ .., last] if is(last, "as") => head,
            whole => whole,
        }
    }
}

fn unquoted(name: &str) -> &str {
    name.trim_matches(['"', '`', '[', ']'])
}

/// Whether each placeholder of MariaDB's text stands behind `LIMIT` or `OFFSET`.
pub(super) fn limits(query: &Query) -> Vec<bool> {
    let words = words(query);
    let mut limits = Vec::new();
    let mut limit = false;
    for word in words {
        match word {
            Piece::Parameter(_) => limits.push(limit),
            word if is(word, ",") => {}
            word => limit = is(word, "limit") || is(word, "offset"),
        }
    }
    limits
}

/// The first column of the table, or call on it, that is compared with a parameter by `=` or `IN`; as SQL, without the
/// table's name.
pub(super) fn compared(query: &Query, table: &str, alias: &str) -> Option<String> {
    let words = words(query);
    let places = words.iter().enumerate().filter(|(_, word)| matches!(word, Piece::Parameter(_)));
    places.map(|(at, _)| at).find_map(|at| {
        let before = match &words[..at] {
            [head @ .., word] if is(word, "=") => operand_before(head),
            [head @ .., word, open] if is(word, "in") && is(open, "(") => operand_before(head),
            _ => None,
        };
        let operand = before.or_else(|| match words.get(at + 1) {
            Some(word) if is(word, "=") => operand_after(&words[at + 2..]),
            _ => None,
        })?;
        column(operand, table, alias)
    })
}

fn operand_before<'a, 'b>(words: &'b [&'a Piece]) -> Option<&'b [&'a Piece]> {
    let mut words = words;
    // `lower(name)::text`
    while let [head @ .., cast, _] = words
        && is(cast, "::")
    {
        words = head;
    }
    let last = words.last()?;
    let start = if is(last, ")") {
        let open = matching(words)?;
        match open.checked_sub(1).filter(|at| is_name(words[*at]) && !is_keyword(words[*at])) {
            Some(called) => called,
            None => {
                let inner = &words[open + 1..words.len() - 1];
                return operand_before(inner).filter(|operand| operand.len() == inner.len());
            }
        }
    } else if is_name(last) {
        match words {
            [head @ .., _, dot, _] if is(dot, ".") => head.len(),
            _ => words.len() - 1,
        }
    } else {
        return None;
    };
    // A part of a sum is nothing that an index holds.
    let alone = words[..start].last().is_none_or(|before| {
        !matches!(before, Piece::Text(Kind::Symbol, _)) || is(before, "(") || is(before, ",")
    });
    alone.then(|| &words[start..])
}

/// Whether an expression in parentheses follows, rather than the arguments of a call.
fn is_keyword(word: &Piece) -> bool {
    const KEYWORDS: [&str; 9] = ["where", "and", "or", "not", "on", "having", "when", "in", "case"];
    KEYWORDS.iter().any(|keyword| is(word, keyword))
}

/// Where the parenthesis that closes at the end is opened.
fn matching(words: &[&Piece]) -> Option<usize> {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().rev() {
        depth += i32::from(is(word, ")")) - i32::from(is(word, "("));
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn operand_after<'a, 'b>(words: &'b [&'a Piece]) -> Option<&'b [&'a Piece]> {
    if !is_name(words.first()?) {
        return None;
    }
    match words {
        [_, dot, name, ..] if is(dot, ".") && is_name(name) => Some(&words[..3]),
        [_, open, ..] if is(open, "(") => {
            let mut depth = 0;
            let end = words.iter().position(|word| {
                depth += i32::from(is(word, "(")) - i32::from(is(word, ")"));
                depth == 0 && is(word, ")")
            })?;
            Some(&words[..=end])
        }
        _ => Some(&words[..1]),
    }
}

/// The operand without `table.`; `None` if it is another table's, or nothing that an index can hold.
fn column(operand: &[&Piece], table: &str, alias: &str) -> Option<String> {
    let mut out = String::new();
    let mut at = 0;
    while let Some(word) = operand.get(at) {
        if matches!(word, Piece::Parameter(_)) {
            return None;
        }
        if operand.get(at + 1).is_some_and(|dot| is(dot, ".")) {
            let of = unquoted(text(word));
            if !of.eq_ignore_ascii_case(alias) && !of.eq_ignore_ascii_case(table) {
                return None;
            }
            at += 2;
            continue;
        }
        out.push_str(text(word));
        if is(word, ",") {
            out.push(' ');
        }
        at += 1;
    }
    Some(out).filter(|out| !out.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn query(text: &str) -> Query {
        Query::parse("q", text, Dialect::Postgres, true).unwrap()
    }

    #[test]
    fn what_a_parameter_is_compared_with_can_be_indexed() {
        for (text, expected) in [
            ("select 1 from member where lower(username) = :jid", Some("lower(username)")),
            ("select 1 from member m where :a = m.name", Some("name")),
            ("select 1 from member m where m.id in (:a, :b)", Some("id")),
            ("select 1 from member m, other o where o.x = :a and m.y = :b", Some("y")),
            ("select 1 from member where coalesce(a, m.b) = :a", Some("coalesce(a, b)")),
            ("select 1 from member where (lower(name))::text = :a", Some("lower(name)")),
            ("select 1 from member where x and (a + b) = :a", None),
            ("select 1 from member where a + b = :a", None),
            ("select 1 from member where name::text = :a", Some("name")),
            ("select 1 from member where name like :a", None),
            ("select 1 from member where :a = lower(name)", Some("lower(name)")),
            ("select :a from member", None),
            ("select 1 from member where 'x' = :a", None),
        ] {
            assert_eq!(compared(&query(text), "member", "m").as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_alias_leads_to_its_table() {
        for (text, expected) in [
            ("select m.id from member m", "member"),
            ("select m.id from member AS m", "member"),
            ("select m.id from site.\"Member\" m join x on true", "Member"),
            ("select m from m", "m"),
            ("select id as m from m where a = :a", "m"),
        ] {
            assert_eq!(table(&query(text), "m"), expected, "{text}");
        }
    }

    #[test]
    fn limits_are_numbers() {
        let query = query("select 1 from t where a = :a limit :n, :m offset :o");
        assert_eq!(limits(&query), [false, true, true, true]);
    }
}
