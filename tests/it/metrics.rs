//! `/metrics`, its documentation and its dashboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use xmpp::ns;

use crate::fixture::{Server, plugin};
use crate::raw::Raw;
use crate::scenario::http::Http;

const USERS: [&str; 3] = ["anna@chess.example", "bert@chess.example", "away@chess.example"];
const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\n";

fn root(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

pub fn get(address: SocketAddr, fields: &str) -> (u16, String) {
    let mut http = Http::connect(address).unwrap();
    http.request("GET /metrics", fields, "").unwrap();
    let (head, body) = http.answer().unwrap();
    (head.status, String::from_utf8(body).unwrap())
}

/// All values by name and labels, as they are written.
fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let (status, text) = get(server.address("http"), "");
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "{text}");
    let values = text.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    values.map(value).collect()
}

/// The metrics that are described, as queries name them; a histogram by its three names.
fn described(server: &Server) -> BTreeMap<String, String> {
    let (_, text) = get(server.address("http"), "");
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    kinds.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

fn at(values: &BTreeMap<String, f64>, name: &str) -> f64 {
    *values.get(name).unwrap_or_else(|| panic!("there is no {name} in {values:#?}"))
}

#[test]
fn what_happens_is_counted() {
    let config = format!(
        "{CONFIG}plugins = [\"sunshine\"]\n[plugins.sunshine]\nfile = {:?}\ngrants = [\"sessions.close\"]\n",
        plugin("sunshine")
    );
    let server = Server::start_with(&config, &USERS);
    let before = scrape(&server);
    assert_eq!(at(&before, "castling_storage_away"), 0.0);
    assert_eq!(at(&before, "castling_domains"), 1.0);
    let sessions = before.iter().filter(|(name, _)| name.starts_with("castling_sessions{"));
    assert_eq!(sessions.map(|(_, count)| count).sum::<f64>(), 0.0, "nobody is there");
    let address = server.address("c2s_plain");
    let mut wrong = Raw::open(address, "chess.example");
    assert!(wrong.authenticate("anna", "guess").is_err());
    let mut anna = Raw::bound(address, "anna@chess.example/a");
    let mut bert = Raw::bound(address, "bert@chess.example/b");
    bert.manage();
    anna.manage();
    anna.send("<presence/>");
    anna.send("<message to='bert@chess.example/b' type='chat'><body>e4</body></message>");
    anna.send("<message to='away@chess.example' type='chat'><body>e5</body></message>");
    anna.send("<message to='nobody@chess.example' type='chat'><body>e6</body></message>");
    while !anna.stanza().is("message", ns::CLIENT) {}
    anna.settle(4);
    assert!(bert.stanza().is("message", ns::CLIENT));
    let now = scrape(&server);
    for (name, value) in [
        (r#"castling_log_ins_total{mechanism="SCRAM-SHA-256",result="success"}"#, 2.0),
        (r#"castling_log_ins_total{mechanism="SCRAM-SHA-256",result="not-authorized"}"#, 1.0),
        (r#"castling_sessions{domain="chess.example",transport="tcp",state="attached"}"#, 2.0),
        (r#"castling_stanzas_received_total{kind="message"}"#, 3.0),
        (r#"castling_stanzas_received_total{kind="presence"}"#, 1.0),
        (r#"castling_stanzas_bounced_total{kind="message"}"#, 1.0),
        (r#"castling_stanzas_bounced_total{kind="presence"}"#, 0.0),
        ("castling_messages_stored_total", 1.0),
        ("castling_messages_unstored_total", 0.0),
        ("castling_mailbox_unacknowledged_stanzas", 3.0),
        (r#"castling_storage_statement_seconds_count{statement="roster.load"}"#, 2.0),
        (r#"castling_storage_statement_seconds_bucket{le="+Inf",statement="roster.load"}"#, 2.0),
        (r#"castling_storage_statement_errors_total{statement="roster.load"}"#, 0.0),
        (r#"castling_plugin_calls_total{plugin="sunshine",domain="chess.example",hook="client-in"}"#, 1.0),
    ] {
        assert_eq!(at(&now, name), value, "{name}");
    }
    for (name, least) in [
        (r#"castling_received_bytes_total{transport="tcp"}"#, 1000.0),
        (r#"castling_sent_bytes_total{transport="tcp"}"#, 1000.0),
        ("castling_mailbox_bytes", 50.0),
        ("castling_storage_batch_writes_count", 1.0),
        ("castling_memory_per_session_bytes", 1.0),
        ("process_open_fds", 5.0),
        ("process_cpu_seconds_total", 0.001),
        ("process_resident_memory_bytes", 1e6),
    ] {
        assert!(at(&now, name) >= least, "{name}");
    }
    assert_eq!(at(&now, r#"castling_received_bytes_total{transport="ws"}"#), 0.0);
    drop(bert);
    crate::fixture::until("the session waits or has ended", || {
        let name = r#"castling_sessions{domain="chess.example",transport="tcp",state="attached"}"#;
        scrape(&server)[name] == 1.0
    });
}

#[test]
fn metrics_are_for_those_who_may_read_them() {
    let config = format!(
        "[limits]\ntrusted_proxies = [\"127.0.0.0/8\"]\n[metrics]\nallow = [\"192.0.2.7\"]\n{CONFIG}"
    );
    let server = Server::start(&config);
    let address = server.address("http");
    let status = |fields: &str| get(address, fields).0;
    assert_eq!(status(""), 403, "loopback is not in the list");
    assert_eq!(status("X-Forwarded-For: 192.0.2.7\r\n"), 200);
    assert_eq!(status("Forwarded: for=192.0.2.7\r\n"), 200);
    for refused in [
        "X-Forwarded-For: 192.0.2.8\r\n",
        "X-Forwarded-For: 192.0.2.7, 198.51.100.1\r\n",
        "Forwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.8\r\n",
        "Forwarded: for=unknown\r\n",
        "Forwarded: for=\"\r\n",
        "X-Forwarded-Proto: https\r\n",
        "X-Real-IP: 192.0.2.7\r\n",
    ] {
        assert_eq!(status(refused), 403, "{refused}");
    }
    let (_, text) = get(address, "");
    assert!(!text.contains("castling_"), "{text}");
}

#[test]
fn who_may_read_is_changed_by_a_reload() {
    let server = Server::start(&format!("[metrics]\nallow = []\n{CONFIG}"));
    let address = server.address("http");
    assert_eq!(get(address, "").0, 403);
    let file = server.dir.path().join("castling.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("allow = []", "allow = [\"127.0.0.1\"]")).unwrap();
    let said = server.ok(&["reload"]);
    assert!(!said.contains("metrics"), "{said}");
    assert_eq!(get(address, "").0, 200);
    assert_eq!(get(address, "X-Forwarded-For: 127.0.0.1\r\n").0, 403, "no proxy is trusted");
}

/// Each metric of the page is in the operators' table with its kind, and the other way round.
#[test]
fn every_metric_is_described() {
    let server = Server::start(CONFIG);
    let total = |kind: &str| if kind == "counter" { "_total" } else { "" };
    let shown: BTreeSet<String> = described(&server)
        .into_iter()
        .map(|(name, kind)| format!("| `{name}{}` | {kind} |", total(&kind)))
        .collect();
    let text = root("docs/operators/metrics.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let rows: BTreeSet<String> =
        rows.map(|row| row.split('|').take(3).collect::<Vec<_>>().join("|") + "|").collect();
    assert_eq!(rows, shown);
}

/// The names of metrics in a query.
fn named(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("castling_") || word.starts_with("process_"))
}

fn queries(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let own = fields.get("expr").or(fields.get("query")).and_then(Value::as_str);
            found.extend(own.map(str::to_owned));
            fields.values().for_each(|field| queries(field, found));
        }
        Value::Array(list) => list.iter().for_each(|one| queries(one, found)),
        _ => {}
    }
}

#[test]
fn each_query_of_the_dashboard_names_a_metric_that_exists() {
    let server = Server::start(CONFIG);
    let mut exist = BTreeSet::new();
    for (name, kind) in described(&server) {
        match kind.as_str() {
            "counter" => exist.extend([format!("{name}_total")]),
            "histogram" => exist.extend(["_bucket", "_count", "_sum"].map(|part| format!("{name}{part}"))),
            _ => exist.extend([name]),
        }
    }
    let dashboard: Value = serde_json::from_str(&root("config/grafana/castling.json")).unwrap();
    let mut found = Vec::new();
    queries(&dashboard, &mut found);
    let used: Vec<&str> = found.iter().flat_map(|query| named(query)).collect();
    assert!(used.len() > 40, "{used:?}");
    for name in used {
        assert!(exist.contains(name), "no metric is named {name}");
    }
    let text = root("docs/operators/metrics.md");
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        let row = match panel["type"] == "row" {
            true => format!("\n#### {title}\n"),
            false => format!("\n| {title} | {} |\n", panel["description"].as_str().unwrap()),
        };
        assert!(text.contains(&row), "not described: {row}");
    }
}
