use crate::Reason;
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Value {
    returned(format!("return {text};").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}: {text}"))
}

fn bytes(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

#[test]
fn texts() {
    for (lua, expected) in [
        (r#""a\nb\tc\"d\'e\\f""#, b"a\nb\tc\"d'e\\f".as_slice()),
        (r#"'it"s'"#, b"it\"s"),
        (r#""\196\189\0001\7""#, "\u{13D}\u{0}1\u{7}".as_bytes()),
        (r#""\x41\xfF\u{17E}""#, b"A\xFF\xC5\xBE"),
        ("\"a\\z  \n  b\\\nc\"", b"ab\nc"),
        ("\"\\a\\b\\f\\v\\r\"", b"\x07\x08\x0C\x0B\r"),
        ("[[\na]b\\n]]", b"a]b\\n"),
        ("[==[a]]b]=]c]==]", b"a]]b]=]c"),
        ("\"\u{17E}\"", "\u{17E}".as_bytes()),
    ] {
        assert!(read(lua) == Value::Text(expected.to_vec()), "{lua}");
    }
}

#[test]
fn numbers_and_constants() {
    for (lua, expected) in [
        ("0", 0.0),
        ("-17", -17.0),
        ("1795465412.5", 1_795_465_412.5),
        ("1e3", 1000.0),
        ("1E-2", 0.01),
        ("0xfF", 255.0),
        (".5", 0.5),
        ("- 1", -1.0),
    ] {
        assert!(read(lua) == Value::Number(expected), "{lua}");
    }
    assert!(
        read("(1/0)") == Value::Number(f64::INFINITY) && read("(-1/0)") == Value::Number(f64::NEG_INFINITY)
    );
    assert!(matches!(read("(0/0)"), Value::Number(number) if number.is_nan()));
    assert!(
        read("true") == Value::Bool(true) && read("false") == Value::Bool(false) && read("nil") == Value::Nil
    );
}

#[test]
fn tables_with_all_sorts_of_keys() {
    let Value::Table(table) = read(
        "{ -- a comment\n 'a', [\"x\"] = 1; name = --[[ another\n one ]] 'b', [false] = {}, [2.0]=true, true, [[c]]; [ [[k]] ] = nil }",
    ) else {
        panic!("no table")
    };
    let keys: Vec<_> = table.entries.iter().map(|(key, _)| key.clone()).collect();
    let text = |text: &str| Key::Text(text.as_bytes().to_vec());
    let expected = [
        Key::Index(1),
        text("x"),
        text("name"),
        Key::Bool(false),
        Key::Index(2),
        Key::Index(2),
        Key::Index(3),
        text("k"),
    ];
    assert_eq!(keys, expected);
    assert!(table.get("name") == Some(&bytes("b")) && table.get("k").is_none());
    assert!(read("{}") == Value::Table(Table::default()));
}

#[test]
fn as_in_lua_the_last_value_of_a_key_counts() {
    let Value::Table(table) = read("{a=1,a=2}") else { panic!("no table") };
    assert!(table.get("a") == Some(&Value::Number(2.0)));
}

#[test]
fn code_is_refused() {
    for text in [
        "",
        "return",
        "return ;",
        "return os.exit()",
        "return {f()};",
        "return {}; os.exit()",
        "return function() end",
        "return \"a\" .. \"b\"",
        "return #t",
        "return 1+1",
        "return inf",
        "return nan",
        "return 0x",
        "x = 1",
        "return {a=}",
        "return {[1]}",
        "return {1 2}",
        "return \"\\q\"",
        "return \"\\300\"",
        "return \"a\nb\"",
        "return [[a",
        "return {",
        "return {\"a",
        "return --[[",
    ] {
        let fault = returned(text.as_bytes()).err().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(fault.reason, Reason::Damaged, "{text}");
    }
    assert_eq!(returned(b"return {\n\n f() };").err().map(|fault| fault.line), Some(3));
}

#[test]
fn limits() {
    let nested = |depth: usize| format!("return {}{};", "{".repeat(depth), "}".repeat(depth));
    assert!(returned(nested(DEPTH).as_bytes()).is_ok());
    for text in [nested(DEPTH + 1), nested(1_000_000), format!("return {{{}}}", "1,".repeat(VALUES))] {
        assert_eq!(returned(text.as_bytes()).err().map(|fault| fault.reason), Some(Reason::TooLarge));
    }
    let keys = format!("return {}", "{[".repeat(100_000));
    assert_eq!(returned(keys.as_bytes()).err().map(|fault| fault.reason), Some(Reason::TooLarge));
}

#[test]
fn a_broken_item_takes_no_other_with_it() {
    let text = b"item({1});\nitem({\n\"cut\nitem({2});\nitem(f());\nitem{3}\n\n-- the end\n";
    let mut parser = Parser::new(text);
    let mut found = Vec::new();
    while let Some(item) = parser.item() {
        found.push(
            item.ok().and_then(|value| value.table().map(|table| table.positional()[0].number().unwrap())),
        );
    }
    assert_eq!(found, [Some(1.0), None, Some(2.0), None, Some(3.0)]);
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = returned(&bytes);
        let mut parser = Parser::new(&bytes);
        let mut rounds = 0;
        while parser.item().is_some() {
            rounds += 1;
            prop_assert!(rounds <= bytes.len() + 1);
        }
    }

    #[test]
    fn what_looks_like_lua_is_answered(text in r#"(return|item|[\[\](){}=;,"'\\\n -]|--|nil|true|1|0x|\.|\.5|e|a|\\x4|\\u\{|\\z){0,60}"#) {
        let _ = returned(text.as_bytes());
        let _ = returned(format!("return {text}").as_bytes());
        let mut parser = Parser::new(text.as_bytes());
        while parser.item().is_some() {}
    }

    #[test]
    fn any_text_comes_back(text in proptest::collection::vec(any::<u8>(), 0..100)) {
        let quoted: String = text.iter().map(|b| format!("\\{b:03}")).collect();
        let value = read(&format!("\"{quoted}\""));
        prop_assert!(value == Value::Text(text));
    }
}
