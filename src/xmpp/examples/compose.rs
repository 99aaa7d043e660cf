//! Benchmark of composing and writing stanzas: `cargo run --release -p castling-xmpp --example compose`.

#![expect(clippy::print_stdout, reason = "its purpose")]

use std::hint::black_box;
use std::time::Instant;

use castling_xmpp::{Element, Framing, Jid, Stanza, StanzaError, StanzaType, delay, ns};

const CHAT: &str = "<message from='alice@chess.example/board' to='bob@chess.example' type='chat' id='c7d1f0'>\
    <body>Shall we play the Sicilian &amp; see?</body><active xmlns='http://jabber.org/protocol/chatstates'/>\
    <request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='c7d1f0'/></message>";
const ROUNDS: u32 = 200_000;

#[expect(clippy::disallowed_methods, reason = "a measurement, which nothing depends on")]
fn measure<T>(what: &str, mut operation: impl FnMut() -> T) {
    for _ in 0..ROUNDS / 10 {
        black_box(operation());
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(operation());
    }
    println!("{what:24} {:6} ns", start.elapsed().as_nanos() / u128::from(ROUNDS));
}

fn main() {
    let Ok(chat) = Stanza::parse_str(CHAT) else { return println!("the stanza is refused") };
    let Ok(host) = Jid::parse("chess.example") else { return println!("the JID is refused") };
    let stamp = delay::delay(&host, 1_700_000_000_000_000, None);
    let query = Element::new("query", ns::ROSTER).attr("ver", "7").with_children((0..20).map(|n| {
        Element::new("item", ns::ROSTER)
            .attr("jid", format!("user{n}@chess.example"))
            .attr("subscription", "both")
    }));
    let error = StanzaError::service_unavailable();
    measure("parse", || Stanza::parse_str(CHAT));
    measure("append <delay/>", || chat.append(&stamp));
    measure("error reply", || chat.error_reply(&error));
    measure("iq with a roster of 20", || {
        Stanza::iq(StanzaType::Set, "push-1", None, Some(&host), Some(&query))
    });
    measure("presence", || Stanza::presence(StanzaType::Unavailable, chat.from(), chat.to()));
    let mut out = Vec::new();
    measure("write", || {
        out.clear();
        chat.write(&mut out, Framing::Inherit);
    });
}
