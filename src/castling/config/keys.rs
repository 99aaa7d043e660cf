//! Every key of the configuration, with its kind and its default.
//!
//! `config/castling.toml` and `docs/operators/configuration.md` explain them; tests hold both to this table.

use super::names;
use super::schema::{Absent, Key, Kind, Section};

use Absent::{Default, Nothing, Refused};

const fn key(name: &'static str, kind: Kind, absent: Absent) -> Key {
    Key { name, kind, absent }
}

/// A number that 0 switches off.
const fn limit(name: &'static str, least: i64, default: &'static str) -> Key {
    Key { name, kind: Kind::Integer { least, most: MOST, off: true }, absent: Default(default) }
}

const MOST: i64 = 1 << 40;
const FILLED: Kind = Kind::Text(names::filled);
const ADDRESSES: Kind = Kind::List(&Kind::Text(names::address));
const DOMAIN_NAME: Kind = Kind::Text(names::domain);

/// The whole file.
pub static ROOT: Section = Section {
    noun: "key",
    keys: &[
        key("data_dir", FILLED, Default("\"./data\"")),
        key("storage", Kind::Section(&STORAGE), Default("{}")),
        key("auth", Kind::Section(&AUTH), Default("{}")),
        key("log", Kind::Section(&LOG), Default("{}")),
        key("listen", Kind::Section(&LISTEN), Default("{}")),
        key("limits", Kind::Section(&LIMITS), Default("{}")),
        key("plugins", Kind::Map(names::name, &Kind::Section(&PLUGIN)), Default("{}")),
        key("datasources", Kind::Map(names::name, &Kind::Section(&DATASOURCE)), Default("{}")),
        key("domain", Kind::Sections(&DOMAIN), Default("[]")),
    ],
};

static STORAGE: Section = Section {
    noun: "key",
    keys: &[
        key("url", Kind::Text(names::storage_url), Default("\"sqlite:castling.db\"")),
        key("sync", Kind::Choice(&["normal", "full"]), Default("\"normal\"")),
    ],
};

static AUTH: Section = Section {
    noun: "key",
    keys: &[
        key("scram", Kind::List(&Kind::Choice(&["sha-1", "sha-256"])), Default("[\"sha-1\", \"sha-256\"]")),
        key("iterations", Kind::Integer { least: 4096, most: 10_000_000, off: false }, Default("4096")),
    ],
};

static LOG: Section =
    Section { noun: "key", keys: &[key("level", Kind::Text(names::log_level), Default("\"info\""))] };

/// The listeners.
pub static LISTEN: Section = Section {
    noun: "listener",
    keys: &[
        key("c2s", ADDRESSES, Default("[]")),
        key("c2s_plain", Kind::List(&Kind::Text(names::loopback_address)), Default("[]")),
        key("c2s_tls", ADDRESSES, Default("[]")),
        key("s2s", ADDRESSES, Default("[]")),
        key("http", ADDRESSES, Default("[]")),
        key("https", ADDRESSES, Default("[]")),
        key("component", ADDRESSES, Default("[]")),
    ],
};

/// The limits of the whole server; but for the last two each can be set again for a domain.
pub static LIMITS: Section = Section {
    noun: "limit",
    keys: &[
        // RFC 6120 §13.12: a limit on the size of stanzas must not be below 10,000 bytes.
        limit("stanza_bytes", 10_000, "262144"),
        limit("depth", 8, "64"),
        limit("attributes", 16, "64"),
        limit("children", 64, "4096"),
        limit("c2s_bytes_per_second", 1_000, "0"),
        limit("logins_per_minute", 1, "60"),
        limit("login_seconds", 5, "60"),
        limit("mailbox_stanzas", 16, "10000"),
        limit("mailbox_bytes", 16_384, "2097152"),
        limit("resume_seconds", 1, "300"),
        limit("sessions_per_account", 1, "0"),
        limit("roster_items", 1, "5000"),
        limit("bosh_wait", 1, "60"),
        limit("bosh_hold", 1, "2"),
        limit("bosh_inactivity", 1, "60"),
        limit("bosh_max_pause", 1, "120"),
        limit("bosh_polling", 1, "2"),
        limit("bosh_sessions_per_address", 1, "500"),
        key("trusted_proxies", Kind::List(&Kind::Text(names::network)), Default("[]")),
    ],
};

static PLUGIN: Section = Section {
    noun: "key",
    keys: &[
        key("file", FILLED, Refused),
        key("config", Kind::Table, Default("{}")),
        key("grants", Kind::List(&Kind::Text(names::grant)), Default("[]")),
        key("policy", Kind::Map(names::name, &FILLED), Default("{}")),
    ],
};

static DATASOURCE: Section = Section {
    noun: "key",
    keys: &[
        key("url", Kind::Text(names::database_url), Refused),
        key("queries", Kind::Map(names::name, &FILLED), Default("{}")),
    ],
};

/// One `[[domain]]`.
pub static DOMAIN: Section = Section {
    noun: "key",
    keys: &[
        key("name", DOMAIN_NAME, Refused),
        key("auth", Kind::List(&Kind::Text(names::name)), Default("[\"internal\"]")),
        key("plugins", Kind::List(&Kind::Text(names::name)), Default("[]")),
        key("config", Kind::Map(names::name, &Kind::Table), Default("{}")),
        key("tls", Kind::Section(&TLS), Nothing),
        key("modules", Kind::Section(&MODULES), Default("{}")),
        key("limits", Kind::Overrides(&LIMITS), Default("{}")),
        key("origins", Kind::List(&Kind::Text(names::origin)), Default("[]")),
        key("services", Kind::Section(&SERVICES), Default("{}")),
        key("brand", Kind::Section(&BRAND), Default("{}")),
        key("web", Kind::Section(&WEB), Default("{}")),
        key("admins", Kind::List(&Kind::Text(names::account)), Default("[]")),
        key("resource_conflict", Kind::Choice(&["replace", "refuse", "rename"]), Default("\"replace\"")),
    ],
};

static TLS: Section =
    Section { noun: "key", keys: &[key("cert", FILLED, Refused), key("key", FILLED, Refused)] };

static SERVICES: Section = Section {
    noun: "service",
    keys: &[
        key("conference", DOMAIN_NAME, Nothing),
        key("pubsub", DOMAIN_NAME, Nothing),
        key("upload", DOMAIN_NAME, Nothing),
        key("proxy", DOMAIN_NAME, Nothing),
    ],
};

static BRAND: Section = Section {
    noun: "key",
    keys: &[key("title", FILLED, Nothing), key("color", Kind::Text(names::color), Nothing)],
};

static WEB: Section = Section {
    noun: "key",
    keys: &[
        key("websocket", Kind::Text(names::websocket_url), Nothing),
        key("bosh", Kind::Text(names::web_url), Nothing),
        key("see_other_uri", Kind::List(&Kind::Text(names::moved_url)), Default("[]")),
    ],
};

/// The features, by their file in `src/modules`.
pub static MODULES: Section = Section {
    noun: "module",
    keys: &[
        key("disco", Kind::Switch(&PLAIN), Default("true")),
        key("offline", Kind::Switch(&OFFLINE), Default("true")),
        key("ping", Kind::Switch(&PLAIN), Default("true")),
        key("presence", Kind::Switch(&PLAIN), Default("true")),
        key("register", Kind::Switch(&PLAIN), Default("false")),
        key("roster", Kind::Switch(&PLAIN), Default("true")),
        key("session", Kind::Switch(&PLAIN), Default("true")),
        key("time", Kind::Switch(&PLAIN), Default("true")),
        key("version", Kind::Switch(&VERSION), Default("true")),
    ],
};

/// A module without options.
static PLAIN: Section = Section { noun: "option", keys: &[] };

static VERSION: Section = Section { noun: "option", keys: &[key("os", Kind::Flag, Default("false"))] };

static OFFLINE: Section =
    Section { noun: "option", keys: &[limit("messages", 1, "500"), limit("days", 1, "0")] };
