//! What the host keeps for a plugin, and what it reveals only during a call.

use ::kernel::Verdict;

use super::guest::{ANSWER, Guest};
use super::kit::{Kit, Options};
use crate::LoadError;

const PRESENCE: &str = "<presence from='a@chess.example/x'/>";

/// Drops the stanza if something is in the session's slot; else puts the first byte of the text there.
const SLOT: Slotted = Slotted {
    import_text: r#"(import "castling:plugin/call@1.0.0" "session-slot" (func $get (param i32)))
        (import "castling:plugin/call@1.0.0" "set-session-slot" (func $set (param i32 i32 i32)))"#,
    filter: "(call $get (i32.const 2048))
        (if (i32.load (i32.const 2052)) (then (i32.store8 (i32.const 1024) (i32.const 1)))
            (else (i32.store8 (i32.const 1024) (i32.const 0)) (call $set (local.get 5) (i32.const 1) (i32.const 3072))))
        (i32.const 1024)",
};

struct Slotted {
    import_text: &'static str,
    filter: &'static str,
}

impl Slotted {
    fn build(&self) -> Vec<u8> {
        let guest = Guest::filter(self.filter);
        Guest { imports: &["call"], import_text: self.import_text, ..guest }.build()
    }
}

#[test]
fn a_session_slot_survives_a_replacement_and_goes_with_its_session() {
    let kit = Kit::new();
    let running = kit.run(&SLOT.build());
    assert!(matches!(running.client_in(1, PRESENCE), Verdict::Continue));
    assert!(matches!(running.client_in(2, PRESENCE), Verdict::Continue), "another session");
    drop(running);
    let running = kit.run(&SLOT.build());
    assert!(matches!(running.client_in(1, PRESENCE), Verdict::Drop));
    kit.end(1);
    assert!(matches!(running.client_in(1, PRESENCE), Verdict::Continue));
    assert_eq!(kit.platform.stats_of("guest").sessions, 2);
    tokio::runtime::Runtime::new().unwrap().block_on(kit.platform.forget("guest"));
    assert_eq!(kit.platform.stats_of("guest").sessions, 0, "removed");
}

#[test]
fn a_slot_that_is_too_long_is_a_failure() {
    let kit = Kit::new();
    let guest = Slotted {
        filter: "(call $set (i32.const 0) (i32.const 65537) (i32.const 3072)) (i32.const 1024)",
        ..SLOT
    };
    assert!(matches!(kit.run(&guest.build()).client_in(1, PRESENCE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("trap", 1)]);
}

#[test]
fn outside_a_call_there_is_no_call() {
    let kit = Kit::new();
    let guest = Guest {
        imports: &["call"],
        import_text: r#"(import "castling:plugin/call@1.0.0" "now-ms" (func $now (result i64)))"#,
        init: Some("(drop (call $now)) (i32.const 1024)"),
        ..Guest::filter(ANSWER)
    };
    let plugin = kit.load(&guest.build()).unwrap();
    let why = kit.deploy(&plugin, Options::default()).err().unwrap().to_string();
    assert!(why.contains("no call is in progress"), "{why}");
}

#[test]
fn another_domains_settings_are_not_to_be_had() {
    let kit = Kit::new();
    let guest = Guest {
        imports: &["config"],
        import_text: r#"(import "castling:plugin/config@1.0.0" "get" (func $get (param i32 i32)))"#,
        filter: "(call $get (i32.add (local.get 4) (i32.const 2)) (i32.const 2048)) (i32.const 1024)",
        ..Guest::filter("")
    };
    assert!(matches!(kit.run(&guest.build()).client_in(1, PRESENCE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("trap", 1)]);
}

#[test]
fn metrics_that_the_manifest_does_not_name_are_not_counted() {
    let kit = Kit::new();
    // a counter named after the stanza's sender
    let guest = Guest {
        imports: &["metrics"],
        import_text: r#"(import "castling:plugin/metrics@1.0.0" "count" (func $count (param i32 i32 i32 i64)))"#,
        filter: "(call $count (local.get 5) (local.get 6) (local.get 4) (i64.const 1)) (i32.const 1024)",
        ..Guest::filter("")
    };
    kit.run(&guest.build()).client_in(1, PRESENCE);
    let stats = kit.platform.stats_of("guest");
    assert!(stats.metrics.is_empty());
    assert_eq!(stats.domains[0].denied["metrics"], 1);
}

#[test]
fn what_waits_is_unavailable_to_a_filter_even_when_granted() {
    let kit = Kit::new();
    // the verdict's index is that of the denial: 0 not-granted, 3 unavailable; `amend` is a failure
    // without its grant
    let guest = Guest {
        imports: &["routing"],
        import_text: r#"(import "castling:plugin/routing@1.0.0" "send" (func $send (param i32 i32 i32)))"#,
        filter: "(call $send (local.get 5) (local.get 6) (i32.const 2048))
            (i32.store8 (i32.const 1024) (i32.load8_u (i32.const 2049))) (i32.const 1024)",
        ..Guest::filter("")
    };
    let plugin = kit.load(&guest.build()).unwrap();
    assert!(matches!(kit.deploy(&plugin, Options::default()), Err(LoadError::NotGranted { .. })));
    let running = kit.deploy(&plugin, Options { grants: &["routing"], ..Options::default() }).unwrap();
    running.client_in(1, PRESENCE);
    assert_eq!(kit.failures("guest"), [("verdict", 1)]);
    assert_eq!(kit.platform.stats_of("guest").domains[0].denied["routing"], 1);
}
