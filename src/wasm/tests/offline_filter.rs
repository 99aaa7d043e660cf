//! The shipped plugin offline-filter.

use serde_json::{Value, json};

use super::kit::{Kit, Options, built};
use crate::LoadError;
use crate::bindings::exports::castling::plugin::before_offline::Storing;

/// Which of these stanzas are discarded with these entries.
fn discarded(drop: Value, stanzas: &[&str]) -> Vec<bool> {
    let kit = Kit::new();
    let plugin = kit.platform.load("offline-filter", &built("offline-filter")).unwrap();
    let running =
        kit.deploy(&plugin, Options { config: json!({ "drop": drop }), ..Options::default() }).unwrap();
    let discarded = |xml: &&str| match running.before_offline(xml) {
        Storing::Discard => true,
        Storing::Keep => false,
        Storing::Bounce | Storing::KeepFor(_) => panic!("neither keep nor discard"),
    };
    stanzas.iter().map(discarded).collect()
}

const ARENA: &str = "<message from='arena.chess.example' to='a@chess.example' type='headline'>\
    <body>e4</body><move xmlns='urn:example:move'/></message>";
const FRIEND: &str =
    "<message from='b@chess.example/x' to='a@chess.example' type='chat'><body>hi</body></message>";
const PLAIN: &str = "<message from='b@chess.example/x' to='a@chess.example'><body>hi</body></message>";
const SUBSCRIBE: &str = "<presence from='b@wuchess.example' to='a@chess.example' type='subscribe'/>";

#[test]
fn without_entries_everything_is_kept() {
    assert_eq!(discarded(json!([]), &[ARENA, FRIEND, PLAIN, SUBSCRIBE]), [false; 4]);
}

#[test]
fn by_sender() {
    let entry = json!([{ "from": "arena.chess.example" }]);
    assert_eq!(discarded(entry, &[ARENA, FRIEND, SUBSCRIBE]), [true, false, false]);
    let entry = json!([{ "from": "*.chess.example" }]);
    assert_eq!(discarded(entry, &[ARENA, FRIEND]), [true, false]);
    let entry = json!([{ "from": "b@chess.example" }]);
    assert_eq!(discarded(entry, &[ARENA, FRIEND, SUBSCRIBE]), [false, true, false]);
}

#[test]
fn by_kind_type_and_namespace_of_any_child() {
    let entry = json!([{ "kind": "message", "type": "headline", "ns": "urn:example:move" }]);
    assert_eq!(discarded(entry, &[ARENA, FRIEND, SUBSCRIBE]), [true, false, false], "the second child's");
    assert_eq!(discarded(json!([{ "kind": "presence" }]), &[ARENA, SUBSCRIBE]), [false, true]);
    assert_eq!(
        discarded(json!([{ "type": "normal" }]), &[FRIEND, PLAIN]),
        [false, true],
        "no type is normal"
    );
    assert_eq!(discarded(json!([{ "ns": "urn:other" }]), &[ARENA, PLAIN]), [false, false]);
}

#[test]
fn an_entry_matches_when_all_its_keys_do_and_one_entry_is_enough() {
    let entries = json!([{ "from": "arena.chess.example", "type": "chat" }, { "from": "b@wuchess.example" }]);
    assert_eq!(discarded(entries, &[ARENA, FRIEND, SUBSCRIBE]), [false, false, true]);
}

#[test]
fn wrong_entries_are_refused_with_their_place() {
    let kit = Kit::new();
    let plugin = kit.platform.load("offline-filter", &built("offline-filter")).unwrap();
    for (entry, path) in [
        (json!({}), "drop[0]"),
        (json!({ "form": "x" }), "drop[0].form"),
        (json!({ "kind": "letter" }), "drop[0].kind"),
        (json!({ "from": 5 }), "drop[0].from"),
    ] {
        let options = Options { config: json!({ "drop": [entry] }), ..Options::default() };
        let Err(LoadError::Config { problems, .. }) = kit.deploy(&plugin, options) else {
            panic!("deployed")
        };
        assert_eq!(problems[0].path, path);
    }
}

#[test]
fn entries_that_can_never_match_are_named_once() {
    let kit = Kit::new();
    let plugin = kit.platform.load("offline-filter", &built("offline-filter")).unwrap();
    let drop = json!([{ "from": "arena.chess.example" }, { "kind": "presence" }, { "type": "headline" }]);
    let config = json!({ "drop": drop });
    let lines = super::log::record(|| {
        let running = kit.deploy(&plugin, Options { config: config.clone(), ..Options::default() }).unwrap();
        let expected = ["chess.example", "wuchess.example"].map(|domain| {
            [
                format!("{domain}: `drop[1]` can never match: presence is never stored"),
                format!("{domain}: `drop[2]` can never match: messages of this type are never stored"),
            ]
        });
        assert_eq!(running.0.heard(), expected.concat());
        running.before_offline(FRIEND);
    });
    assert_eq!(lines.len(), 4, "{lines:?}");
}
