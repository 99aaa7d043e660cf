//! Requests to the arena and to games: what they are (XEP-0030), and commands (XEP-0050).

use castling_plugin::{Element, Incoming, disco};

use crate::announce::{NAMESPACE, jid, send};
use crate::chat::{bare, game_of, label, list};
use crate::commands;
use crate::desk::Desk;
use crate::game::Refused;

const PING: &str = "urn:xmpp:ping";

/// Answers a request.
pub fn asked(desk: &Desk<'_>, stanza: &Incoming) {
    let game = game_of(stanza.to());
    let answer = match (disco::asked(stanza), stanza.payload()) {
        (Some((disco::INFO, node)), _) => info(desk, stanza, game, node),
        (Some((_, node)), _) => items(desk, stanza, game, node),
        (None, Some(payload)) if payload.name() == "command" && payload.ns() == commands::NAMESPACE => {
            commands::execute(desk, stanza, payload)
        }
        (None, Some(payload)) if payload.ns() == PING => Ok(stanza.result(None)),
        _ => Ok(stanza.error("cancel", "service-unavailable", "")),
    };
    send(&answer.unwrap_or_else(|Refused(why)| stanza.error("cancel", "item-not-found", &why)));
}

type Game = Option<Result<u64, Refused>>;

fn info(desk: &Desk<'_>, stanza: &Incoming, game: Game, node: Option<&str>) -> Result<Element, Refused> {
    let of_command = [commands::NAMESPACE, castling_plugin::form::NAMESPACE];
    let of_arena = [commands::NAMESPACE, NAMESPACE, PING];
    let info =
        |category, kind, name, features| disco::info(stanza, &disco::Info { category, kind, name, features });
    Ok(match node {
        Some(commands::NAMESPACE) => info("automation", "command-list", "Commands", &of_command),
        Some(node) => {
            let name = commands::name(node, game.is_some())
                .ok_or_else(|| Refused::new("there is no such command"))?;
            info("automation", "command-node", name, &of_command)
        }
        None => match game {
            None => info("component", "generic", &desk.limits.title, &of_arena),
            Some(id) => info("component", "generic", &label(&desk.game(id?)?), &of_arena),
        },
    })
}

fn items(desk: &Desk<'_>, stanza: &Incoming, game: Game, node: Option<&str>) -> Result<Element, Refused> {
    match (node, game) {
        (Some(commands::NAMESPACE), game) => {
            let item = |(node, name): (&str, &str)| disco::Item {
                jid: bare(stanza.to()).to_owned(),
                node: Some(node.to_owned()),
                name: name.to_owned(),
            };
            Ok(disco::items(stanza, commands::all(game.is_some()).map(item)))
        }
        (None, None) => {
            let item = |game: &crate::game::Game| disco::Item {
                jid: jid(game, bare(stanza.to())),
                node: None,
                name: label(game),
            };
            Ok(disco::items(stanza, list(desk)?.iter().map(item)))
        }
        _ => Ok(disco::items(stanza, [])),
    }
}
