//! Changes by commands, one after the other.

use serde_json::json;

use super::*;
use crate::config::document::Source;
use crate::config::load::parse;

const FILE: &str = "data_dir = \".\"\n[plugins.sun]\nfile = \"sun.wasm\"\nconfig = { max = 10, text = \"x\" }\n\
                    grants = [\"sessions.close\"]\n[[domain]]\nname = \"a\"\nplugins = [\"sun\"]\n\
                    services = { upload = \"up.a\" }\n[[domain]]\nname = \"b\"\n";

/// A configuration in a temporary directory, changed by one command after the other.
struct Changing(tempfile::TempDir);

impl Changing {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn loaded(&self) -> Loaded {
        self.with(FILE)
    }

    fn with(&self, text: &str) -> Loaded {
        parse(&Source::new("c.toml", text), self.0.path(), false, None)
    }

    #[track_caller]
    fn keep(&self, changed: Changed) {
        changed.unwrap().save(self.0.path()).unwrap();
    }

    /// Where a plugin is enabled, with its settings.
    fn uses(&self, name: &str) -> Value {
        let config = self.loaded().config;
        let of = |domain: &Domain| {
            let plugin = domain.active.iter().find(|plugin| plugin.name == name)?;
            Some((domain.name.clone(), Value::Object(plugin.config.clone())))
        };
        Value::Object(config.domains.iter().filter_map(of).collect())
    }
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn refused(changed: Changed) -> String {
    changed.err().unwrap().to_string()
}

fn enabling<'a>(
    domains: &'a [String],
    set: &'a Map<String, Value>,
    given: &'a [String],
    asked: &'a [String],
) -> Enabling<'a> {
    Enabling { domains, set, unset: &[], given, asked }
}

#[test]
fn a_plugin_of_the_file() {
    let place = Changing::new();
    place.keep(
        place.loaded().enable_plugin("sun", &enabling(&list(&["B"]), &map(json!({"max": 3})), &[], &[])),
    );
    assert_eq!(place.uses("sun"), json!({"a": {"max": 10, "text": "x"}, "b": {"max": 3, "text": "x"}}));
    place.keep(place.loaded().enable_plugin("sun", &enabling(&[], &map(json!({"max": 4})), &[], &[])));
    assert_eq!(place.uses("sun"), json!({"a": {"max": 4, "text": "x"}, "b": {"max": 4, "text": "x"}}));
    place.keep(place.loaded().disable_plugin("sun", &list(&["a"])));
    assert_eq!(place.uses("sun"), json!({"b": {"max": 4, "text": "x"}}));
    place.keep(place.loaded().disable_plugin("sun", &[]));
    assert_eq!(place.uses("sun"), json!({}));
    assert_eq!(place.loaded().config.plugins["sun"].grants, ["sessions.close"]);
    assert_eq!(
        refused(place.loaded().remove_plugin("sun")),
        "plugin sun is declared in c.toml:2 — remove it there and run castling reload, or run castling plugin \
         disable sun"
    );
    assert_eq!(
        refused(place.loaded().enable_plugin("sun", &enabling(&[], &Map::new(), &list(&["kv"]), &[]))),
        "plugin sun is declared in c.toml:2, which also sets its grants — add the grants there and run \
         castling reload"
    );
    assert_eq!(
        refused(place.loaded().install_plugin("sun", "x".into())),
        "plugin sun has already been declared in c.toml:2 — run castling plugin reload sun FILE for another \
         version"
    );
}

#[test]
fn a_plugin_installed_by_command() {
    let place = Changing::new();
    place.keep(place.loaded().install_plugin("moon", "plugins/moon.wasm".into()));
    assert_eq!(place.uses("moon"), json!({}));
    place.keep(place.loaded().enable_plugin("moon", &enabling(&[], &Map::new(), &[], &list(&["kv"]))));
    assert_eq!(place.uses("moon"), json!({"a": {}, "b": {}}));
    assert_eq!(place.loaded().config.plugins["moon"].grants, ["kv"]);
    place.keep(
        place
            .loaded()
            .enable_plugin("moon", &enabling(&[], &Map::new(), &list(&["sql:m/q"]), &list(&["kv"]))),
    );
    assert_eq!(place.loaded().config.plugins["moon"].grants, ["sql:m/q"]);
    // Neither other settings nor switching it off and on widens what was granted.
    let set = map(json!({"max": 5}));
    place.keep(place.loaded().enable_plugin("moon", &enabling(&[], &set, &[], &list(&["kv"]))));
    place.keep(place.loaded().disable_plugin("moon", &[]));
    place.keep(place.loaded().enable_plugin("moon", &enabling(&[], &Map::new(), &[], &list(&["kv"]))));
    assert_eq!(place.loaded().config.plugins["moon"].grants, ["sql:m/q"]);
    assert_eq!(place.uses("moon"), json!({"a": {"max": 5}, "b": {"max": 5}}));
    let unset = |keys: &[String]| {
        let enabling = Enabling { unset: keys, ..enabling(&[], &set, &[], &[]) };
        place.loaded().enable_plugin("moon", &Enabling { set: &Map::new(), ..enabling })
    };
    place.keep(unset(&list(&["max"])));
    assert_eq!(place.uses("moon"), json!({"a": {}, "b": {}}));
    assert_eq!(
        refused(unset(&list(&["max"]))),
        "no command has set max of plugin moon there — see castling plugin show moon"
    );
    place.keep(place.loaded().replace_plugin("moon", None, &list(&["kv"])));
    assert_eq!(place.loaded().config.plugins["moon"].grants, ["kv"]);
    place.keep(place.loaded().replace_plugin(
        "moon",
        Some(Component::Kept("plugins/moon2.wasm".into())),
        &[],
    ));
    assert!(place.loaded().config.plugins["moon"].file.ends_with("plugins/moon2.wasm"));
    let named = FILE.replace("[\"sun\"]", "[\"sun\", \"moon\"]");
    assert_eq!(
        refused(place.with(&named).remove_plugin("moon")),
        "plugin moon is referenced in c.toml:8 — remove it there and run castling reload first"
    );
    place.keep(place.loaded().remove_plugin("moon"));
    assert!(!place.loaded().config.plugins.contains_key("moon"));
    assert_eq!(
        refused(place.loaded().remove_plugin("moon")),
        "plugin moon does not exist — see castling plugin list, or run castling plugin install"
    );
}

#[test]
fn what_is_not_there_is_refused() {
    let place = Changing::new();
    let loaded = place.loaded();
    let set = Map::new();
    assert!(loaded.enable_plugin("moon", &enabling(&[], &set, &[], &[])).is_err());
    assert!(loaded.disable_plugin("moon", &[]).is_err());
    assert!(loaded.replace_plugin("moon", Some(Component::Kept("x".into())), &[]).is_err());
    assert!(loaded.install_plugin("Moon", "x".into()).is_err());
    assert_eq!(
        refused(loaded.enable_plugin("sun", &enabling(&list(&["c"]), &set, &[], &[]))),
        "domain c does not exist — see castling domain list"
    );
    assert_eq!(refused(loaded.add_domain("up.a")), "up.a is a service of a");
    assert_eq!(loaded.overlay, Overlay::default());
}

#[test]
fn a_new_domain_gets_what_is_on_everywhere() {
    let place = Changing::new();
    place.keep(place.loaded().enable_plugin("sun", &enabling(&[], &Map::new(), &[], &[])));
    place.keep(place.loaded().add_domain("c"));
    assert_eq!(place.uses("sun").as_object().unwrap().len(), 3);
    place.keep(place.loaded().disable_plugin("sun", &list(&["c"])));
    place.keep(place.loaded().remove_domain("c", false));
    place.keep(place.loaded().add_domain("c"));
    assert!(place.uses("sun").get("c").is_some());
}

#[test]
fn settings_are_toml_else_strings() {
    let pairs =
        [("a", "3"), ("b", "sixty s"), ("c", "\"3\""), ("d", "[1, {x = true}]"), ("e", ""), ("f", "nan")];
    let pairs: Vec<_> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let expected = json!({"a": 3, "b": "sixty s", "c": "3", "d": [1, {"x": true}], "e": "", "f": "nan"});
    assert_eq!(Value::Object(settings(&pairs)), expected);
}
