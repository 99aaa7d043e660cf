//! The WASI functions that a standard library imports.

use ::kernel::Verdict;

use super::guest::Guest;
use super::kit::Kit;

const PRESENCE: &str = "<presence from='a@chess.example/x'/>";

/// A guest with WASI imports, built like the others.
fn guest(import_text: &'static str, imports: &'static [&'static str], filter: &'static str) -> Guest {
    Guest { imports, import_text, ..Guest::filter(filter) }
}

#[test]
fn exit_is_a_trap() {
    let kit = Kit::new();
    let exit = guest(
        r#"(import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))"#,
        &["wasi:cli/exit@0.2.3"],
        "(call $exit (i32.const 0)) (i32.const 1024)",
    );
    assert!(matches!(kit.run(&exit.build()).client_in(1, PRESENCE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("trap", 1)]);
}

#[test]
fn randomness_and_clocks_are_the_servers() {
    let kit = Kit::new();
    // drops the stanza if the wall clock returns 1,700,000,000 seconds and the random number is not zero
    let clock = guest(
        r#"(import "wasi:clocks/wall-clock@0.2.9" "now" (func $now (param i32)))
           (import "wasi:random/random@0.2.9" "get-random-u64" (func $random (result i64)))"#,
        &["wasi:clocks/wall-clock@0.2.9", "wasi:random/random@0.2.9"],
        "(call $now (i32.const 2048))
         (i32.store8 (i32.const 1024) (i32.and
            (i64.eq (i64.load (i32.const 2048)) (i64.const 1700000000))
            (i64.ne (call $random) (i64.const 0))))
         (i32.const 1024)",
    );
    assert!(matches!(kit.run(&clock.build()).client_in(1, PRESENCE), Verdict::Drop));
    assert_eq!(kit.failures("guest"), []);
}

#[test]
fn output_goes_to_the_log_and_control_characters_do_not() {
    let kit = Kit::new();
    // writes "a\x1b[b" and a line feed to standard error
    let output = guest(
        r#"(import "wasi:cli/stderr@0.2.3" "get-stderr" (func $stderr (result i32)))
           (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
                (func $write (param i32 i32 i32 i32)))"#,
        &["wasi:cli/stderr@0.2.3"],
        "(i64.store (i32.const 512) (i64.const 0x0a625b1b61))
         (call $write (call $stderr) (i32.const 512) (i32.const 5) (i32.const 2048))
         (i32.store8 (i32.const 1024) (i32.load8_u (i32.const 2048))) (i32.const 1024)",
    );
    let running = kit.run(&output.build());
    let lines = super::log::record(|| assert!(matches!(running.client_in(1, PRESENCE), Verdict::Continue)));
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in ["a [b", "plugin=guest", "version=1.0.0", "domain=chess.example", "session=1"] {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
    assert_eq!(kit.failures("guest"), []);
}
