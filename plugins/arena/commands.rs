//! Ad-hoc commands (XEP-0050) of the arena and of games. Each has one form at most, so that nothing need be kept between its steps.

use castling_plugin::{Element, Field, FieldKind, Form, Incoming, form};

use crate::announce;
use crate::chat::{self, bare, game_of, label};
use crate::desk::Desk;
use crate::game::{Refused, TimeControl};

/// The namespace of commands.
pub const NAMESPACE: &str = "http://jabber.org/protocol/commands";

const OF_ARENA: &[(&str, &str)] = &[
    ("seek", "Seek a game"),
    ("cancel", "Stop seeking"),
    ("games", "List games"),
    ("watch", "Watch a game"),
    ("rating", "Your rating"),
];
const OF_GAME: &[(&str, &str)] = &[
    ("move", "Move"),
    ("draw", "Offer or accept a draw"),
    ("resign", "Resign"),
    ("watch", "Watch"),
    ("unwatch", "Stop watching"),
];

/// The commands of a game, or of the arena: node and name.
pub fn all(of_game: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    (if of_game { OF_GAME } else { OF_ARENA }).iter().copied()
}

/// The name of a command.
pub fn name(node: &str, of_game: bool) -> Option<&'static str> {
    all(of_game).find(|(one, _)| *one == node).map(|(_, name)| name)
}

/// Executes a step of a command.
///
/// # Errors
/// There is no such command, or no such game.
pub fn execute(desk: &Desk<'_>, stanza: &Incoming, command: &Element) -> Result<Element, Refused> {
    let game = game_of(stanza.to()).transpose()?;
    let node = command.get("node").unwrap_or_default();
    let name = name(node, game.is_some()).ok_or_else(|| Refused::new("there is no such command"))?;
    if command.get("action") == Some("cancel") {
        return Ok(answer(stanza, desk, command, "canceled"));
    }
    let is_filled_in = command.child("x", form::NAMESPACE).is_some();
    if let Some(fields) = fields(desk, node, game).filter(|_| !is_filled_in) {
        let fields = form::element(&Form { title: name.into(), instructions: String::new(), fields }, "form");
        let actions = Element::new("actions", NAMESPACE)
            .attr("execute", "complete")
            .with(Element::new("complete", NAMESPACE));
        let step = answer(stanza, desk, command, "executing");
        return Ok(with(step, [actions, fields]));
    }
    let (kind, words) = match perform(desk, stanza, node, game, command) {
        Ok(words) => ("info", words),
        Err(Refused(why)) => ("error", format!("{why}.")),
    };
    let note = Element::new("note", NAMESPACE).attr("type", kind).with_text(&words);
    Ok(with(answer(stanza, desk, command, "completed"), [note]))
}

/// What has to be filled in; `None`: nothing.
fn fields(desk: &Desk<'_>, node: &str, game: Option<u64>) -> Option<Vec<Field>> {
    let field = |kind, name: &str, label: &str, options: Vec<(String, String)>| {
        let values = options.first().map(|(_, value)| value.clone()).into_iter().collect();
        vec![Field { kind, name: name.into(), label: label.into(), required: true, values, options }]
    };
    match (node, game) {
        ("seek", None) => {
            let times = desk.limits.times.iter().map(|time| (time.to_string(), time.to_string()));
            Some(field(FieldKind::ListSingle, "time", "Minutes + seconds for each move", times.collect()))
        }
        ("watch", None) => {
            let games = chat::list(desk).unwrap_or_default();
            let games = games.iter().map(|game| (label(game), game.id.to_string()));
            Some(field(FieldKind::ListSingle, "game", "Game", games.collect()))
        }
        ("move", Some(_)) => {
            Some(field(FieldKind::TextSingle, "move", "Move, such as e4 or e2e4", Vec::new()))
        }
        _ => None,
    }
}

/// Carries a command out; what the user is told.
fn perform(
    desk: &Desk<'_>,
    stanza: &Incoming,
    node: &str,
    game: Option<u64>,
    command: &Element,
) -> Result<String, Refused> {
    let player = bare(stanza.from());
    let value = |name: &str| form::value(command, name).unwrap_or_default();
    let events = match (node, game) {
        ("seek", None) => {
            let time = TimeControl::try_from(value("time").to_owned()).map_err(Refused)?;
            let waits = chat::seek(desk, stanza, Some(time))?;
            return Ok(waits.unwrap_or_else(|| "Your game begins.".into()));
        }
        ("cancel", None) => return chat::cancel(desk, player),
        ("rating", None) => return chat::rating(desk, player),
        ("games", None) => {
            let lines: Vec<_> = chat::list(desk)?.iter().map(label).collect();
            return Ok(if lines.is_empty() { "No games are being played.".into() } else { lines.join("\n") });
        }
        ("watch", None) => {
            let id = value("game").parse().map_err(|_| Refused::new("there is no such game"))?;
            return chat::watch(desk, stanza, id, true).map(Option::unwrap_or_default);
        }
        ("watch" | "unwatch", Some(id)) => {
            return chat::watch(desk, stanza, id, node == "watch").map(Option::unwrap_or_default);
        }
        ("move", Some(id)) => desk.play(id, player, value("move"))?,
        ("draw", Some(id)) => desk.draw(id, player)?,
        ("resign", Some(id)) => desk.resign(id, player)?,
        _ => return Err(Refused::new("there is no such command")),
    };
    announce::all(&events, stanza.domain());
    Ok("Done.".into())
}

/// The answer, without content.
fn answer(stanza: &Incoming, desk: &Desk<'_>, command: &Element, status: &str) -> Element {
    let id = command.get("sessionid").map_or_else(|| desk.now_ms.to_string(), str::to_owned);
    let node = command.get("node").unwrap_or_default();
    stanza.result(Some(
        Element::new("command", NAMESPACE).attr("node", node).attr("sessionid", &id).attr("status", status),
    ))
}

/// An answer with this content in its command.
fn with(answer: Element, content: impl IntoIterator<Item = Element>) -> Element {
    answer.map_child(|command| command.with_all(content))
}
