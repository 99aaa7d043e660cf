//! Every key of the configuration at each edge of what it may be: the server starts with it, takes it at a reload, and
//! lets a user in over each transport. What there is to try comes from the operators' reference, which another test
//! compares with the schema.

use std::fs;
use std::sync::Mutex;

use xmpp::ns;

use crate::fixture::{Server, add_users, folder, plugin, until};
use crate::raw::Raw;
use crate::shares::stat;
use crate::stream::JACK;
use crate::{bosh, websocket};

const REFERENCE: &str = include_str!("../../docs/operators/configuration.md");
const DOMAIN: &str = "[[domain]]\nname = \"chess.example\"\n";

/// Keys that are words, with all of these.
const WORDS: [(&str, &str, &[&str]); 9] = [
    ("storage", "sync", &["\"normal\"", "\"full\""]),
    ("auth", "scram", &["[\"sha-256\"]", "[\"sha-256\", \"sha-1\"]", "[\"sha-512\", \"sha-256\"]"]),
    (
        "log",
        "level",
        &["\"error\"", "\"warn\"", "\"info\"", "\"debug\"", "\"trace\"", "\"info,castling_net=debug\""],
    ),
    ("log", "format", &["\"readable\"", "\"json\""]),
    ("metrics", "allow", &["[]", "[\"0.0.0.0/0\", \"::/0\"]"]),
    ("limits", "trusted_proxies", &["[\"0.0.0.0/0\", \"::/0\"]", "[\"127.0.0.1\"]"]),
    ("domain.s2s", "verify", &["\"dialback\"", "\"certificate\""]),
    ("[component]", "away", &["\"bounce\"", "\"queue\""]),
    ("[domain]", "resource_conflict", &["\"replace\"", "\"refuse\"", "\"rename\""]),
];

/// Keys without edges: tables, names, addresses, files. Each has tests of its own.
const WITHOUT: [(&str, &[&str]); 13] = [
    (
        "Top level",
        &[
            "data_dir",
            "storage",
            "auth",
            "log",
            "metrics",
            "listen",
            "limits",
            "plugins",
            "datasources",
            "domain",
            "component",
        ],
    ),
    ("storage", &["url", "password_file", "password_env"]),
    ("listen", &["c2s", "c2s_plain", "c2s_tls", "s2s", "s2s_tls", "http", "https", "component"]),
    ("plugins.NAME", &["file", "config", "grants", "policy"]),
    ("datasources.NAME", &["url", "password_file", "password_env", "queries"]),
    (
        "[domain]",
        &[
            "name", "auth", "plugins", "config", "tls", "modules", "limits", "origins", "services", "brand",
            "web", "admins", "s2s",
        ],
    ),
    ("domain.tls", &["cert", "key", "client_ca"]),
    ("domain.s2s", &["allow", "deny", "roots", "resolver", "connect"]),
    ("[component]", &["name", "secret", "secret_file", "domains", "limits"]),
    ("domain.brand", &["title", "color"]),
    ("domain.web", &["websocket", "bosh", "see_other_uri"]),
    ("auth", &[]),
    ("log", &[]),
];

/// A key at one of its edges.
#[derive(Debug)]
struct Edge {
    section: String,
    key: String,
    value: String,
    /// A change holds from the next start on.
    at_start: bool,
    /// The default as well.
    is_default: bool,
}

impl Edge {
    /// The configuration behind `[listen]`.
    fn config(&self) -> String {
        let Self { section, key, value, .. } = self;
        let room = match key.as_str() {
            "stanza_bytes" => "mailbox_bytes = 0\n",
            "mailbox_bytes" | "queue_bytes" => "stanza_bytes = 10000\n",
            _ => "",
        };
        if let Some(table) = section.strip_prefix("component").or(section.strip_prefix("[component]")) {
            let room = room.replace("mailbox_bytes = 0\n", "");
            let component = format!("{DOMAIN}[[component]]\nname = \"bot.example\"\nsecret = \"mate\"\n");
            return match table {
                "" => format!("{component}{key} = {value}\n"),
                _ => format!("{component}[component.limits]\n{key} = {value}\n{room}"),
            };
        }
        let line = format!("{key} = {value}\n{room}");
        match section.strip_prefix("domain.modules") {
            Some("") => format!("{DOMAIN}[domain.modules]\n{line}"),
            Some(module) => format!("{DOMAIN}[domain.modules]\n{} = {{ {key} = {value} }}\n", &module[1..]),
            None if section == "datasources.NAME" => {
                format!("[datasources.members]\nurl = \"sqlite:members.db\"\n{line}{DOMAIN}")
            }
            None if section == "plugins.NAME" => {
                let file = plugin("sunshine");
                let grants = "grants = [\"sessions.close\"]";
                format!(
                    "[plugins.sunshine]\nfile = {file:?}\n{grants}\n{line}{DOMAIN}plugins = [\"sunshine\"]\n"
                )
            }
            None if section == "[domain]" => format!("{DOMAIN}{line}"),
            None if section.starts_with("domain.") => format!("{DOMAIN}[{section}]\n{line}"),
            None => format!("[{section}]\n{line}{DOMAIN}"),
        }
    }
}

/// `1,000 to 2,000`, and whether 0 is allowed too.
fn numbers(meaning: &str) -> Option<Vec<String>> {
    let digits = |word: &str| {
        let word = word.trim_end_matches(['.', ';']).replace(',', "");
        word.parse::<u64>().ok().map(|number| number.to_string())
    };
    let words: Vec<&str> = meaning.split(' ').collect();
    let ranges = words.windows(3).filter(|three| three[1] == "to");
    let (least, most) = ranges.filter_map(|three| digits(three[0]).zip(digits(three[2]))).next_back()?;
    let zero = meaning.contains("; 0: ").then(|| "0".to_owned());
    Some([least, most].into_iter().chain(zero).collect())
}

fn edges() -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut section = String::new();
    for line in REFERENCE.lines() {
        if let Some(title) = line.strip_prefix("## `") {
            section = title.trim_end_matches('`').to_owned();
            if let Some(inner) = section.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = inner.to_owned();
            }
            continue;
        }
        let Some((key, rest)) = line.strip_prefix("| `").and_then(|row| row.split_once("` | ")) else {
            continue;
        };
        let (default, meaning) = rest.split_once(" | ").unwrap();
        let words = WORDS.iter().find(|(of, name, _)| (*of, *name) == (section.as_str(), key));
        let values: Vec<String> = match (numbers(meaning), words) {
            (_, Some((_, _, words))) => words.iter().map(|word| (*word).to_owned()).collect(),
            (Some(numbers), None) => numbers,
            (None, None) if matches!(default, "`true`" | "`false`") => vec!["true".into(), "false".into()],
            (None, None) => {
                let known = WITHOUT.iter().any(|(of, names)| *of == section && names.contains(&key));
                assert!(known, "`{key}` in [{section}]: what is there to try?");
                continue;
            }
        };
        let at_start = meaning.contains("Takes effect at the next start");
        let edge = |value: String| {
            let is_default = default.trim_matches('`') == value;
            Edge { section: section.clone(), key: key.to_owned(), value, at_start, is_default }
        };
        edges.extend(values.into_iter().map(edge));
    }
    edges
}

/// Logs in over each transport, asks something, and leaves.
fn lets_in(server: &Server, edge: &Edge) {
    let gone = |server: &Server| stat(server, "sessions") == 0 && stat(server, "connections") == 0;
    let ask = format!("<iq type='get' id='any' to='chess.example'><any xmlns='{}'/></iq>", "urn:example:any");
    let mut tcp = Raw::bound(server.address("c2s_plain"), &format!("{JACK}/tcp"));
    tcp.send(&ask);
    let answer = tcp.stanza();
    assert_eq!(answer.get("id"), Some("any"), "{edge:?}: {}", answer.to_xml(""));
    tcp.send("</stream:stream>");
    drop(tcp);
    until("the session over TCP has ended", || gone(server));
    let mut web = websocket::Client::new(server, websocket::Way::Http);
    web.bound(&format!("{JACK}/web"));
    web.say(&ask.replacen("<iq", &format!("<iq xmlns='{}'", ns::CLIENT), 1));
    assert_eq!(web.stanza("iq").get("id"), Some("any"), "{edge:?}");
    drop(web);
    until("the session over WebSocket has ended", || gone(server));
    if (edge.key.as_str(), edge.value.as_str()) == ("connections", "1") {
        return; // this client makes a connection for each request
    }
    bosh::comes_and_goes(server, &format!("{JACK}/bosh"), &ask);
    until("the session over BOSH has ended", || gone(server));
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}", self.0);
        }
    }
}

/// Says which edge it was when a test of it panics.
struct Trying<'a>(&'a Edge);

fn try_out(edge: &Edge) {
    let _trying = Trying(edge);
    let dir = folder(DOMAIN);
    add_users(dir.path(), &[JACK]);
    let file = dir.path().join("castling.toml");
    let plain = fs::read_to_string(&file).unwrap();
    let set = plain.replace(DOMAIN, &edge.config());
    fs::write(&file, &set).unwrap();
    let server = Server::start_in(dir);
    lets_in(&server, edge);
    for (text, reached) in [(&plain, false), (&set, true)] {
        fs::write(server.dir.path().join("castling.toml"), text).unwrap();
        let said = server.run(&["reload"]);
        let words = String::from_utf8_lossy(&said.stderr) + String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success(), "{edge:?}: {words}");
        // Back at what it started with, there is nothing to wait for.
        if edge.at_start && !reached && !edge.is_default {
            assert!(words.contains(&edge.key), "{edge:?} waits, and nothing says so: {words}");
        }
        lets_in(&server, edge);
    }
    assert_eq!(stat(&server, "panics"), 0, "{edge:?}");
}

#[test]
fn a_server_starts_reloads_and_lets_in_at_every_edge_of_every_key() {
    let edges = edges();
    assert!(edges.len() > 100, "only {} edges were found", edges.len());
    let next = Mutex::new(edges.iter());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(edge) = next.lock().unwrap().next() else { return };
                    try_out(edge);
                }
            });
        }
    });
}
