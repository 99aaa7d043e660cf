//! Guests that loop, trap, exhaust memory, or return invalid answers: stopped, counted, and the policy
//! applies.

use std::time::Duration;

use ::kernel::Verdict;
use serde_json::json;

use super::guest::{ANSWER, Guest, manifest};
use super::kit::{Kit, Options, Running};
use crate::LoadError;

const MESSAGE: &str = "<message from='a@chess.example/x' to='b@chess.example'><body>hello</body></message>";
const LOOP: &str = "(loop (br 0)) (unreachable)";
const TRAP: &str = "(unreachable)";
const BOMB: &str = "(loop (drop (memory.grow (i32.const 16))) (br 0)) (unreachable)";

/// Traps when the stanza is an IQ; passes everything else.
const TRAP_AT_IQ: &str = "(if (i32.eq (local.get 0) (i32.const 2)) (then unreachable)) (i32.const 1024)";

#[test]
fn an_endless_loop_is_stopped_and_the_stanza_passes() {
    let kit = Kit::new();
    let running = kit.run(&Guest::filter(LOOP).build());
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("deadline", 1)]);
    let stats = kit.platform.stats_of("guest");
    assert_eq!((stats.instances, stats.memory_bytes, stats.discarded), (0, 0, 1), "nothing is left of it");
}

#[test]
fn a_memory_bomb_is_stopped_at_the_cap() {
    let kit = Kit::new();
    let running = kit.run(&Guest::filter(BOMB).build());
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("memory", 1)]);
}

#[test]
fn after_a_trap_a_fresh_instance_goes_on() {
    let kit = Kit::new();
    let running = kit.run(&Guest::filter(TRAP_AT_IQ).build());
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue));
    let iq = "<iq type='get' id='1' from='a@chess.example/x'><q xmlns='urn:q'/></iq>";
    assert!(matches!(running.client_in(1, iq), Verdict::Continue));
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue));
    let hook = &kit.platform.stats_of("guest").hooks[0];
    assert_eq!((hook.calls, hook.verdicts["pass"], hook.failures["trap"]), (3, 2, 1));
}

#[test]
fn the_policy_is_the_operators_then_the_plugins_then_the_hooks() {
    let presence = "<presence from='a@chess.example/x'/>";
    let says = |running: &Running| running.client_in(1, MESSAGE);
    for (more, policy, word) in [
        (json!({}), None, "pass"),
        (json!({ "guards": true }), None, "reject"),
        (json!({}), Some(json!("reject")), "reject"),
        (json!({ "guards": true }), Some(json!({ "client-in": "drop" })), "drop"),
        (json!({ "guards": true }), Some(json!("keep")), "reject"),
    ] {
        let kit = Kit::new();
        let guest = Guest { manifest: manifest(more), ..Guest::filter(TRAP) };
        let plugin = kit.load(&guest.build()).unwrap();
        let running = kit.deploy(&plugin, Options { policy: policy.clone(), ..Options::default() }).unwrap();
        let verdict = says(&running);
        let said = match &verdict {
            Verdict::Continue => "pass",
            Verdict::Reject(error) if error.condition == xmpp::Condition::InternalServerError => "reject",
            Verdict::Drop => "drop",
            other => panic!("{other:?}"),
        };
        assert_eq!(said, word, "{policy:?}");
        let dropped = matches!(running.client_in(1, presence), Verdict::Drop);
        assert_eq!(dropped, word != "pass", "presence is never answered");
    }
}

#[test]
fn a_wrong_policy_is_refused() {
    let kit = Kit::new();
    let plugin = kit.load(&Guest::filter(TRAP).build()).unwrap();
    for policy in [json!("maybe"), json!({ "client-in": "keep" }), json!({ "auth": "pass" }), json!(5)] {
        let refused = kit.deploy(&plugin, Options { policy: Some(policy.clone()), ..Options::default() });
        assert!(matches!(refused, Err(LoadError::Policy(_))), "{policy}");
    }
}

#[test]
fn one_that_fails_again_and_again_is_not_called_for_a_while() {
    let kit = Kit::new();
    let running = kit.run(&Guest::filter(TRAP_AT_IQ).build());
    let iq = "<iq type='get' id='1' from='a@chess.example/x'><q xmlns='urn:q'/></iq>";
    (0..3).for_each(|_| drop(running.client_in(1, iq)));
    assert!(running.0.at_work().suspended);
    (0..5).for_each(|_| assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue)));
    let hook = kit.platform.stats_of("guest").hooks.remove(0);
    assert_eq!((hook.calls, hook.failures["trap"], hook.failures["open"]), (3, 3, 5));

    kit.clock.advance(Duration::from_secs(1));
    running.client_in(1, MESSAGE);
    assert!(!running.0.at_work().suspended, "the call that tried went well");
    running.client_in(1, MESSAGE);
    assert_eq!(kit.platform.stats_of("guest").hooks.remove(0).verdicts["pass"], 2);
    assert_eq!(running.0.at_work().suspensions, 1);
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    let kit = Kit::new();
    // `replace` with three bytes of the stanza's own text, which are not valid XML
    let replace = "(i32.store8 (i32.const 1024) (i32.const 3)) (i32.store (i32.const 1028) (local.get 11))
        (i32.store (i32.const 1032) (i32.const 3)) (i32.const 1024)";
    let running = kit.run(&Guest::filter(replace).build());
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("verdict", 1)]);
}

#[test]
fn a_verdict_that_does_not_exist_is_a_trap() {
    let kit = Kit::new();
    let running =
        kit.run(&Guest::filter("(i32.store8 (i32.const 1024) (i32.const 77)) (i32.const 1024)").build());
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue));
    assert_eq!(kit.failures("guest"), [("trap", 1)]);
}

#[test]
fn one_that_fails_while_it_starts_is_not_deployed() {
    for (init, words) in [
        (TRAP, "it failed while starting: trap"),
        (BOMB, "it failed while starting: memory"),
        // the error `err("")`
        ("(i32.store8 (i32.const 1024) (i32.const 1)) (i32.const 1024)", "refuses to start"),
    ] {
        let kit = Kit::new();
        let guest = Guest { init: Some(init), ..Guest::filter(ANSWER) };
        let plugin = kit.load(&guest.build()).unwrap();
        let Err(error) = kit.deploy(&plugin, Options::default()) else { panic!("deployed: {init}") };
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(kit.platform.stats_of("guest").instances, 0);
    }
}

#[test]
fn a_guest_that_calls_outside_its_grants_is_told_so_and_counted() {
    let kit = Kit::new();
    // closes its own session with the stanza's sender as condition; drops the stanza if that was denied
    let guest = Guest {
        imports: &["sessions"],
        import_text: r#"(import "castling:plugin/sessions@1.0.0" "close"
                (func $close (param i64 i32 i32 i32 i32 i32 i32)))
            (import "castling:plugin/sessions@1.0.0" "info" (func $info (param i64 i32)))"#,
        filter: "(call $info (local.get 3) (i32.const 4096))
            (call $close (local.get 3) (local.get 11) (local.get 6) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 2048))
            (i32.store8 (i32.const 1024) (i32.load8_u (i32.const 2048))) (i32.const 1024)",
        ..Guest::filter("")
    };
    let running = kit.run(&guest.build());
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Drop), "close answered with an error");
    assert_eq!(kit.platform.stats_of("guest").denied["sessions"], 1);
    assert!(kit.sessions.closed().is_empty());
}

#[test]
fn threads_share_a_plugin_and_none_gets_anothers_answer() {
    let kit = Kit::new();
    // drops messages, passes everything else
    let guest = "(i32.store8 (i32.const 1024) (i32.eqz (local.get 0))) (i32.const 1024)";
    let running = kit.run(&Guest::filter(guest).build());
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let running = &running;
            scope.spawn(move || {
                for _ in 0..200 {
                    match thread % 2 {
                        0 => assert!(matches!(running.client_in(1, MESSAGE), Verdict::Drop)),
                        _ => assert!(matches!(running.client_in(1, "<presence/>"), Verdict::Continue)),
                    }
                }
            });
        }
    });
    let stats = kit.platform.stats_of("guest");
    assert_eq!(stats.hooks[0].calls, 1200);
    assert!((1..=2).contains(&stats.instances), "no more instances than workers: {}", stats.instances);
    drop(running);
    assert_eq!(kit.platform.stats_of("guest").instances, 0, "the last reference drops them");
}
