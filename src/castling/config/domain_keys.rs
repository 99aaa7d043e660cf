//! The keys of a `[[domain]]`.

use settings::{Key, Kind, Section};

use super::keys::limits;
use super::keys_of::{empty, filled};
use super::names;
use super::s2s_keys::s2s;

/// What the key `services` says.
const SERVICES: &str = "`NAME = \"ADDRESS\"`: everything sent to this address, a domain that differs from all others, is for plugin NAME, which needs the \
                        grant `service:ADDRESS`. The services `conference`, `pubsub`, `upload` and `proxy` are not supported in this \
                        version: each is skipped with a warning.";

/// One `[[domain]]`.
pub fn domain() -> Section {
    let name = "The domain name; letters beyond ASCII are allowed.";
    let admins = "Accounts with administrator rights, `name@domain`. They run the commands of the module `admin_commands`.";
    let conflict = "When a client requests a resource that is in use: `\"replace\"` closes the older session, `\"refuse\"` \
                    refuses the newer, `\"rename\"` gives the newer another resource.";
    let mut keys = vec![Key::new("name", Kind::text(names::domain).like("chess.example"), name).required()];
    keys.extend(of_plugins());
    keys.extend([
        Key::new(
            "tls",
            Kind::section(tls()),
            "Certificate and key. Without it the server makes a self-signed certificate.",
        ),
        Key::new("modules", Kind::section(modules()), "`NAME = true`, `false` or `{ options }`.")
            .default(empty()),
        Key::new("limits", Kind::Overrides(limits().into()), "Keys of `[limits]` that differ here.")
            .default(empty()),
        list("origins", names::origin, "https://chess.example", "Allowed web origins; empty: any."),
        Key::new("services", services(), SERVICES).default(empty()),
        Key::new("brand", Kind::section(brand()), "How pages for this domain look.").default(empty()),
        Key::new("web", Kind::section(web()), "Addresses for web clients of this domain.").default(empty()),
        Key::new("s2s", Kind::section(s2s()), "With which other servers stanzas are exchanged.")
            .default(empty()),
        list("admins", names::account, "NAME@chess.example", admins),
        Key::new("resource_conflict", Kind::choice(&["replace", "refuse", "rename"]), conflict)
            .default("replace"),
    ]);
    Section::new("key", keys)
}

/// Keys of plugins and authentication providers on a domain.
fn of_plugins() -> [Key; 3] {
    let auth = "Where accounts are, in this order: `\"internal\"`, the server's own store, or a plugin such as `auth-sql`. A name that \
                one does not know is looked up in the next; a wrong password, a locked account and a failure are final.";
    let config = "`config.NAME = { … }` overrides settings of plugin NAME here, key by key.";
    [
        list("auth", names::name, "internal", auth).default(["internal"].as_slice()),
        list("plugins", names::plugin, "sunshine", "Plugins that run here, in this order."),
        Key::new("config", Kind::Map(names::plugin, Box::new(Kind::Table)), config).default(empty()),
    ]
}

fn list(name: &'static str, check: settings::Check, example: &'static str, doc: &'static str) -> Key {
    Key::new(name, Kind::list(Kind::text(check).like(example)), doc).default(Vec::<String>::new())
}

fn tls() -> Section {
    let client_ca = "PEM file with certificates of issuers. A client on `c2s` or `c2s_tls` that shows a certificate of theirs with its \
                     address in it (`xmppAddr`, RFC 6120) may log in by that (SASL EXTERNAL), without a password. Without it no \
                     client is asked for one.";
    let cert = "PEM file, the domain's certificate first, then the chain. Read again at reload; a broken file leaves the old \
                certificate in use.";
    let keys = vec![
        Key::new("cert", filled("FILE"), cert).required(),
        Key::new("key", filled("FILE"), "PEM file with the private key.").required(),
        Key::new("client_ca", filled("FILE"), client_ca),
    ];
    Section::new("key", keys)
}

/// All features of the catalog, by name.
fn modules() -> Section {
    let switch = |name: &'static str, options: Section, on: bool, doc: &'static str| {
        Key::new(name, Kind::Switch(options.into()), doc).default(on)
    };
    let all = modules::catalog().iter();
    let mut keys: Vec<Key> =
        all.map(|one| switch(one.name, one.options(), one.on_by_default, one.doc)).collect();
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    Section::new("module", keys)
}

/// Addresses by the names of plugins, and of services that are not plugins.
fn services() -> Kind {
    let address = Kind::text(names::domain).like("NAME.chess.example");
    Kind::Map(names::plugin, Box::new(address))
}

fn brand() -> Section {
    let keys = vec![
        Key::new("title", filled("Chess"), "The site's display name."),
        Key::new("color", Kind::text(names::color).like("#7a4"), "`\"#rgb\"` or `\"#rrggbb\"`."),
    ];
    Section::new("key", keys)
}

fn web() -> Section {
    let websocket = "The public WebSocket address for `/.well-known/host-meta` (XEP-0156), if it differs from the address of \
                     the request: `\"wss://chess.example/xmpp-websocket\"`.";
    let bosh = "The same for BOSH: `\"https://chess.example/http-bind\"`.";
    let see_other_uri = "When a site moves to another server: web clients of this domain are redirected there instead of \
                         being served, WebSocket clients to the first `wss://` address (RFC 7395), BOSH clients to the first \
                         `https://` one (XEP-0124).";
    let keys = vec![
        Key::new(
            "websocket",
            Kind::text(names::websocket_url).like("wss://chess.example/xmpp-websocket"),
            websocket,
        ),
        Key::new("bosh", Kind::text(names::web_url).like("https://chess.example/http-bind"), bosh),
        list("see_other_uri", names::moved_url, "wss://new.example/xmpp-websocket", see_other_uri),
    ];
    Section::new("key", keys)
}
