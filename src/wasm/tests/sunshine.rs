//! The shipped plugin sunshine.

use std::time::Duration;

use ::kernel::Verdict;
use serde_json::json;
use xmpp::StreamCondition;

use super::kit::{Kit, Options, Running, built};

fn sunshine(kit: &Kit, options: Options<'_>) -> Running {
    let plugin = kit.platform.load("sunshine", &built("sunshine")).unwrap();
    kit.deploy(&plugin, Options { grants: &["sessions.close"], ..options }).unwrap()
}

const HERE: &str = "<presence from='user@chess.example/1'><show>away</show></presence>";
const AWAY: &str = "<presence from='user@chess.example/1'/>";

fn passes(running: &Running, session: u64, xml: &str) -> bool {
    matches!(running.client_in(session, xml), Verdict::Continue)
}

#[test]
fn the_eleventh_same_presence_within_a_minute_closes_the_session() {
    let kit = Kit::new();
    let running = sunshine(&kit, Options::default());
    for number in 0..10 {
        kit.clock.advance(Duration::from_secs(5));
        let xml = format!("<presence from='user@chess.example/1' id='{number}'><show>away</show></presence>");
        assert!(passes(&running, 1, &xml), "{number}: only the id differs");
    }
    assert!(kit.sessions.closed().is_empty());
    assert!(matches!(running.client_in(1, HERE), Verdict::Drop));
    let closed = kit.sessions.closed();
    assert_eq!(closed.len(), 1);
    assert_eq!((closed[0].0, closed[0].1.condition), (1, StreamCondition::PolicyViolation));
    assert_eq!(closed[0].1.text.as_deref(), Some("Too many repeated presences"));
    let stats = kit.platform.stats_of("sunshine");
    let metric = &stats.metrics[0];
    assert_eq!(
        (metric.name.as_str(), metric.domain.as_str(), metric.value),
        ("closed", "chess.example", 1.0)
    );
}

#[test]
fn repetitions_are_only_dropped_where_that_is_wanted() {
    let kit = Kit::new();
    let options = Options { config: json!({ "max": 3, "action": "drop" }), ..Options::default() };
    let running = sunshine(&kit, options);
    assert!((0..3).all(|_| passes(&running, 1, HERE)));
    assert!((0..2).all(|_| matches!(running.client_in(1, HERE), Verdict::Drop)));
    assert!(passes(&running, 1, AWAY));
    assert!(kit.sessions.closed().is_empty());
    let counted = kit.platform.stats_of("sunshine").metrics;
    let counted: Vec<_> = counted.iter().filter(|one| one.value > 0.0).collect();
    assert_eq!((counted.len(), counted[0].name.as_str(), counted[0].value), (1, "dropped", 2.0));
}

#[test]
fn a_different_presence_between_begins_anew() {
    let kit = Kit::new();
    let running = sunshine(&kit, Options::default());
    for _ in 0..5 {
        assert!((0..9).all(|_| passes(&running, 1, HERE)));
        assert!(passes(&running, 1, AWAY));
    }
    assert!(kit.sessions.closed().is_empty());
}

#[test]
fn slow_repetition_is_allowed() {
    let kit = Kit::new();
    let running = sunshine(&kit, Options::default());
    for _ in 0..50 {
        kit.clock.advance(Duration::from_secs(6));
        assert!(passes(&running, 1, HERE), "ten a minute");
    }
    assert!(kit.sessions.closed().is_empty());
}

#[test]
fn sessions_are_counted_apart() {
    let kit = Kit::new();
    let running = sunshine(&kit, Options::default());
    for session in 1..9 {
        assert!((0..10).all(|_| passes(&running, session, HERE)));
    }
    assert!(kit.sessions.closed().is_empty());
}

#[test]
fn a_domain_has_its_own_settings() {
    let kit = Kit::new();
    let options = Options {
        config: json!({ "max": 3 }),
        on_second: json!({ "max": 1, "text": "Enough." }),
        ..Options::default()
    };
    let running = sunshine(&kit, options);
    assert!((0..3).all(|_| passes(&running, 1, HERE)) && passes(&running, 11, HERE));
    assert!(!passes(&running, 1, HERE) && !passes(&running, 11, HERE));
    let closed = kit.sessions.closed();
    let texts: Vec<_> = closed.iter().map(|(id, error)| (*id, error.text.as_deref().unwrap())).collect();
    assert_eq!(texts, [(1, "Too many repeated presences"), (11, "Enough.")]);
}

#[test]
fn the_count_survives_a_replacement() {
    let kit = Kit::new();
    let running = sunshine(&kit, Options::default());
    assert!((0..6).all(|_| passes(&running, 1, HERE)));
    drop(running);
    let stricter = sunshine(&kit, Options { config: json!({ "max": 6 }), ..Options::default() });
    assert!(!passes(&stricter, 1, HERE), "the seventh");
    assert_eq!(kit.sessions.closed().len(), 1);
}

#[test]
fn messages_are_not_its_business() {
    let kit = Kit::new();
    let running = sunshine(&kit, Options::default());
    let (_, interest) = running.0.hooks().next().unwrap();
    let wants = |xml| interest.as_ref().unwrap().wants(&xmpp::Stanza::parse_str(xml).unwrap());
    assert!(wants(HERE) && wants("<presence type='unavailable'/>"));
    assert!(!wants("<message><body>x</body></message>"));
}

#[test]
fn a_window_in_which_nothing_can_be_counted_is_refused() {
    let kit = Kit::new();
    let plugin = kit.platform.load("sunshine", &built("sunshine")).unwrap();
    let options =
        Options { grants: &["sessions.close"], config: json!({ "window": "0s" }), ..Options::default() };
    let refused = kit.deploy(&plugin, options).err().unwrap().to_string();
    assert!(refused.contains("window: 0 would count nothing"), "{refused}");
}
