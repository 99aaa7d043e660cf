//! The keys of a domain's `s2s`.

use settings::{Key, Kind, Section};

use super::keys_of::{empty, filled};
use super::names;

/// The keys of `s2s`.
pub fn s2s() -> Section {
    let verify = "What another server must prove: `\"dialback\"` takes a certificate that is valid for its domain, or else a call \
                  back to it (XEP-0220), over TLS with any certificate; `\"certificate\"` takes nothing but a valid one.";
    let allow = "Stanzas are exchanged only with these domains, `*.` for all below one; empty: with all.";
    let deny = "Not with these, even if `allow` has them.";
    let roots = "PEM file with the issuers whose certificates are believed, instead of the system's.";
    let resolver = "Name servers, instead of the system's.";
    let connect =
        "Where other domains are, whatever DNS says: `{ \"remote.example\" = \"192.0.2.1:5269\" }`.";
    let list = |name, check, example, doc| {
        Key::new(name, Kind::list(Kind::text(check).like(example)), doc).default(Vec::<String>::new())
    };
    let address = Kind::text(names::address).like("192.0.2.1:5269");
    let keys = vec![
        Key::new("verify", Kind::choice(&["dialback", "certificate"]), verify).default("dialback"),
        list("allow", names::domains, "*.example", allow),
        list("deny", names::domains, "*.example", deny),
        Key::new("roots", filled("FILE"), roots),
        list("resolver", names::address, "127.0.0.1:53", resolver),
        Key::new("connect", Kind::Map(names::domain, Box::new(address)), connect).default(empty()),
    ];
    Section::new("key", keys)
}
