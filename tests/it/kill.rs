//! What was acknowledged survives the end of the process, whichever way it ends.

mod database;
mod ledger;
mod letters;
mod stage;
mod subject;
mod writer;

use xmpp::{Element, ns};

use crate::fixture::{Server, signal};
use crate::raw::Raw;
use stage::Stage;

const JACK: &str = "jack@chess.example";
const AWAY: &str = "away@chess.example";
const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\nmodules = { offline = { messages = 0 } }\n";

/// Comes online and reads all that was stored, to the last message.
pub fn stored_elements(raw: &mut Raw) -> Vec<Element> {
    let jid = raw.jid.clone();
    // what is sent while stored messages are on their way comes behind them
    raw.send(&format!("<presence/><message to='{jid}' type='headline' id='end-of-store'/>"));
    let mut messages = Vec::new();
    loop {
        let element = raw.next();
        if element.get("id") == Some("end-of-store") {
            return messages;
        }
        if element.is("message", ns::CLIENT) {
            messages.push(element);
        }
    }
}

/// The same; what the messages say.
pub fn stored(raw: &mut Raw) -> Vec<String> {
    let body = |message: &Element| message.find("body", ns::CLIENT).unwrap().text_content();
    stored_elements(raw).iter().map(body).collect()
}

/// How often the server is killed in a short run.
const KILLS: u64 = 20;

/// The number of rounds of a long run.
fn soak_rounds() -> u64 {
    let rounds = std::env::var("CASTLING_SOAK_KILLS").ok();
    rounds.map_or(200, |rounds| rounds.parse().expect("CASTLING_SOAK_KILLS is a number of rounds"))
}

/// Clients change all that an account has, and write to somebody who is away and to a session that waits to be resumed;
/// the server is killed at some moment, and started again.
fn kill_again_and_again(rounds: u64) {
    let mut server = Server::start_with(CONFIG, &stage::USERS);
    let mut stage = Stage::default();
    for _ in 0..rounds {
        stage.compare(&server);
        let pid = server.pid();
        stage.write(&server, false, |action| {
            action.until_some_time();
            signal(pid, "KILL");
        });
        server = Server::start_in(server.kill());
    }
    stage.compare(&server);
    stage.close(&server, rounds);
}

#[test]
fn kill_9_again_and_again_and_nothing_acknowledged_is_missing() {
    kill_again_and_again(KILLS);
}

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn soak_kill_9_again_and_again_and_nothing_acknowledged_is_missing() {
    kill_again_and_again(soak_rounds());
}

fn say(from: &mut Raw, to: &str, bodies: &[&str]) {
    for body in bodies {
        from.send(&format!("<message to='{to}' type='chat'><body>{body}</body></message>"));
    }
    from.ping();
}

#[test]
fn stored_messages_that_were_not_acknowledged_survive_kill_9() {
    let server = Server::start_with(CONFIG, &[JACK, AWAY]);
    let mut jack = Raw::bound(server.address("c2s_plain"), "jack@chess.example/desk");
    say(&mut jack, AWAY, &["1", "2", "3"]);
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    away.manage();
    assert_eq!(stored(&mut away), ["1", "2", "3"]);
    let server = Server::start_in(server.kill());
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    away.manage();
    assert_eq!(stored(&mut away), ["1", "2", "3"], "they were not acknowledged");
    away.send(&format!("<a xmlns='{}' h='5'/>", ns::SM));
    away.ping();
}

#[test]
fn sigterm_stores_what_waits_in_mailboxes() {
    let server = Server::start_with(CONFIG, &[JACK, AWAY, "busy@chess.example"]);
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    away.manage();
    away.send("<presence/>");
    away.ping();
    let mut busy = Raw::bound(server.address("c2s_plain"), "busy@chess.example/home");
    busy.manage();
    busy.send("<presence/>");
    busy.ping();
    drop(away);
    let mut jack = Raw::bound(server.address("c2s_plain"), "jack@chess.example/desk");
    say(&mut jack, AWAY, &["1", "2", "3"]);
    say(&mut jack, "away@chess.example/home", &["4"]);
    say(&mut jack, "busy@chess.example", &["5"]);
    let (code, dir) = server.stop();
    assert_eq!(code, Some(0));
    assert_eq!(jack.stream_error(), "system-shutdown");
    assert_eq!(busy.stream_error(), "system-shutdown");

    let server = Server::start_in(dir);
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    assert_eq!(stored(&mut away), ["1", "2", "3", "4"]);
    let mut busy = Raw::bound(server.address("c2s_plain"), "busy@chess.example/home");
    assert_eq!(stored(&mut busy), ["5"], "written, and not acknowledged");
}
