//! How a component opens its stream, what it may say on it, and what it is told.

use super::{BOT, bot, config, connected, error, header, opened, proof, said};
use crate::fixture::Server;
use crate::raw::Raw;
use crate::stream::bound;

#[test]
fn stanzas_go_both_ways() {
    let server = Server::start_with(&config(""), &["anna@chess.example", "meta@wuchess.example"]);
    let mut bot = bot(&server);
    let header = bot.opened.clone().unwrap();
    assert_eq!((header.from.unwrap().as_str(), header.version), ("bot.chess.example", (0, 9)));
    let mut anna = bound(&server, "anna@chess.example/a");
    anna.send("<presence/>");
    anna.next();
    anna.send("<message to='quiz@bot.chess.example/1' id='m'><body>hi</body><x xmlns='urn:example'><y/></x></message>");
    let message = bot.next();
    assert_eq!(said(&message), ("anna@chess.example/a".into(), "hi".into()));
    assert!(message.find("x", "urn:example").is_some_and(|x| x.find("y", "urn:example").is_some()));
    bot.send("<message from='quiz@bot.chess.example/1' to='anna@chess.example'><body>hello</body></message>");
    assert_eq!(said(&anna.next()), ("quiz@bot.chess.example/1".into(), "hello".into()));
    // Requests are answered from both sides; the component has no account.
    anna.send("<iq type='get' id='q' to='bot.chess.example'><query xmlns='urn:example:q'/></iq>");
    let asked = bot.next();
    bot.send(&format!(
        "<iq type='result' id='q' from='bot.chess.example' to='{}'/>",
        asked.get("from").unwrap()
    ));
    assert_eq!(anna.next().get("type"), Some("result"));
    bot.send("<iq type='get' id='v' from='bot.chess.example' to='chess.example'><query xmlns='jabber:iq:version'/></iq>");
    assert_eq!(bot.next().get("type"), Some("result"));
    anna.send("<iq type='get' id='d' to='chess.example'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
    assert!(anna.next().to_xml("").contains("bot.chess.example"), "it is an item of its domain");
    bot.send("</stream:stream>");
    bot.ended();
}

#[test]
fn who_it_may_reach_and_who_may_reach_it() {
    let server = Server::start_with(&config(""), &["anna@chess.example", "meta@wuchess.example"]);
    let mut bot = bot(&server);
    let mut meta = bound(&server, "meta@wuchess.example/m");
    meta.send("<message to='bot.chess.example' id='1'><body>hi</body></message>");
    assert_eq!(error(&meta.next()), "remote-server-not-found", "as if there were no such component");
    bot.send("<message from='bot.chess.example' to='meta@wuchess.example' id='2'><body>hi</body></message>");
    assert_eq!(error(&bot.next()), "forbidden");
    bot.send("<message from='bot.chess.example' id='3'><body>hi</body></message>");
    assert_eq!(error(&bot.next()), "bad-request");
    bot.send("<message from='bot.chess.example' to='nobody@chess.example' id='4'><body>hi</body></message>");
    assert_eq!(error(&bot.next()), "service-unavailable");
    bot.send("<message from='bot.chess.example' to='a@b@c' id='5'><body>hi</body></message>");
    assert_eq!(error(&bot.next()), "jid-malformed");
    assert!(meta.ping().is_empty(), "nothing has reached the other brand");
}

#[test]
fn a_foreign_sender_ends_the_stream() {
    let server = Server::start_with(&config(""), &["anna@chess.example"]);
    for from in ["anna@chess.example", "chess.example", "x.bot.chess.example", "other.example"] {
        let mut bot = bot(&server);
        bot.send(&format!("<message from='{from}' to='anna@chess.example'><body>hi</body></message>"));
        assert_eq!(bot.stream_error(), "invalid-from", "{from}");
    }
    let mut bot = bot(&server);
    bot.send("<message to='anna@chess.example'><body>hi</body></message>");
    assert_eq!(bot.stream_error(), "invalid-from");
    let mut anna = bound(&server, "anna@chess.example/a");
    anna.send("<presence/>");
    anna.next();
    assert!(anna.ping().is_empty(), "nothing was stored");
}

#[test]
fn only_who_knows_the_secret_gets_in() {
    let server = Server::start(&config(""));
    assert_eq!(opened(&server, "other.chess.example").stream_error(), "host-unknown");
    assert_eq!(opened(&server, "chess.example").stream_error(), "host-unknown");
    let mut client = Raw::connect(server.address("component"), "bot.chess.example");
    client.send(&header("bot.chess.example").replace("jabber:component:accept", "jabber:client"));
    assert_eq!(client.stream_error(), "invalid-namespace");
    let mut early = opened(&server, "bot.chess.example");
    early.send("<message from='bot.chess.example' to='anna@chess.example'/>");
    assert_eq!(early.stream_error(), "not-authorized");
    let mut wrong = opened(&server, "bot.chess.example");
    wrong.read_header();
    let proof = proof(&wrong, "stalemate");
    wrong.send(&format!("<handshake>{proof}</handshake>"));
    assert_eq!(wrong.stream_error(), "not-authorized");
    assert!(server.log().contains("a component has not proved its secret"));
    assert!(!server.log().contains("mate\""), "the secret is not in the log");
    bot(&server);
}

#[test]
fn the_file_changes_and_what_is_connected_follows() {
    let server = Server::start_with(&config(""), &["anna@chess.example"]);
    let (mut bot, mut anna) = (bot(&server), bound(&server, "anna@chess.example/a"));
    let file = server.dir.path().join("castling.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    // Another domain may reach it: nobody is disconnected.
    std::fs::write(&file, text.replace("domains = [\"chess.example\"]", "domains = [\"wuchess.example\"]"))
        .unwrap();
    server.ok(&["reload"]);
    anna.send("<message to='bot.chess.example' id='1'><body>hi</body></message>");
    assert_eq!(error(&anna.next()), "remote-server-not-found");
    std::fs::write(&file, text.replace("\"mate\"", "\"stalemate\"")).unwrap();
    server.ok(&["reload"]);
    assert_eq!(bot.stream_error(), "reset", "another secret");
    let mut again = connected(&server, "bot.chess.example", "stalemate");
    std::fs::write(&file, text.replace(BOT, "")).unwrap();
    server.ok(&["reload"]);
    assert_eq!(again.stream_error(), "host-gone");
    anna.send("<message to='bot.chess.example' id='2'><body>hi</body></message>");
    assert_eq!(error(&anna.next()), "remote-server-not-found");
}
