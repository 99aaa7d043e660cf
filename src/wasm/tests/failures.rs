//! Guests that loop, trap, exhaust memory, or return invalid answers: stopped, counted, and the policy
//! applies.

use std::time::Duration;

use ::kernel::Verdict;
use serde_json::json;

use super::guest::{ANSWER, Guest, manifest};
use super::kit::{Kit, Options, Running, built};
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
    assert_eq!(stats.discarded, 1);
    while kit.platform.stats_of("guest").instances != 1 {
        std::thread::yield_now(); // another is made off the way of the stanzas
    }
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

fn message(sender: &str) -> String {
    format!("<message from='{sender}@chess.example/x' to='b@chess.example'><body>hello</body></message>")
}

fn iq(sender: &str) -> String {
    format!("<iq type='get' id='1' from='{sender}@chess.example/x'><q xmlns='urn:q'/></iq>")
}

/// Trips the breaker of a domain: three senders fail in about a hundred calls.
fn trip(running: &Running, session: u64) {
    (0..98).for_each(|_| drop(running.client_in(session, &message("good"))));
    ["x", "y", "z"].iter().for_each(|sender| drop(running.client_in(session, &iq(sender))));
}

#[test]
fn a_sender_whose_stanzas_fail_is_not_judged_for_a_minute_and_the_others_are() {
    let kit = Kit::new();
    let running = kit.run(&Guest::filter(TRAP_AT_IQ).build());
    (0..5).for_each(|_| assert!(matches!(running.client_in(1, &iq("evil")), Verdict::Continue)));
    assert_eq!(kit.failures("guest"), [("blamed", 3), ("trap", 2)]);
    running.client_in(1, &message("evil"));
    running.client_in(1, &message("good"));
    let hook = kit.platform.stats_of("guest").hooks.remove(0);
    assert_eq!((hook.calls, hook.verdicts["pass"], hook.failures["blamed"]), (3, 1, 4));
    assert_eq!(running.0.at_work().suspended, [""; 0], "one sender suspends nothing");
    kit.clock.advance(Duration::from_secs(60));
    running.client_in(1, &message("evil"));
    assert_eq!(kit.platform.stats_of("guest").hooks[0].verdicts["pass"], 2);
}

#[test]
fn one_that_fails_for_several_senders_is_not_called_for_a_while_on_that_domain() {
    let kit = Kit::new();
    let running = kit.run(&Guest::filter(TRAP_AT_IQ).build());
    trip(&running, 1);
    assert_eq!(running.0.at_work().suspended, ["chess.example"]);
    (0..5).for_each(|_| assert!(matches!(running.client_in(1, MESSAGE), Verdict::Continue)));
    let hook = kit.platform.stats_of("guest").hooks.remove(0);
    assert_eq!((hook.calls, hook.failures["trap"], hook.failures["open"]), (101, 3, 5));

    (0..5).for_each(|_| assert!(matches!(running.client_in(11, MESSAGE), Verdict::Continue)));
    let other = kit.platform.stats_of("guest").hooks.remove(1);
    assert_eq!((other.calls, other.verdicts["pass"]), (5, 5), "the other brand's stanzas are judged");

    kit.clock.advance(Duration::from_secs(1));
    running.client_in(1, &iq("x"));
    assert_eq!(running.0.at_work().suspended, ["chess.example"], "the trial failed");
    kit.clock.advance(Duration::from_secs(2));
    running.client_in(1, MESSAGE);
    assert_eq!(running.0.at_work().suspended, [""; 0], "the call that tried went well");
    assert_eq!(running.0.at_work().suspensions, 2);
}

#[test]
fn one_that_is_suspended_again_and_again_stays_so_until_an_operator_forgives_it() {
    let kit = Kit::new();
    let plugin = kit.load(&Guest::filter(TRAP_AT_IQ).build()).unwrap();
    let running = kit.deploy(&plugin, Options::default()).unwrap();
    for _ in 0..5 {
        assert_eq!(running.0.at_work().parked, [""; 0]);
        trip(&running, 1);
        kit.clock.advance(Duration::from_secs(61));
        running.client_in(1, &message("good"));
    }
    assert_eq!(running.0.at_work().parked, ["chess.example"]);
    kit.clock.advance(Duration::from_secs(86_400));
    running.client_in(1, MESSAGE);
    assert_eq!(running.0.at_work().parked, ["chess.example"]);
    // Other settings of the other domain forgive nothing here.
    let other = Options { on_second: json!({}), ..Options::default() };
    assert_eq!(kit.deploy(&plugin, other).unwrap().0.at_work().parked, ["chess.example"]);
    kit.platform.forgive("guest");
    let again = kit.deploy(&plugin, Options::default()).unwrap();
    assert_eq!(again.0.at_work().suspended, [""; 0]);
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    let kit = Kit::new();
    // `replace` with three bytes of the stanza's own text, which are not valid XML
    let replace = "(i32.store8 (i32.const 1024) (i32.const 4)) (i32.store (i32.const 1028) (local.get 5))
        (i32.store (i32.const 1032) (i32.const 3)) (i32.const 1024)";
    let plugin = kit.load(&Guest::filter(replace).build()).unwrap();
    let running = kit.deploy(&plugin, Options { grants: &["replace"], ..Options::default() }).unwrap();
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
    // closes its own session for a policy violation; drops the stanza if that was denied
    let guest = Guest {
        imports: &["sessions"],
        import_text: r#"(import "castling:plugin/sessions@1.0.0" "close"
                (func $close (param i64 i32 i32 i32 i32 i32 i32)))
            (import "castling:plugin/sessions@1.0.0" "info" (func $info (param i64 i32)))"#,
        filter: "(call $info (local.get 3) (i32.const 4096))
            (call $close (local.get 3) (i32.const 512) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 2048))
            (i32.store8 (i32.const 1024) (i32.load8_u (i32.const 2048))) (i32.const 1024)",
        ..Guest::filter("")
    };
    let plugin = kit.load(&guest.build()).unwrap();
    let elsewhere = Options { grants: &["sessions.close:wuchess.example"], ..Options::default() };
    let running = kit.deploy(&plugin, elsewhere).unwrap();
    assert!(matches!(running.client_in(1, MESSAGE), Verdict::Drop), "close answered with an error");
    assert_eq!(kit.platform.stats_of("guest").domains[0].denied["sessions"], 1);
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

/// New instances that work for long when they read their settings: nobody waits for that, and the time is counted.
#[test]
fn what_an_instance_needs_to_read_its_settings_is_counted() {
    let kit = Kit::new();
    let plugin = kit.load(&std::fs::read(built("hostile")).unwrap()).unwrap();
    let options = Options {
        config: json!({ "does": "refuse" }),
        on_second: json!({ "does": "nothing" }),
        grants: &["content", "replace", "sessions.close"],
        ..Options::default()
    };
    let running = kit.deploy(&plugin, options).unwrap();
    let harm =
        |sender: &str| format!("<message from='{sender}/x'><harm xmlns='urn:example:harm'/></message>");
    for sender in ["a", "b", "c", "d"] {
        running.client_in(1, &harm(&format!("{sender}@chess.example")));
    }
    // The clock stands still: it works until it is stopped.
    assert_eq!(kit.failures("guest"), [("deadline", 2), ("trap", 2)]);
    assert!(matches!(running.client_in(11, &harm("a@wuchess.example")), Verdict::Continue));
    assert_eq!(
        kit.platform.stats_of("guest").hooks[1].verdicts["pass"],
        1,
        "the other domain has an instance"
    );
    while kit.platform.stats_of("guest").domains[0].cpu_seconds < 0.05 {
        std::thread::yield_now();
    }
    let before = kit.platform.stats_of("guest");
    running.client_in(1, &harm("e@chess.example"));
    let after = kit.platform.stats_of("guest");
    assert_eq!(after.hooks[0].failures["deadline"], before.hooks[0].failures["deadline"] + 1);
    assert_eq!(after.discarded, before.discarded, "it costs the other domain no instance");
}
