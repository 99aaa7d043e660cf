use toml::de::DeTable;

use super::*;

fn fault(text: &str) -> Fault {
    let source = Source::new("c.toml", text);
    let (_, errors) = DeTable::parse_recoverable(&source.text);
    first(&source, &errors).unwrap_or_else(|| panic!("valid: {text}"))
}

#[test]
fn each_error_has_its_line_and_remedy() {
    for (text, line, said) in [
        (
            "a = 1\nc2s = [\"127.0.0.1:1\"\nhttp = [\"127.0.0.1:2\"]\n\n[limits]\ndepth = 9\n",
            2,
            "the list that begins here is not closed — add ]",
        ),
        (
            "[listen]\nc2s = [\n  \"127.0.0.1:1\"\n[limits]\n",
            2,
            "the list that begins here is not closed — add ]",
        ),
        ("c2s = [\n  \"a\", # [\n", 1, "the list that begins here is not closed — add ]"),
        ("a = [1, 2\n", 1, "the list is not closed — add ]"),
        ("tls = { cert = \"a\", key = \"b\"\n", 1, "the table is not closed — add }"),
        ("level = “info”\n", 1, "typographic quotation marks — write \"info\""),
        ("url = “mysql://u:secret@h/d”\n", 1, "typographic quotation marks — write \" instead"),
        ("level\u{a0}= \"info\"\n", 1, "an invisible character (U+00A0) after `level` — type the line again"),
        ("level = info\n", 1, "strings must be quoted — write level = \"info\""),
        ("name = chess.example # x\n", 1, "strings must be quoted — write name = \"chess.example\""),
        ("carbons = yes\n", 1, "yes is not a TOML value — write carbons = true"),
        ("carbons = True\n", 1, "True is not a TOML value — write carbons = true"),
        ("level =\n", 1, "`level` has no value — write level = VALUE"),
        ("level = \"info\n", 1, "the string is not closed — add \" at its end"),
        ("level = 'info\nb = 1\n", 1, "the string is not closed — add ' at its end"),
        ("[limits\ndepth = 1\n", 1, "the table header is malformed — write [limits]"),
        ("[[domain]\nname = \"a\"\n", 1, "the table header is malformed — write [[domain]]"),
        ("[limits]\n[limits]\n", 2, "the table is declared already — merge the two"),
        (
            "login_seconds = 060\n",
            1,
            "invalid TOML: unexpected leading zero, expected nothing — correct it at the caret",
        ),
        ("a = 1\na = 2\n", 2, "the key is set twice — remove one of the two"),
        ("a = [1 2]\n", 1, "strings must be quoted — quote it, or add the comma that is missing"),
    ] {
        let fault = fault(text);
        assert_eq!((fault.line, fault.complaint.to_string().as_str()), (line, said), "\n{text}");
    }
}

#[test]
fn the_line_is_shown_with_a_caret_unless_it_may_hold_a_password() {
    assert_eq!(fault("b = 1\nlevel = info\n").excerpt.unwrap(), "    level = info\n            ^");
    assert_eq!(fault("title = “ä”\n").excerpt.unwrap(), "    title = “ä”\n            ^");
    for text in [
        "url = mysql://u:pw@h\n",
        "secret = abc\n",
        "config = { key = \"abc\" x }\n",
        "queries = \"\"\"\nabc\n",
        "token abc\n",
    ] {
        let fault = fault(text);
        assert_eq!(fault.excerpt, None, "{text}");
        assert!(!fault.complaint.to_string().contains("pw"), "{}", fault.complaint);
        assert!(!fault.complaint.to_string().contains("abc"), "{}", fault.complaint);
    }
}
