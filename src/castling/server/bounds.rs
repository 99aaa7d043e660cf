//! Every number of the configuration at its minimum, at its maximum, at 0 and beyond: what `check` reports,
//! and that a server can be built with what it accepts.

use std::path::Path;

use auth::{Chain, Decoys, LoginLimits};
use runtime::Runtime;
use settings::{Key, Kind, Range, Scope};
use storage::source::Sources;

use super::domains::as_served;
use super::listeners;
use super::standing::Standing;
use crate::config::{self, Loaded, Source, parse, tables};

const DOMAIN: &str = "[[domain]]\nname = \"chess.example\"\n";

/// A configuration that sets one key, and adjusts others that must be consistent with it.
fn text(title: &str, name: &str, value: i64) -> String {
    let room = match name {
        "stanza_bytes" => "mailbox_bytes = 0\n",
        "mailbox_bytes" | "queue_bytes" => "stanza_bytes = 10000\n",
        _ => "",
    };
    match title {
        "[component.limits]" => {
            let room = room.replace("mailbox_bytes = 0", "");
            let component = "[[component]]\nname = \"bot.example\"\nsecret = \"x\"\n";
            format!("{DOMAIN}{component}[component.limits]\n{name} = {value}\n{room}")
        }
        "[limits]" => format!("[limits]\n{name} = {value}\n{room}{DOMAIN}"),
        "[domain.limits]" => format!("{DOMAIN}[domain.limits]\n{name} = {value}\n{room}"),
        "[datasources.NAME]" => {
            format!("[datasources.members]\nurl = \"sqlite:members.db\"\n{name} = {value}\n{DOMAIN}")
        }
        _ if title.starts_with("[domain") => format!("{DOMAIN}{title}\n{name} = {value}\n"),
        _ => format!("{title}\n{name} = {value}\n{DOMAIN}"),
    }
}

fn errors(loaded: &mut Loaded) -> Vec<String> {
    let list = loaded.problems.take_list().into_iter().map(|problem| problem.to_string());
    list.filter(|line| !line.contains("warning:")).collect()
}

/// Builds what `serve` builds from a configuration, except for sockets and files.
fn build(loaded: &Loaded) {
    let limits = &loaded.config.limits;
    let (_, _) = (listeners::connections(limits), limits.of::<LoginLimits>());
    let _ = limits.of::<stream::s2s::S2sLimits>();
    config::components(&loaded.config).unwrap();
    let _ = (limits.of::<stream::C2sLimits>(), limits.of::<wasm::PluginLimits>());
    let sources = Sources::new(Runtime::system());
    sources.put_in_force(config::sources(&loaded.config)).unwrap_or_else(|error| panic!("{error}"));
    for domain in &loaded.config.domains {
        let chain = Chain::new(Vec::new(), Decoys::new(vec![0; 32], 4096));
        let modules = Standing::default().modules(domain, &mut Standing::default()).unwrap();
        as_served(domain, chain, modules).map(drop).unwrap();
    }
}

fn try_all(title: &str, key: &Key, range: &Range) {
    let zero = range.zero.is_some() || range.least <= 0;
    let below = range.least.saturating_sub(1);
    for (value, accepted) in [
        (range.least, true),
        (range.most, true),
        (0, zero),
        (below, below == 0 && zero),
        (-1, false),
        (range.most.saturating_add(1), false),
    ] {
        let text = text(title, &key.name, value);
        let mut loaded = parse(&Source::new("c.toml", text.as_str()), Path::new("/nonexistent"), false, None);
        let errors = errors(&mut loaded);
        if accepted {
            assert_eq!(errors, Vec::<String>::new(), "{text}");
            build(&loaded);
        } else {
            let line = text.lines().position(|line| line.starts_with(&*key.name)).unwrap() + 1;
            let (least, most) = (range.least, range.most);
            let zero = range.zero.map(|meaning| format!(", or 0 ({meaning})")).unwrap_or_default();
            let name = &key.name;
            let expected = format!(
                "c.toml:{line}: `{name}` is out of range — write a number from {least} to {most}{zero}"
            );
            assert_eq!(errors, [expected], "{text}");
        }
    }
}

#[test]
fn every_number_at_its_bounds_and_beyond() {
    let mut tried = Vec::new();
    for (title, section) in tables() {
        for key in &section.keys {
            let Kind::Integer(range) = &key.kind else { continue };
            try_all(&title, key, range);
            if title == "[limits]" && key.scope == Scope::Domain {
                try_all("[domain.limits]", key, range);
            }
            tried.push(key.name.to_string());
        }
    }
    assert!(tried.len() >= 21, "{tried:?}");
}

#[test]
fn what_holds_for_the_server_is_refused_on_a_domain() {
    let mut refused = Vec::new();
    for (_, section) in tables().iter().filter(|(title, _)| title == "[limits]") {
        for key in section.keys.iter().filter(|key| key.scope == Scope::Server) {
            let value = if matches!(key.kind, Kind::Integer(_)) { "60" } else { "[]" };
            let text = format!("{DOMAIN}[domain.limits]\n{} = {value}\n", key.name);
            let mut loaded =
                parse(&Source::new("c.toml", text.as_str()), Path::new("/nonexistent"), false, None);
            let expected =
                format!("c.toml:4: `{}` applies to the whole server — move it to [limits]", key.name);
            assert_eq!(errors(&mut loaded), [expected]);
            refused.push(key.name.to_string());
        }
    }
    refused.sort();
    assert_eq!(
        refused,
        [
            "bosh_sessions_per_address",
            "connections",
            "connections_per_address",
            "login_seconds",
            "logins_per_minute",
            "peer_seconds",
            "plugin_cpu_percent",
            "plugin_memory_bytes",
            "plugin_state_bytes",
            "plugin_stored_bytes",
            "plugins_cpu_percent",
            "s2s_burst_bytes",
            "s2s_bytes_per_second",
            "s2s_connect_seconds",
            "s2s_idle_seconds",
            "s2s_pairs",
            "s2s_streams_per_domain",
            "trusted_proxies"
        ]
    );
}

#[test]
fn what_protects_the_server_cannot_be_switched_off() {
    let (_, limits) = tables().into_iter().find(|(title, _)| title == "[limits]").unwrap();
    let required =
        limits.keys.iter().filter(|key| matches!(&key.kind, Kind::Integer(range) if range.zero.is_none()));
    let required: Vec<&str> = required.map(|key| &*key.name).collect();
    let expected = [
        "stanza_bytes",
        "depth",
        "attributes",
        "children",
        "login_seconds",
        "s2s_queue_stanzas",
        "s2s_queue_bytes",
        "s2s_queue_seconds",
        "s2s_connect_seconds",
        "s2s_streams_per_domain",
        "roster_bytes",
        "plugin_memory_bytes",
    ];
    assert_eq!(required, expected);
}
