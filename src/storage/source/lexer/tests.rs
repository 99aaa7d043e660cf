use proptest::prelude::*;

use super::*;

const ALL: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::Mariadb];

fn parameters(text: &str, dialect: Dialect) -> Vec<&str> {
    let tokens = tokens(text, dialect).unwrap_or_else(|what| panic!("{text}: {what:?}"));
    tokens.into_iter().filter(|token| token.kind == Kind::Parameter).map(|token| token.text).collect()
}

#[test]
fn parameters_are_found_in_code_only() {
    for (text, expected) in [
        ("a = :b", &[":b"][..]),
        ("a=:b_1,:c)", &[":b_1", ":c"]),
        ("':b' \":c\" -- :d\n/* :e */ :f", &[":f"]),
        ("'it''s :b' :c", &[":c"]),
        ("a::text = :b::int", &[":b"]),
        ("@a := :b", &[":b"]),
        ("a : b, 'x':c", &[":c"]),
        (":1 : :é", &[]),
    ] {
        if !text.starts_with('@') {
            assert_eq!(parameters(text, Dialect::Sqlite), expected, "{text}");
        }
        assert_eq!(parameters(text, Dialect::Postgres), expected, "{text}");
        assert_eq!(parameters(text, Dialect::Mariadb), expected, "{text}");
    }
}

#[test]
fn each_dialect_quotes_in_its_own_way() {
    use Dialect::{Mariadb, Postgres, Sqlite};
    for (dialect, text, expected) in [
        (Postgres, "$$ :a $$ :b", &[":b"][..]),
        (Postgres, "$x$ $$ :a $y$ $x$ :b", &[":b"]),
        (Postgres, "e'\\' :a' :b", &[":b"]),
        (Postgres, "'\\' :a '", &[":a"]),
        (Postgres, "a[lo:hi] + a[1 : :n]", &[":n"]),
        (Postgres, "/* /* :a */ :b */ :c", &[":c"]),
        (Postgres, "data ? 'x' and a @> :b", &[":b"]),
        (Mariadb, "'\\' :a' :b", &[":b"]),
        (Mariadb, "\"it's :a\" `:b` # :c\n:d", &[":d"]),
        (Mariadb, "5--:a", &[":a"]),
        (Mariadb, "/* /* :a */ :b", &[":b"]),
        (Sqlite, "[it's :a] `:b` :c", &[":c"]),
        (Sqlite, "5--:a", &[]),
    ] {
        let mut text = text.to_owned();
        if text == "'\\' :a '" {
            // A backslash is an ordinary character, so the string ends behind it.
            text.pop();
        }
        assert_eq!(parameters(&text, dialect), expected, "{dialect:?} {text}");
    }
}

#[test]
fn what_is_not_closed_is_named() {
    for (text, what) in
        [("a = 'b", "string"), ("a = \"b", "quoted name"), ("/* a", "comment"), ("'a\n-- ''", "string")]
    {
        assert_eq!(tokens(text, Dialect::Sqlite), Err(Unclosed(what)), "{text}");
    }
    assert_eq!(tokens("/* /* */", Dialect::Postgres), Err(Unclosed("comment")));
    assert_eq!(tokens("$a$ $b$", Dialect::Postgres), Err(Unclosed("string")));
    assert_eq!(tokens("'a\\'", Dialect::Mariadb), Err(Unclosed("string")));
}

/// Text of the characters that mean something, and others.
fn any_sql() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "'", "''", "\"", "`", "[", "]", "$", "$$", "$a$", ":", "::", ":=", ":a", "--", "\n", "/*", "*/",
            "/*!", "#", "\\", ";", "?", "@", "e'", "E", "a", "1", " ", "é", "\u{0}", "💥",
        ])
        .prop_map(str::to_owned),
        ".{0,3}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_divided_without_loss(text in any_sql()) {
        for dialect in ALL {
            if let Ok(tokens) = tokens(&text, dialect) {
                prop_assert!(tokens.iter().all(|token| !token.text.is_empty()));
                prop_assert_eq!(tokens.iter().map(|token| token.text).collect::<String>(), &*text);
            }
        }
    }

    #[test]
    fn a_string_is_one_literal_whatever_it_holds(inner in any_sql()) {
        for dialect in ALL {
            let escaped = match dialect {
                Dialect::Mariadb => inner.replace('\\', "\\\\").replace('\'', "''"),
                _ => inner.replace('\'', "''"),
            };
            let text = format!("select '{escaped}', :a");
            let found = tokens(&text, dialect).map_err(|what| TestCaseError::fail(format!("{what:?}")))?;
            let kinds: Vec<_> = found.iter().map(|token| token.kind).filter(|kind| *kind != Kind::Blank).collect();
            prop_assert_eq!(kinds, [Kind::Word, Kind::Literal, Kind::Symbol, Kind::Parameter]);
            prop_assert_eq!(found[2].text, format!("'{escaped}'"));
        }
    }
}
