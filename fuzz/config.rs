//! Whatever stands in a configuration, it is read without a panic, twice alike, and what is wrong with it is said with a
//! line of that file and a remedy, never as a fault of the reader.

#![no_main]

/// The reader as the binary has it; here it is the crate's root, as its files name each other by `super`.
macro_rules! reader {
    ($($file:literal $name:ident),*) => {
        $(#[allow(dead_code, unused_imports)] #[path = $file] mod $name;)*
    };
}
reader!(
    "../src/castling/config/document.rs" document,
    "../src/castling/config/domain.rs" domain,
    "../src/castling/config/domain_keys.rs" domain_keys,
    "../src/castling/config/effective.rs" effective,
    "../src/castling/config/external.rs" external,
    "../src/castling/config/external_keys.rs" external_keys,
    "../src/castling/config/externals.rs" externals,
    "../src/castling/config/keys.rs" keys,
    "../src/castling/config/keys_of.rs" keys_of,
    "../src/castling/config/load.rs" load,
    "../src/castling/config/log_level.rs" log_level,
    "../src/castling/config/names.rs" names,
    "../src/castling/config/origin.rs" origin,
    "../src/castling/config/overlay.rs" overlay,
    "../src/castling/config/problem.rs" problem,
    "../src/castling/config/references.rs" references,
    "../src/castling/config/s2s.rs" s2s,
    "../src/castling/config/s2s_keys.rs" s2s_keys,
    "../src/castling/config/secret.rs" secret,
    "../src/castling/config/sources.rs" sources,
    "../src/castling/config/syntax.rs" syntax,
    "../src/castling/config/tree.rs" tree,
    "../src/castling/config/types.rs" types
);

use std::path::Path;

use document::Source;
use libfuzzer_sys::fuzz_target;
use load::parse;

/// The file's name in messages.
const NAME: &str = "c.toml";

fuzz_target!(|text: &str| {
    let first = said(text);
    for problem in &first {
        assert!(!problem.contains("report this as a bug"), "{problem}");
        assert!(problem.contains(" — "), "no remedy: {problem}");
        if let Some(line) = line(problem) {
            assert!(
                (1..=text.split('\n').count()).contains(&line),
                "a line that the file has not: {problem}"
            );
        }
    }
    assert_eq!(first, said(text), "read twice, it says other things");
});

fn said(text: &str) -> Vec<String> {
    let loaded = parse(&Source::new(NAME, text), Path::new("/nonexistent"), false, None);
    loaded.problems.into_list().iter().map(ToString::to_string).collect()
}

/// The line that a problem names.
fn line(problem: &str) -> Option<usize> {
    problem.strip_prefix(NAME)?.strip_prefix(':')?.split(':').next()?.parse().ok()
}
