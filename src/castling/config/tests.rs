//! Broken configurations and the exact messages for them.

mod addresses;
mod claims;
mod effects;
mod sources;

use std::fs;
use std::path::Path;

use super::document::Source;
use super::domain::ResourceConflict;
use super::load::{Loaded, load, parse};
use super::origin::Origin;
use super::overlay::{Overlay, PluginOnDomain};

fn read(text: &str) -> Loaded {
    parse(&Source::new("c.toml", text), Path::new("/nonexistent"), false, None)
}

fn said(text: &str) -> Vec<String> {
    read(text).problems.into_list().iter().map(ToString::to_string).collect()
}

/// `text` inserted into a configuration that has no other problems.
fn errors(text: &str) -> Vec<String> {
    said(text).into_iter().filter(|line| !line.contains("warning:")).collect()
}

#[track_caller]
fn expect(text: &str, expected: &[&str]) {
    assert_eq!(errors(text), expected, "\n{text}");
}

const DOMAIN: &str = "[[domain]]\nname = \"chess.example\"\n";

#[test]
fn an_empty_file_has_every_default() {
    let config = read("").config;
    assert_eq!(config.data_dir, Path::new("/nonexistent/./data"));
    assert_eq!(config.storage.url.0, "sqlite:castling.db");
    let limits: kernel::DomainLimits = config.limits.of();
    assert_eq!((limits.stream.stanza_bytes.get(), limits.mailbox_stanzas.bound()), (262_144, 10_000));
    assert_eq!((config.auth.scram.len(), config.auth.iterations), (2, 4096));
    assert!(config.domains.is_empty() && config.listen.c2s.is_empty());
    assert_eq!(
        said(""),
        [
            "c.toml: warning: no domain is configured — add a [[domain]] with a name",
            "c.toml: warning: no listener accepts clients — add c2s = [\"ADDRESS:5222\"] to [listen]"
        ]
    );
}

#[test]
fn unknown_keys() {
    expect("datadir = \"x\"\n", &["c.toml:1: unknown key `datadir` — did you mean `data_dir`?"]);
    expect(
        "[limits]\n\nstanza_byte = 1\n",
        &["c.toml:3: unknown limit `stanza_byte` — did you mean `stanza_bytes`?"],
    );
    expect("[limits]\nlevel = 9\n", &["c.toml:2: `level` belongs to [log] — move it there"]);
    expect(
        &format!("{DOMAIN}[domain.tls]\nadmins = []\ncert = \"a\"\nkey = \"b\"\n"),
        &["c.toml:4: `admins` belongs to [[domain]] — move it above [domain.tls] (line 3)"],
    );
    expect(
        "[storage]\npool = 4\n",
        &[
            "c.toml:2: unknown key `pool` — remove it, or use one of: url, password_file, password_env, sync, readers, writers, queue, deadline_seconds",
        ],
    );
    expect(
        &format!("{DOMAIN}modules = {{ ofline = true, roster = {{ size = 1 }} }}\n"),
        &[
            "c.toml:3: unknown module `ofline` — did you mean `offline`?",
            "c.toml:3: unknown option `size` — remove it; no options are allowed here",
        ],
    );
    expect(
        &format!("{DOMAIN}modules.offline = {{ message = 1 }}\n"),
        &["c.toml:3: unknown option `message` — did you mean `messages`?"],
    );
}

#[test]
fn wrong_types() {
    expect(
        "[limits]\nstanza_bytes = \"many\"\n",
        &["c.toml:2: `stanza_bytes` must be a whole number, not a string — write stanza_bytes = 262144"],
    );
    expect(
        "[listen]\nc2s = \"127.0.0.1:5222\"\n",
        &["c.toml:2: `c2s` must be a list, not a string — write c2s = [\"127.0.0.1:5222\"]"],
    );
    expect(
        "[listen]\nc2s = [\n  5222 ]\n",
        &["c.toml:3: `c2s[0]` must be a string, not an integer — write \"127.0.0.1:5222\""],
    );
    expect(
        "[domain]\nname = \"x\"\n",
        &["c.toml:1: `domain` must be an array of tables, not a table — write [[domain]], with two brackets"],
    );
    expect(
        &format!("{DOMAIN}modules = {{ ping = \"on\" }}\n"),
        &["c.toml:3: `ping` must be true, false or a table of options, not a string — write ping = true"],
    );
    expect("limits = 3\n", &["c.toml:1: `limits` must be a table, not an integer — write limits = { }"]);
}

#[test]
fn values_out_of_range() {
    let range = "write a number from 10000 to 16777216";
    expect(
        "[limits]\nstanza_bytes = 9999\n",
        &[&format!("c.toml:2: `stanza_bytes` is out of range — {range}")],
    );
    expect(
        "[limits]\nstanza_bytes = -1\n",
        &[&format!("c.toml:2: `stanza_bytes` is out of range — {range}")],
    );
    expect(
        "[limits]\nstanza_bytes = 0\nmailbox_bytes = 0\n",
        &[&format!("c.toml:2: `stanza_bytes` is out of range — {range}")],
    );
    expect(
        "[limits]\ndepth = 1000000\nresume_seconds = 999999\n",
        &[
            "c.toml:2: `depth` is out of range — write a number from 8 to 256",
            "c.toml:3: `resume_seconds` is out of range — write a number from 1 to 604800, or 0 (resumption is not \
             offered)",
        ],
    );
    expect(
        "[auth]\niterations = 0\nscram = [\"md5\"]\n",
        &[
            "c.toml:2: `iterations` is out of range — write a number from 4096 to 10000000",
            "c.toml:3: `scram[0]` cannot be \"md5\" — write one of \"sha-1\", \"sha-256\", \"sha-512\"",
        ],
    );
    expect(
        "[storage]\nsync = \"off\"\n",
        &["c.toml:2: `sync` cannot be \"off\" — write one of \"normal\", \"full\""],
    );
    expect(
        "[plugins.a]\nfile = \"a.wasm\"\nconfig = { n = 99999999999999999999, f = 1.5 }\n",
        &["c.toml:3: `n` is too large — write a finite number that fits in 64 bits"],
    );
}

#[test]
fn addresses() {
    expect(
        "[listen]\nc2s = [\"localhost:5222\"]\nc2s_plain = [\"0.0.0.0:5224\"]\n",
        &[
            "c.toml:2: \"localhost:5222\" is not a valid listen address — write an IP address and a port, such as \
             \"127.0.0.1:5222\" or \"[::]:5222\"",
            "c.toml:3: \"0.0.0.0:5224\" is not a loopback address, and this listener has no TLS — write \
             \"127.0.0.1:PORT\", or use c2s or c2s_tls",
        ],
    );
    expect("[listen]\nc2s_plain = [\"[::1]:5224\", \"127.0.0.9:0\"]\n", &[]);
    expect(
        "[limits]\ntrusted_proxies = [\"10.0.0.0/40\"]\n",
        &[
            "c.toml:2: \"10.0.0.0/40\" is neither an IP address nor a network — write \"192.0.2.7\" or \"10.0.0.0/8\"",
        ],
    );
}

#[test]
fn domains() {
    expect("[[domain]]\n", &["c.toml:1: `name` is missing — add name = \"chess.example\""]);
    expect(
        "[[domain]]\nname = \"chess_example\"\nadmins = [\"jack\"]\n",
        &[
            "c.toml:2: \"chess_example\" is not a valid domain name: it contains '_' — write a host name such as \
             chess.example",
            "c.toml:3: \"jack\" is not a valid account address: it has no @ — write it as name@domain",
        ],
    );
    expect(
        &format!("{DOMAIN}[[domain]]\nname = \"Chess.Example\"\n"),
        &["c.toml:4: chess.example is already declared on line 2 — remove one, or rename it"],
    );
    expect(
        &format!(
            "{DOMAIN}services = {{ conference = \"chess.example\", chat = \"c.example\", Arena = \"a.example\" }}\n"
        ),
        &[
            "c.toml:3: \"Arena\" is not a valid plugin name — use lower-case letters, digits and -, 64 characters at most",
            "c.toml:3: chess.example is already declared on line 2 — remove one, or rename it",
            "c.toml:3: plugin \"chat\" is not declared — declare [plugins.chat] with its file, or run castling plugin install",
        ],
    );
    expect(
        &format!(
            "{DOMAIN}resource_conflict = \"kick\"\nbrand = {{ color = \"red\" }}\norigins = [\"chess.example\"]\n"
        ),
        &[
            "c.toml:3: `resource_conflict` cannot be \"kick\" — write one of \"replace\", \"refuse\", \"rename\"",
            "c.toml:4: \"red\" is not a valid colour — write \"#7a4\" or \"#77aa44\"",
            "c.toml:5: \"chess.example\" is not a valid web origin — write scheme and host without a path, such as \
             \"https://chess.example\"",
        ],
    );
    expect(
        &format!("{DOMAIN}tls = {{ cert = \"a.pem\" }}\nauth = []\n"),
        &[
            "c.toml:3: `key` is missing — add key = \"FILE\"",
            "c.toml:4: `auth` is empty, so no user can log in — write auth = [\"internal\"]",
        ],
    );
}

#[test]
fn limits_of_a_domain() {
    let text = "[limits]\ndepth = 20\nroster_items = 7\n[[domain]]\nname = \"a\"\nlimits = { depth = 30 }\n";
    let config = read(text).config;
    let limits = &config.domains[0].limits;
    assert_eq!(limits.of::<kernel::DomainLimits>().stream.depth.get(), 30);
    assert_eq!(limits.get("roster_items"), Some(&7.into()));
    expect(
        &format!("{DOMAIN}[domain.limits]\ntrusted_proxies = []\nmailbox_bytes = 20000\n"),
        &[
            "c.toml:3: stanza_bytes is larger than mailbox_bytes on chess.example, so a mailbox cannot hold the \
             largest stanza — raise mailbox_bytes or lower stanza_bytes",
            "c.toml:4: `trusted_proxies` applies to the whole server — move it to [limits]",
        ],
    );
}

#[test]
fn plugins() {
    expect("[plugins.sun]\n", &["c.toml:1: `file` is missing — add file = \"PLUGIN.wasm\""]);
    expect(
        "[plugins.Sun]\nfile = \"x\"\ngrants = [\"log\", \"shell\"]\n",
        &[
            "c.toml:1: \"Sun\" is not a valid plugin name — use lower-case letters, digits and -, 64 characters at most",
            "c.toml:3: \"log\" is not a valid grant: `log` needs no grant: every plugin may use it — see docs/plugins/grants.md",
            "c.toml:3: \"shell\" is not a valid grant: `shell` is not something that can be granted (content, replace, retype, \
             service, stanza, sessions, routing, ask, config, kv, sql, accounts, screening, http-client) — see docs/plugins/grants.md",
        ],
    );
    expect(
        "[plugins.my_sun]\nfile = \"x\"\n",
        &[
            "c.toml:1: \"my_sun\" is not a valid plugin name — use lower-case letters, digits and -, 64 characters at most",
        ],
    );
    let declare = "declare [plugins.sun] with its file, or run castling plugin install";
    expect(
        &format!("{DOMAIN}plugins = [\"sun\"]\nconfig.sun = {{ a = 1 }}\nauth = [\"sun\", \"internal\"]\n"),
        &[
            &format!("c.toml:3: plugin \"sun\" is not declared — {declare}"),
            &format!("c.toml:4: plugin \"sun\" is not declared — {declare}"),
            &format!("c.toml:5: plugin \"sun\" is not declared — {declare}"),
        ],
    );
    expect(
        &format!("[plugins.sun]\nfile = \"x\"\n{DOMAIN}plugins = [\"sun\",\n  \"sun\"]\n"),
        &["c.toml:6: plugin sun is listed twice — remove one"],
    );
}

#[test]
fn databases() {
    expect(
        "[storage]\nurl = \"oracle://u:secret@h/d\"\n",
        &[
            "c.toml:2: unsupported storage URL: only sqlite:, postgres: and mysql: are supported, not oracle: — write url = \
             \"sqlite:castling.db\", a file in data_dir, or postgres:// or mysql://USER@HOST/DATABASE",
        ],
    );
    expect(
        "[datasources.m]\nurl = \"oracle://u:secret@h\"\nqueries = { a = \"\" }\n",
        &[
            "c.toml:2: the value is not a valid database URL — begin it with postgres://, mysql:// or sqlite:",
            "c.toml:3: the value is empty — write a value or leave the key out",
        ],
    );
    expect(
        "[datasources.m]\nurl = \"mysql://u:secret@h:x/d\"\n",
        &[
            "c.toml:2: the value is not a valid database URL: unsupported URL: invalid port number — write sqlite:FILE, or \
             postgres:// or mysql://USER@HOST/DATABASE",
        ],
    );
    let config = read("[datasources.m]\nurl = \"mysql://u:secret@h/d\"\n").config;
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn later_features_are_warned_about() {
    let text = "[listen]\nc2s = [\"127.0.0.1:0\"]\ns2s = [\"127.0.0.1:0\"]\n[[domain]]\nname = \"a\"\n\
                services.conference = \"c.a\"\n";
    assert_eq!(
        said(text),
        [
            "c.toml:4: warning: a has no certificate, so a self-signed one is used — add tls = { cert = \"FILE\", key = \
             \"FILE\" }",
            "c.toml:6: warning: the service `conference` is not supported by this version and is ignored — leave it or \
             remove it",
        ]
    );
}

#[test]
fn the_demo_has_no_problems() {
    let loaded =
        parse(&Source::new("demo", include_str!("demo.toml")), Path::new("/nonexistent"), true, None);
    let names: Vec<_> = loaded.config.domains.iter().map(|domain| domain.name.as_str()).collect();
    assert_eq!(names, ["chess.example", "wuchess.example"]);
    assert_eq!(loaded.problems.into_list(), []);
}

#[test]
fn a_file_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("no.toml");
    let problems = load(Some(&file)).err().unwrap().into_list();
    assert_eq!(
        problems[0].to_string(),
        format!(
            "{}: cannot read the configuration: No such file or directory (os error 2) — name an existing file with \
             --config",
            file.display()
        )
    );
    fs::write(&file, b"a = \"\xff\"").unwrap();
    let problems = load(Some(&file)).err().unwrap().into_list();
    assert!(problems[0].to_string().ends_with("line 1 is not valid UTF-8 — save the file as UTF-8"));
}

#[test]
fn commands_lie_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = "data_dir = \".\"\n[limits]\ndepth = 21\n[plugins.one]\nfile = \"one.wasm\"\nconfig = { a = 1, b = 1, c = 1 }\n\
                [plugins.two]\nfile = \"two.wasm\"\n[[domain]]\nname = \"a\"\nplugins = [\"two\", \"one\"]\n\
                config.one = { b = 2, c = 2 }\n[[domain]]\nname = \"b\"\nresource_conflict = \"rename\"\n";
    let mut overlay = Overlay::default();
    overlay.domains.entry("c".into()).or_default().added = true;
    overlay.domains.entry("b".into()).or_default().enabled = Some(false);
    let three = overlay.plugin_mut("three");
    (three.installed, three.file, three.enabled) = (true, Some("plugins/three.wasm".into()), Some(true));
    three.grants = Some(vec!["kv".into()]);
    let one = overlay.plugin_mut("one");
    one.config.insert("c".into(), 3.into());
    let on_c = PluginOnDomain { enabled: Some(true), config: [("d".into(), 4.into())].into_iter().collect() };
    one.domains.insert("c".into(), on_c);
    let off = PluginOnDomain { enabled: Some(false), ..PluginOnDomain::default() };
    overlay.plugin_mut("two").domains.insert("a".into(), off);
    overlay.plugin_mut("gone").enabled = Some(true);
    overlay.save(dir.path()).unwrap();

    let loaded = parse(&Source::new("c.toml", text), dir.path(), false, None);
    let config = &loaded.config;
    let names = |domain: &str| -> Vec<String> {
        config.domain(domain).unwrap().active.iter().map(|plugin| plugin.name.clone()).collect()
    };
    assert_eq!(
        (names("a"), names("b"), names("c")),
        (vec!["one".into(), "three".into()], vec!["three".into()], vec!["three".into(), "one".into()],)
    );
    let one = &config.domain("a").unwrap().active[0];
    assert_eq!(serde_json::to_string(&one.config).unwrap(), r#"{"a":1,"b":2,"c":3}"#);
    assert_eq!((one.origin, one.by_command.as_slice()), (Origin::File, ["c".to_owned()].as_slice()));
    let one = &config.domain("c").unwrap().active[1];
    assert_eq!(serde_json::to_string(&one.config).unwrap(), r#"{"a":1,"b":1,"c":3,"d":4}"#);
    assert_eq!(one.origin, Origin::Command);
    let (b, c) = (config.domain("b").unwrap(), config.domain("c").unwrap());
    assert_eq!((b.enabled, b.enabled_origin, b.origin), (false, Origin::Command, Origin::File));
    assert_eq!((c.enabled, c.origin, c.limits.get("depth")), (true, Origin::Command, Some(&21.into())));
    assert_eq!(
        (b.resource_conflict, c.resource_conflict),
        (ResourceConflict::Rename, ResourceConflict::Replace)
    );
    let three = &config.plugins["three"];
    assert_eq!(three.file, dir.path().join("./plugins/three.wasm"));
    assert_eq!((three.origin, three.grants.as_slice()), (Origin::Command, ["kv".to_owned()].as_slice()));
    let all: Vec<String> = loaded.problems.into_list().iter().map(ToString::to_string).collect();
    assert!(
        all.iter()
            .any(|line| line.contains("plugin gone was configured by command but is no longer declared"))
    );
}

#[test]
fn a_damaged_overlay_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("overlay.json"), "{").unwrap();
    let loaded = parse(&Source::new("c.toml", "data_dir = \".\"\n"), dir.path(), false, None);
    assert!(loaded.problems.fatal());
}
