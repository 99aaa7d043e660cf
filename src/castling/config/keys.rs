//! All keys of the configuration: the server's own here, those of limits and modules from the parts they
//! belong to.
//!
//! `config/castling.toml` and `docs/operators/configuration.md` explain them; tests compare both with this
//! table.

use std::sync::LazyLock;

use settings::{Check, Group, Key, Kind, Range, Section};

use super::domain_keys::domain;
use super::external_keys::component;
use super::keys_of::{empty, filled};
use super::{log_level, names};

/// The whole file.
pub static ROOT: LazyLock<Section> = LazyLock::new(root);

fn root() -> Section {
    let data_dir =
        "Database, self-signed certificates, installed plugins, admin socket. One server per directory.";
    let keys = vec![
        Key::new("data_dir", filled("./data"), data_dir).default("./data").at_start(),
        table("storage", storage()),
        table("auth", auth()),
        table("log", log()),
        table("metrics", metrics()),
        table("listen", listen()),
        table("limits", limits()),
        tables("plugins", names::plugin, plugin(), "One table per plugin, see `[plugins.NAME]`."),
        tables(
            "datasources",
            names::name,
            datasource(),
            "One table per foreign database, see `[datasources.NAME]`.",
        ),
        Key::new("domain", Kind::Sections(domain().into()), "One `[[domain]]` per domain.")
            .default(Vec::<String>::new()),
        Key::new(
            "component",
            Kind::Sections(component().into()),
            "One `[[component]]` per external component.",
        )
        .default(Vec::<String>::new()),
    ];
    Section::new("key", keys)
}

fn storage() -> Section {
    let url = "The server's own database: `sqlite:FILE`, in the data directory unless absolute; or `postgres://` or \
               `mysql://` (MariaDB), `USER@HOST/DATABASE`, an existing database.";
    let file = "A file that contains the password for the database server; its mode should be 0600.";
    let env = "An environment variable that contains the password for the database server.";
    let sync = "What an acknowledged write survives in SQLite: `\"normal\"` a crash of the process, `\"full\"` also a crash \
                of the machine (slower). A database server's own settings decide for its databases.";
    let readers = "Connections that read; without it two with SQLite, four with a database server.";
    let writers = "Connections that write to a database server; without it four. SQLite has one.";
    let queue = "Writes that may wait for the database; more are refused, with an error of type `wait`.";
    let deadline = "How long an answer of the database, or a write in the queue, is waited for. Then the database counts as \
                    away: until it is back, whatever needs it is refused at once.";
    let keys = vec![
        Key::new("url", Kind::text(names::storage_url).like("sqlite:castling.db"), url)
            .default("sqlite:castling.db")
            .at_start(),
        Key::new("password_file", filled("FILE"), file).at_start(),
        Key::new("password_env", filled("NAME"), env).at_start(),
        Key::new("sync", Kind::choice(&["normal", "full"]), sync).default("normal").at_start(),
        Key::new("readers", Kind::Integer(Range::new(1, 64)), readers).at_start(),
        Key::new("writers", Kind::Integer(Range::new(1, 64)), writers).at_start(),
        Key::new("queue", Kind::Integer(Range::new(100, 1_000_000)), queue).default(20_000).at_start(),
        Key::new("deadline_seconds", Kind::Integer(Range::new(2, 60)), deadline).default(5).at_start(),
    ];
    Section::new("key", keys)
}

fn auth() -> Section {
    let scram = "The hashes for which keys are derived when a password is set. A domain offers a hash only if all its \
                 accounts have keys for it.";
    let iterations = "PBKDF2 iterations for these keys; passwords that are already set keep theirs.";
    let keys = vec![
        Key::new("scram", Kind::list(Kind::choice(&["sha-1", "sha-256", "sha-512"])), scram)
            .default(["sha-1", "sha-256"].as_slice())
            .at_start(),
        Key::new("iterations", Kind::Integer(Range::new(4096, 10_000_000)), iterations)
            .default(4096)
            .at_start(),
    ];
    Section::new("key", keys)
}

fn log() -> Section {
    let level = "`error`, `warn`, `info`, `debug` or `trace`, or per component: `\"info,castling_net=debug\"`. The log goes \
                 to standard error. If the environment variable `RUST_LOG` is set, that decides.";
    let format = "`\"readable\"`, or `\"json\"`: an object per line.";
    let keys = vec![
        Key::new("level", Kind::text(log_level::check).like("info"), level).default("info"),
        Key::new("format", Kind::choice(&["readable", "json"]), format).default("readable").at_start(),
    ];
    Section::new("key", keys)
}

fn metrics() -> Section {
    let allow = "Addresses or networks that may read `/metrics` on the `http` and `https` listeners. A request that came by \
                 way of one of `trusted_proxies` is judged by the address that it reports; of any other proxy it is refused.";
    let network = Kind::text(net::http::network).like("10.0.0.0/8");
    let keys = vec![Key::new("allow", Kind::list(network), allow).default(["127.0.0.0/8", "::1"].as_slice())];
    Section::new("key", keys)
}

/// The listeners.
fn listen() -> Section {
    let of = |name: &'static str, check: Check, doc: &'static str| {
        let address = Kind::text(check).like("127.0.0.1:5222");
        Key::new(name, Kind::list(address), doc).default(Vec::<String>::new()).at_start()
    };
    let c2s_plain =
        "Clients without TLS, for a proxy or a measurement on this machine: loopback addresses only.";
    let http = "For browsers: WebSocket at `/xmpp-websocket`, BOSH at `/http-bind`, `/.well-known/host-meta`, the page at \
                `/`. HTTP/1.1 and HTTP/2. Only SCRAM is offered here, unless one of `trusted_proxies` reports that its client \
                came over https.";
    let keys = vec![
        of("c2s", names::address, "Clients, STARTTLS required."),
        of("c2s_plain", names::loopback_address, c2s_plain),
        of("c2s_tls", names::address, "Clients with direct TLS."),
        of(
            "s2s",
            names::address,
            "Other servers, STARTTLS required. Without `s2s` and `s2s_tls` nothing is exchanged with others.",
        ),
        of("s2s_tls", names::address, "Other servers with direct TLS (XEP-0368)."),
        of("http", names::address, http),
        of("https", names::address, "The same over TLS; certificates by SNI."),
        of("component", names::address, "External components (XEP-0114), without TLS."),
    ];
    Section::new("listener", keys)
}

/// Each limit is declared by the part that enforces it; server-wide limits cannot be set for a domain.
pub fn limits() -> Section {
    let mut keys = stream::C2sLimits::keys();
    keys.extend(stream::s2s::S2sLimits::keys());
    keys.extend(auth::LoginLimits::keys());
    keys.extend(modules::catalog().iter().flat_map(modules::Entry::limits));
    keys.extend(wasm::PluginLimits::keys());
    keys.extend(net::http::ProxySettings::keys());
    Section::new("limit", keys)
}

fn plugin() -> Section {
    let grants = "What it may do, as it asks for in its manifest: `sessions.close`, `content`, … (docs/plugins/grants.md). One that \
                  asks for more is not loaded.";
    let required = "Whether the server does not start if the plugin cannot be loaded. Otherwise it starts without it: the plugin's \
                    policy applies to the stanzas that it was there for.";
    let policy = "What happens to a stanza when the plugin fails on it (a trap, too much time or memory), by hook, instead \
                  of the plugin's own suggestion: `client-in = \"pass\"`, `\"reject\"` or `\"drop\"`; `before-offline = \
                  \"keep\"`, `\"bounce\"` or `\"discard\"`.";
    let keys = vec![
        Key::new("file", filled("PLUGIN.wasm"), "The component (`.wasm` file).").required(),
        Key::new("config", Kind::Table, "Its settings on every domain.").default(empty()),
        Key::new("grants", Kind::list(Kind::text(names::grant).like("sessions.close")), grants)
            .default(Vec::<String>::new()),
        Key::new("policy", Kind::Map(names::name, Box::new(filled("pass"))), policy).default(empty()),
        Key::new("required", Kind::Flag, required).default(false),
    ];
    Section::new("key", keys)
}

fn datasource() -> Section {
    let url = "`postgres://` or `mysql://` (MariaDB), `USER@HOST/DATABASE`, or `sqlite:FILE`, relative to the configuration \
               file.";
    let file = "A file that contains the password for the database server; its mode should be 0600. Read for each new \
                connection.";
    let env = "An environment variable that contains the password for the database server.";
    let queries =
        "The only statements that can be run, by name. `:name` stands for a value, which is always bound.";
    let write = "Whether statements may write. Otherwise the database itself refuses it.";
    let connections = "Connections, made when they are needed.";
    let connect = "How long a connection may take to be made.";
    let statement = "How long a statement may take. The database ends it then.";
    let wait = "How long a statement waits for a free connection.";
    let rows = "Rows of a result; more are an error.";
    let bytes = "Bytes of the values of a result; more are an error.";
    let number = |name: &'static str, least, most, default: i64, doc: &'static str| {
        Key::new(name, Kind::Integer(Range::new(least, most)), doc).default(default)
    };
    let keys = vec![
        Key::new("url", Kind::text(names::database_url).like("postgres://USER@HOST/DATABASE"), url)
            .required(),
        Key::new("password_file", filled("FILE"), file),
        Key::new("password_env", filled("NAME"), env),
        Key::new("queries", Kind::Map(names::name, Box::new(filled("SELECT …"))), queries).default(empty()),
        Key::new("write", Kind::Flag, write).default(false),
        number("connections", 1, 64, 4, connections),
        number("connect_seconds", 1, 60, 5, connect),
        number("statement_seconds", 1, 300, 5, statement),
        number("wait_seconds", 1, 60, 2, wait),
        number("rows", 1, 100_000, 1000, rows),
        number("bytes", 1024, 67_108_864, 1_048_576, bytes),
    ];
    Section::new("key", keys)
}

/// A table documented under its own heading.
pub fn table(name: &'static str, section: Section) -> Key {
    Key::new(name, Kind::section(section), "See below.").default(empty())
}

fn tables(name: &'static str, form: Check, section: Section, doc: &'static str) -> Key {
    Key::new(name, Kind::Map(form, Box::new(Kind::section(section))), doc).default(empty())
}
