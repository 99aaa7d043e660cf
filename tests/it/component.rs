//! External components (XEP-0114).

mod away;
mod command;
mod presence;
mod stream;

use sha1::{Digest, Sha1};
use xmpp::{Element, ns};

use crate::fixture::Server;
use crate::raw::Raw;

/// The usual component: `bot.chess.example` with the secret `mate`.
const BOT: &str =
    "[[component]]\nname = \"bot.chess.example\"\nsecret = \"mate\"\ndomains = [\"chess.example\"]\n";

/// The two brands, the usual component, and what else is said of it.
fn config(more: &str) -> String {
    format!("component = [\"127.0.0.1:0\"]\n{}{BOT}{more}", crate::fixture::BRANDS)
}

/// A stream of a component on which nothing is proved.
fn opened(server: &Server, name: &str) -> Raw {
    let mut raw = Raw::connect(server.address("component"), name);
    raw.send(&header(name));
    raw
}

fn header(to: &str) -> String {
    format!("<stream:stream xmlns='{}' xmlns:stream='{}' to='{to}'>", ns::COMPONENT, ns::STREAM)
}

/// What proves a secret on this stream, once its header has been read.
fn proof(raw: &Raw, secret: &str) -> String {
    let id = raw.opened.as_ref().expect("no header").id.clone().expect("no id");
    let digest = Sha1::new_with_prefix(id).chain_update(secret).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A component that has proved its secret.
fn connected(server: &Server, name: &str, secret: &str) -> Raw {
    let mut raw = opened(server, name);
    raw.read_header();
    let proof = proof(&raw, secret);
    raw.send(&format!("<handshake>{proof}</handshake>"));
    let answer = raw.next();
    assert!(answer.is("handshake", ns::CLIENT), "{}", answer.to_xml(""));
    raw
}

/// The usual component, connected.
fn bot(server: &Server) -> Raw {
    connected(server, "bot.chess.example", "mate")
}

/// The condition of a stanza error.
fn error(stanza: &Element) -> String {
    let error = stanza.find("error", ns::CLIENT).unwrap_or_else(|| panic!("{}", stanza.to_xml("")));
    error.children().next().unwrap().name().to_owned()
}

/// Who sends a stanza, and what it says.
fn said(stanza: &Element) -> (String, String) {
    let body = stanza.find("body", ns::CLIENT).map(Element::text_content).unwrap_or_default();
    (stanza.get("from").unwrap_or_default().to_owned(), body)
}
