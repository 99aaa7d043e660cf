//! Whatever a file contains, it is read without a panic, and what does not fit is reported as the file's
//! problem, never as a disagreement between schema and types.

use std::path::Path;

use proptest::prelude::*;

use super::document::Source;
use super::load::parse;
use super::reference::tables;

const VALUES: &[&str] = &[
    "true",
    "0",
    "-7",
    "5000",
    "99999999999999999999",
    "1.5",
    "nan",
    "1979-05-27",
    "\"\"",
    "\"chess.example\"",
    "\"[::1]:0\"",
    "\"sha-1\"",
    "\"sqlite:x\"",
    "[]",
    "[1, \"a\"]",
    "[\"internal\", true, \"x\"]",
    "[[\"a\"]]",
    "[{ name = \"a\" }]",
    "{}",
    "{ a = 1 }",
    "{ a = { file = \"x\", config = { b = inf } } }",
    "{ cert = 1 }",
    "{ on = true, messages = \"x\" }",
    "\"unclosed",
    "",
];

/// A line of a configuration: a header or a key with some value, either both from the schema or arbitrary.
fn line() -> impl Strategy<Value = String> {
    let tables = tables();
    let named = tables.iter().flat_map(|(_, section)| &section.keys).map(|key| key.name.to_string());
    let mut keys: Vec<String> = named.collect();
    keys.extend(["config.a", "tls.cert", "\"odd key\"", "modules.offline.days"].map(str::to_owned));
    let headers =
        ["[[domain]]", "[limits]", "[storage]", "[listen]", "[plugins.a]", "[domain.tls]", "[domain]"];
    prop_oneof![
        1 => proptest::sample::select(headers.to_vec()).prop_map(str::to_owned),
        4 => (proptest::sample::select(keys), proptest::sample::select(VALUES))
            .prop_map(|(key, value)| format!("{key} = {value}")),
    ]
}

fn agrees(text: &str) -> Result<(), TestCaseError> {
    let loaded = parse(&Source::new("c", text), Path::new("/nonexistent"), false, None);
    for problem in loaded.problems.into_list() {
        prop_assert!(!problem.remedy.contains("report this as a bug"), "{problem}\n{text}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn lines_of_the_schema(lines in prop::collection::vec(line(), 0..12)) {
        agrees(&lines.join("\n"))?;
    }

    #[test]
    fn any_text(text in "\\PC*|[\\[\\]{}=\"'#.a-z0-9\\n ]*") {
        agrees(&text)?;
    }
}
