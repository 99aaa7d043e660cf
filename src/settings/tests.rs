//! A schema with one key of each kind, and the messages for values that do not fit.

use serde_json::{Value, json};

use crate::{
    Checker, Given, Group, Interval, Key, Kind, Limit, Range, Required, Section, Text, Values, duration,
    flag, list, number, shown, waiting,
};

group! {
    /// Sample settings.
    #[derive(Debug, PartialEq, Eq)]
    struct Sample {
        /// Bytes of one thing,
        /// in a doc comment of two lines.
        bytes: Required = number(100, 10..=1000);
        /// How many.
        count: Limit = number(0, 5..=50);
        /// How long.
        pause: Interval = number(7, 1..=9).zero("pauses are not offered").at_start();
        /// Whether.
        on: bool = flag(true);
    }
    with {
        /// Another group.
        inner: Inner;
        /// Everything.
        all: Values;
    }
}

group! {
    /// Settings that others take in.
    #[derive(Debug, PartialEq, Eq)]
    struct Inner {
        /// For the server alone.
        whole: Limit = number(3, 1..=4).server_wide();
    }
}

use crate as settings;
use settings::group;

fn values(value: Value) -> Values {
    Values::from(value.as_object().unwrap().clone())
}

#[test]
fn a_group_reads_what_is_given_and_else_its_defaults() {
    let sample = Sample::default();
    assert_eq!((sample.bytes.bound(), sample.count.bound(), sample.on), (100, usize::MAX, true));
    assert_eq!((sample.pause.seconds().unwrap().as_secs(), sample.inner.whole), (7, Limit::of(3)));
    let given = values(json!({ "bytes": 20, "count": 6, "pause": 0, "on": false, "whole": 0, "other": 1 }));
    let sample = Sample::read(&given);
    assert_eq!((sample.bytes.get(), sample.count.bound(), sample.on), (20, 6, false));
    assert_eq!((sample.pause, sample.inner.whole), (Interval::OFF, Limit::OFF));
    assert_eq!(sample.all.get("other"), Some(&json!(1)));
    assert_eq!(Required::of(0).get(), 1, "never off");
}

#[test]
fn what_0_means_is_said_by_the_type() {
    let zero = |name: &str| {
        let keys = Sample::keys();
        let key = keys.iter().find(|key| key.name == name).unwrap();
        let Kind::Integer(Range { zero, .. }) = key.kind else { panic!("{name}") };
        zero
    };
    assert_eq!(zero("bytes"), None);
    assert_eq!(zero("count"), Some("no limit"));
    assert_eq!(zero("pause"), Some("pauses are not offered"));
    let names: Vec<_> = Sample::keys().iter().map(|key| key.name.to_string()).collect();
    assert_eq!(names, ["whole", "bytes", "count", "pause", "on"]);
    assert_eq!(Sample::keys()[1].doc, "Bytes of one thing, in a doc comment of two lines.");
}

fn schema() -> Section {
    let text = Text { least: 1, most: 3, check: None, example: "text" };
    let entry = Section {
        least: 1,
        ..Section::new("setting", vec![Key::new("kind", Kind::choice(&["a", "b"]), "")])
    };
    let drop = Kind::List { of: Box::new(Kind::section(entry)), least: 0, most: 2 };
    let mut keys = Sample::keys();
    keys.extend([
        Key::new("name", Kind::Text(text), "").required(),
        Key::new("window", Kind::text(duration), "").default("60s"),
        Key::new("drop", drop, ""),
        Key::new("share", Kind::Number { least: 0.0, most: 1.0 }, "").default(0.5),
        Key::new("free", Kind::Table, ""),
        Key::new("over", Kind::Overrides(Section::new("limit", Sample::keys()).into()), ""),
        Key::new("log", Kind::section(Section::new("key", vec![Key::new("level", Kind::Flag, "")])), ""),
    ]);
    Section::new("setting", keys)
}

fn said(value: &Value) -> Vec<String> {
    let Given::Table(table) = Given::from(value) else { panic!("{value}") };
    let mut checker = Checker::new().root(schema()).whole_paths();
    checker.section(&table, &schema(), "");
    checker.into_problems().iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_of_mistake() {
    for (value, expected) in [
        (json!({}), "`name` is missing — add name = \"text\""),
        (json!({ "name": 5 }), "`name` must be a string, not an integer — write name = \"text\""),
        (json!({ "name": "" }), "`name` has 0 characters — write at least 1"),
        (json!({ "name": "äöüß" }), "`name` has 4 characters — write at most 3"),
        (json!({ "name": null }), "`name` must be a string, not null — write name = \"text\""),
        (json!({ "name": "x", "bytes": 0 }), "`bytes` is out of range — write a number from 10 to 1000"),
        (json!({ "name": "x", "bytes": 1001 }), "`bytes` is out of range — write a number from 10 to 1000"),
        (
            json!({ "name": "x", "count": 4 }),
            "`count` is out of range — write a number from 5 to 50, or 0 (no limit)",
        ),
        (
            json!({ "name": "x", "count": 1.5 }),
            "`count` must be a whole number, not a float — write count = 10",
        ),
        (json!({ "name": "x", "on": 1 }), "`on` must be true or false, not an integer — write on = true"),
        (json!({ "name": "x", "share": 2 }), "`share` is out of range — write a number from 0 to 1"),
        (json!({ "name": "x", "nam": 1 }), "unknown setting `nam` — did you mean `name`?"),
        (json!({ "name": "x", "level": 1 }), "`level` belongs to [log] — move it there"),
        (
            json!({ "name": "x", "window": "60" }),
            "\"60\" is not a duration — write a duration such as \"500ms\", \"60s\", \"5m\" or \"1h\" (at most 49 days)",
        ),
        (json!({ "name": "x", "drop": [{}] }), "`drop[0]` has 0 keys — write at least 1"),
        (
            json!({ "name": "x", "drop": [{ "kind": "a" }, { "kind": "c" }] }),
            "`drop[1].kind` cannot be \"c\" — write one of \"a\", \"b\"",
        ),
        (
            json!({ "name": "x", "drop": [{ "kind": 1 }] }),
            "`drop[0].kind` must be one of \"a\", \"b\", not an integer — write kind = \"a\"",
        ),
        (
            json!({ "name": "x", "over": { "whole": 1, "count": 9 } }),
            "`over.whole` applies to the whole server — move it to [limits]",
        ),
    ] {
        assert_eq!(said(&value), [expected], "{value}");
    }
    assert_eq!(said(&json!({ "name": 1, "bytes": 0 })).len(), 2, "all at once");
    let good = json!({ "name": "x", "window": "49d", "drop": [{ "kind": "b" }], "share": 1, "count": 0 });
    assert_eq!(said(&good), Vec::<String>::new());
    assert_eq!(said(&json!({ "name": "x", "drop": [{ "kind": "a" }, { "kind": "a" }, {}] })).len(), 2);
}

#[test]
fn what_json_cannot_hold_is_reported_at_its_place() {
    let table = vec![
        ("name".to_owned(), Given::Text("x".into())),
        ("bytes".to_owned(), Given::Integer(i128::MAX)),
        ("share".to_owned(), Given::Number(f64::NAN)),
        ("free".to_owned(), Given::Table(vec![("n".to_owned(), Given::List(vec![Given::Integer(1 << 70)]))])),
    ];
    let mut checker = Checker::new();
    let checked = checker.section(&table, &schema(), "");
    let said: Vec<_> = checker.into_problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "`bytes` is out of range — write a number from 10 to 1000",
            "`share` is out of range — write a number from 0 to 1",
            "`n[0]` is too large — write a finite number that fits in 64 bits",
        ]
    );
    assert_eq!((&checked["bytes"], checked.get("free")), (&json!(100), None), "the default stands in");
}

#[test]
fn durations() {
    for text in ["0ms", "500ms", "60s", "5m", "1h", "49d"] {
        assert_eq!(duration(text), Ok(()), "{text}");
    }
    for text in ["", "60", "s", "-1s", "1.5s", "50d", "1 s", "99999999999s", "1w"] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn only_keys_of_the_start_wait() {
    let level = Key::new("level", Kind::Flag, "").at_start();
    let log = Section::new("key", vec![level, Key::new("other", Kind::Flag, "")]);
    let keys = vec![Key::new("log", Kind::section(log), ""), Key::new("name", Kind::Flag, "").at_start()];
    let section = Section::new("key", keys);
    let map = |value: Value| value.as_object().unwrap().clone();
    let old = map(json!({ "log": { "level": true, "other": true }, "name": true }));
    let new = map(json!({ "log": { "level": false, "other": false }, "name": true }));
    assert_eq!(waiting(&section, &old, &new), ["log.level"]);
    assert_eq!(waiting(&section, &old, &map(json!({ "log": { "level": true } }))), ["name"]);
    assert_eq!(waiting(&section, &old, &old), Vec::<String>::new());
}

#[test]
fn values_are_shown_as_toml() {
    let value = json!({ "a": [1, "x"], "b c": {}, "d": true });
    assert_eq!(shown(&value), "{ a = [1, \"x\"], \"b c\" = {}, d = true }");
    assert_eq!(list(Kind::Flag).key::<bool>("x", "").name, "x");
}
