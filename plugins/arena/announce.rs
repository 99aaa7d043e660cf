//! What players and watchers are sent: a sentence for people, and the state of the game for programs.

use castling_plugin::{Element, config, log, metrics, routing};

use crate::desk::Event;
use crate::game::{Game, Side};
use crate::position::Played;

/// The namespace of the state of a game.
pub const NAMESPACE: &str = "urn:castling:arena:1";

/// Sends what has happened to all whom it concerns.
pub fn all(events: &[Event], domain: u32) {
    let Some(address) = config::address(domain) else { return };
    for event in events {
        one(event, &address, domain);
    }
}

fn one(event: &Event, address: &str, domain: u32) {
    let (game, played, words) = match event {
        Event::Began(game) => {
            metrics::count("games", domain, 1);
            (game, None, began(game, address))
        }
        Event::Moved(game, played) => {
            metrics::count("moves", domain, 1);
            (game, Some(played), moved(game, played))
        }
        Event::Offered(game, by) => (game, None, format!("{} offers a draw. Answer: draw", name(game, *by))),
        Event::Ended(game) => (game, None, ended(game)),
    };
    let from = jid(game, address);
    let state = state(game, played);
    let watchers = game.watchers.iter();
    for to in [&game.white.jid, &game.black.jid].into_iter().chain(watchers) {
        send(&say(&from, to, &words).with(state.clone()));
    }
}

/// A message for people.
pub fn say(from: &str, to: &str, words: &str) -> Element {
    Element::client("message")
        .attr("from", from)
        .attr("to", to)
        .attr("type", "chat")
        .with(Element::client("body").with_text(words))
}

/// Sends a stanza.
pub fn send(stanza: &Element) {
    if let Err(denied) = routing::send(&stanza.to_xml()) {
        log::write(log::Level::Warn, &format!("not sent: {}", denied.name()));
    }
}

/// The JID of a game.
pub fn jid(game: &Game, address: &str) -> String {
    format!("{}@{address}", game.id)
}

/// The state of a game; after a move with that.
pub fn state(game: &Game, played: Option<&Played>) -> Element {
    let position = game.position();
    let fen = position.as_ref().map(|position| position.fen());
    Element::new("game", NAMESPACE)
        .attr("id", &game.id.to_string())
        .attr("white", &game.white.jid)
        .attr("black", &game.black.jid)
        .attr("time", &game.time.to_string())
        .opt_attr("fen", fen.as_deref())
        .attr("ply", &game.moves.len().to_string())
        .opt_attr("uci", played.map(|played| played.uci.as_str()))
        .opt_attr("san", played.map(|played| played.san.as_str()))
        .attr("white-ms", &game.white_ms.to_string())
        .attr("black-ms", &game.black_ms.to_string())
        .attr("result", game.result())
        .opt_attr("reason", game.over.as_ref().map(|over| over.why.as_str()))
}

fn began(game: &Game, address: &str) -> String {
    format!(
        "{}: White: {} ({}), Black: {} ({}). White begins. Send moves here, to {}",
        game.time,
        game.white.jid,
        game.white.rating,
        game.black.jid,
        game.black.rating,
        jid(game, address)
    )
}

fn moved(game: &Game, played: &Played) -> String {
    let (number, after) = (game.moves.len().div_ceil(2), if game.moves.len() % 2 == 1 { "." } else { "..." });
    let clocks = format!("White {}, Black {}", clock(game.white_ms), clock(game.black_ms));
    format!("{number}{after} {} — {clocks}", played.san)
}

fn ended(game: &Game) -> String {
    let Some(over) = &game.over else { return String::new() };
    match over.winner {
        Some(winner) => format!("{} — {} wins by {}", game.result(), name(game, winner), over.why),
        None => format!("{} — draw: {}", game.result(), over.why),
    }
}

fn name(game: &Game, side: Side) -> &str {
    &game.player(side).jid
}

/// `4:59`
pub fn clock(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{Over, Player, TimeControl};

    #[test]
    fn words_and_state() {
        let player = |jid: &str| Player { jid: jid.into(), rating: 1200 };
        let time = TimeControl::try_from("5+3".to_owned()).unwrap();
        let mut game = Game::new(7, player("a@x"), player("b@x"), time, 0);
        let played = game.play(Side::White, "e4", 5_000).unwrap();
        assert_eq!(moved(&game, &played), "1. e4 — White 4:58, Black 5:00");
        let state = state(&game, Some(&played)).to_xml();
        assert!(state.contains("san='e4'") && state.contains("uci='e2e4'"), "{state}");
        assert!(state.contains("fen='rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq"), "{state}");
        assert!(state.contains("result='*'") && !state.contains("reason"), "{state}");
        game.over = Some(Over { winner: Some(Side::Black), why: "time".into() });
        assert_eq!(ended(&game), "0-1 — b@x wins by time");
    }
}
