//! Presence: the arena and its games are contacts like any other. The clock of a player who goes offline runs on.

use castling_plugin::{Element, Incoming, StanzaType, config};

use crate::announce::send;
use crate::chat::{bare, game_of};
use crate::desk::Desk;

/// Answers presence that was sent to the arena or to a game.
pub fn received(desk: &Desk<'_>, stanza: &Incoming) {
    match stanza.stanza_type() {
        StanzaType::Subscribe => {
            send(&presence(stanza, bare(stanza.from()), Some("subscribed")));
            show(desk, stanza, bare(stanza.from()));
        }
        StanzaType::Unsubscribe => send(&presence(stanza, bare(stanza.from()), Some("unsubscribed"))),
        StanzaType::Probe => show(desk, stanza, stanza.from()),
        StanzaType::Unavailable => left(desk, stanza.from()),
        _ => {}
    }
}

/// A resource has gone offline: it seeks no game any more.
pub fn left(desk: &Desk<'_>, resource: &str) {
    // The store may be away: then the seek stays, until it is matched or withdrawn.
    let _ = desk.withdraw(resource);
}

/// Shows the presence of the arena, or of a game: it is there while it is played.
fn show(desk: &Desk<'_>, stanza: &Incoming, to: &str) {
    let status = match game_of(stanza.to()) {
        None => Some(desk.limits.title.clone()),
        Some(id) => {
            let game = id.and_then(|id| desk.game(id)).ok().filter(|game| game.over.is_none());
            game.map(|game| format!("{} to move", game.turn().word()))
        }
    };
    let stanza = match status {
        Some(status) => presence(stanza, to, None).with(Element::client("status").with_text(&status)),
        None => presence(stanza, to, Some("unavailable")),
    };
    send(&stanza);
}

fn presence(stanza: &Incoming, to: &str, kind: Option<&str>) -> Element {
    let from = bare(stanza.to());
    let address = config::address(stanza.domain()).filter(|_| from.is_empty());
    Element::client("presence")
        .attr("from", address.as_deref().unwrap_or(from))
        .attr("to", to)
        .opt_attr("type", kind)
}
