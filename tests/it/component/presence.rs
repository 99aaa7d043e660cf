//! Components that live on presence: they subscribe to users, probe, and hear right across restarts of either side.

use super::{bot, config};
use crate::fixture::Server;
use crate::raw::Raw;
use crate::stream::bound;

/// The type of a presence, and whose it is.
fn presence(bot: &mut Raw) -> (String, String) {
    let stanza = bot.next();
    assert!(stanza.is("presence", xmpp::ns::CLIENT), "{}", stanza.to_xml(""));
    let of = |name| stanza.get(name).unwrap_or_default().to_owned();
    (of("type"), of("from"))
}

fn pair(kind: &str, from: &str) -> (String, String) {
    (kind.into(), from.into())
}

/// The component subscribes to anna, who agrees.
fn subscribed(bot: &mut Raw, anna: &mut Raw) {
    bot.send("<presence type='subscribe' from='bot.chess.example' to='anna@chess.example'/>");
    while anna.stanza().get("type") != Some("subscribe") {}
    anna.send("<presence type='subscribed' to='bot.chess.example'/>");
    assert_eq!(presence(bot), pair("subscribed", "anna@chess.example"));
    assert_eq!(presence(bot), pair("", "anna@chess.example/a"));
}

fn online(server: &Server) -> Raw {
    let mut anna = bound(server, "anna@chess.example/a");
    anna.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    anna.next();
    anna.send("<presence/>");
    anna
}

#[test]
fn it_hears_of_users_across_restarts_of_either_side() {
    let server = Server::start_with(&config(""), &["anna@chess.example"]);
    let (mut bot_, mut anna) = (bot(&server), online(&server));
    subscribed(&mut bot_, &mut anna);
    anna.send("<presence><show>away</show></presence>");
    assert_eq!(presence(&mut bot_), pair("", "anna@chess.example/a"));
    // It comes back, and asks.
    bot_.send("</stream:stream>");
    bot_.ended();
    anna.send("<presence/>");
    anna.ping();
    let mut bot_ = bot(&server);
    bot_.send("<presence type='probe' from='bot.chess.example' to='anna@chess.example'/>");
    assert_eq!(presence(&mut bot_), pair("", "anna@chess.example/a"));
    anna.send("</stream:stream>");
    anna.ended();
    assert_eq!(presence(&mut bot_), pair("unavailable", "anna@chess.example/a"));
    // The server stops: she is told to be gone before the stream ends.
    let anna = online(&server);
    assert_eq!(presence(&mut bot_), pair("", "anna@chess.example/a"));
    let (code, dir) = server.stop();
    assert_eq!(code, Some(0));
    assert_eq!(presence(&mut bot_), pair("unavailable", "anna@chess.example/a"));
    assert_eq!(bot_.stream_error(), "system-shutdown");
    drop(anna);
    let server = Server::start_in(dir);
    let mut bot_ = bot(&server);
    bot_.send("<presence type='probe' from='bot.chess.example' to='anna@chess.example'/>");
    assert_eq!(presence(&mut bot_), pair("unavailable", "anna@chess.example"), "nobody is there yet");
    let _anna = online(&server);
    assert_eq!(presence(&mut bot_), pair("", "anna@chess.example/a"));
}

#[test]
fn users_subscribe_to_it_and_it_is_probed() {
    let server = Server::start_with(&config(""), &["anna@chess.example"]);
    let (mut bot_, mut anna) = (bot(&server), online(&server));
    anna.send("<presence type='subscribe' to='quiz@bot.chess.example'/>");
    assert_eq!(presence(&mut bot_), pair("subscribe", "anna@chess.example"));
    bot_.send("<presence type='subscribed' from='quiz@bot.chess.example' to='anna@chess.example'/>");
    while anna.stanza().get("type") != Some("subscribed") {}
    anna.send("</stream:stream>");
    anna.closed();
    let mut anna = online(&server);
    assert_eq!(presence(&mut bot_), pair("probe", "anna@chess.example/a"), "at log-in");
    bot_.send(
        "<presence from='quiz@bot.chess.example/1' to='anna@chess.example'><show>chat</show></presence>",
    );
    while anna.stanza().get("from") != Some("quiz@bot.chess.example/1") {}
    // A stranger that subscribes to nobody hears nothing.
    bot_.send("<presence type='probe' from='spy@bot.chess.example' to='anna@chess.example'/>");
    let (kind, from) = presence(&mut bot_);
    assert_eq!((kind.as_str(), from.as_str()), ("unsubscribed", "anna@chess.example"));
}
