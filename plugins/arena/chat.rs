//! What players write in a chat: to a game, or to the arena.

use castling_plugin::{Incoming, StanzaType, rates};

use crate::announce::{self, clock, say, send};
use crate::desk::Desk;
use crate::game::{Game, Refused, Side, TimeControl};

/// The longest line that is read, bytes.
const LINE: usize = 200;
/// Lines that one sender is answered in a minute: two programs that answer each other come to an end.
const LINES: u32 = 120;
/// Games that are listed.
pub const LISTED: u32 = 30;

const HELP: &str = "seek [5+3], cancel, games, rating, watch NUMBER; in a game: a move such as e4 or e2e4, draw, resign, board, watch, unwatch";

/// The bare part of a JID.
pub fn bare(jid: &str) -> &str {
    jid.split('/').next().unwrap_or_default()
}

/// The number of the game that a JID stands for: `7@arena.chess.example`. `None`: the arena itself.
pub fn game_of(jid: &str) -> Option<Result<u64, Refused>> {
    let (local, _) = bare(jid).split_once('@')?;
    Some(local.parse().map_err(|_| Refused::new("there is no such game")))
}

/// Answers a message.
pub fn received(desk: &Desk<'_>, stanza: &Incoming) {
    let is_chat = matches!(stanza.stanza_type(), StanzaType::None | StanzaType::Normal | StanzaType::Chat);
    let Some(body) = stanza.body().filter(|_| is_chat) else { return };
    if rates::hit("lines", bare(stanza.from()), LINES, 60_000) {
        return;
    }
    let answer = match body.len() <= LINE {
        true => said(desk, stanza, body.trim()),
        false => Err(Refused(format!("a line may have {LINE} bytes"))),
    };
    let words = match answer {
        Ok(None) => return,
        Ok(Some(words)) => words,
        Err(Refused(why)) => format!("{why}."),
    };
    send(&say(stanza.to(), stanza.from(), &words));
}

/// What is answered; `None`: what all players are sent is answer enough.
fn said(desk: &Desk<'_>, stanza: &Incoming, line: &str) -> Result<Option<String>, Refused> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (word, rest) = (word.to_ascii_lowercase(), rest.trim());
    match game_of(stanza.to()) {
        Some(id) => in_game(desk, stanza, id?, (&word, rest), line),
        None => at_arena(desk, stanza, &word, rest),
    }
}

fn at_arena(desk: &Desk<'_>, stanza: &Incoming, word: &str, rest: &str) -> Result<Option<String>, Refused> {
    let player = bare(stanza.from());
    match word {
        "seek" => {
            let time = match rest {
                "" => None,
                text => Some(TimeControl::try_from(text.to_owned()).map_err(Refused)?),
            };
            seek(desk, stanza, time)
        }
        "cancel" => cancel(desk, player).map(Some),
        "rating" => rating(desk, player).map(Some),
        "games" => {
            let games = list(desk)?;
            let lines: Vec<_> = games.iter().map(label).collect();
            Ok(Some(if lines.is_empty() { "No games are being played.".into() } else { lines.join("\n") }))
        }
        "watch" => {
            let id = rest.parse().map_err(|_| Refused::new("write: watch NUMBER"))?;
            watch(desk, stanza, id, true)
        }
        _ => Ok(Some(HELP.into())),
    }
}

fn in_game(
    desk: &Desk<'_>,
    stanza: &Incoming,
    id: u64,
    (word, rest): (&str, &str),
    line: &str,
) -> Result<Option<String>, Refused> {
    let player = bare(stanza.from());
    let events = match word {
        "resign" => desk.resign(id, player)?,
        "draw" => desk.draw(id, player)?,
        "board" => return Ok(Some(board(&desk.game(id)?, desk.now_ms))),
        "watch" | "unwatch" => return watch(desk, stanza, id, word == "watch"),
        "help" => return Ok(Some(HELP.into())),
        "move" => desk.play(id, player, rest)?,
        _ => desk.play(id, player, line)?,
    };
    announce::all(&events, stanza.domain());
    Ok(None)
}

/// Seeks a game for the sender.
pub fn seek(
    desk: &Desk<'_>,
    stanza: &Incoming,
    time: Option<TimeControl>,
) -> Result<Option<String>, Refused> {
    let events = desk.seek(bare(stanza.from()), stanza.from(), time)?;
    announce::all(&events, stanza.domain());
    let waits = "You are seeking a game. It begins when a player of similar rating seeks the same time control; going offline withdraws it.";
    Ok(events.is_empty().then(|| waits.to_owned()))
}

/// Withdraws the seek of a player.
pub fn cancel(desk: &Desk<'_>, player: &str) -> Result<String, Refused> {
    Ok(match desk.withdraw(player)? {
        true => "You are not seeking a game any more.".into(),
        false => "You were not seeking a game.".into(),
    })
}

/// The rating of a player, in words.
pub fn rating(desk: &Desk<'_>, player: &str) -> Result<String, Refused> {
    let record = desk.player(player)?;
    Ok(format!("Your rating is {} after {} games.", record.rating, record.played))
}

/// Lets the sender watch a game, or watch it no longer.
pub fn watch(desk: &Desk<'_>, stanza: &Incoming, id: u64, on: bool) -> Result<Option<String>, Refused> {
    let game = desk.watch(id, stanza.from(), on)?;
    Ok(Some(match on {
        true => format!("You are watching.\n{}", board(&game, desk.now_ms)),
        false => "You are not watching any more.".into(),
    }))
}

/// Games that go on.
pub fn list(desk: &Desk<'_>) -> Result<Vec<Game>, Refused> {
    let ids = desk.running(LISTED)?;
    Ok(ids.into_iter().filter_map(|id| desk.game(id).ok()).filter(|game| game.over.is_none()).collect())
}

/// A game in one line.
pub fn label(game: &Game) -> String {
    let [white, black] = [&game.white, &game.black].map(|one| format!("{} ({})", one.jid, one.rating));
    format!("{}: {white} – {black}, {}", game.id, game.time)
}

/// A game in some lines.
fn board(game: &Game, now_ms: u64) -> String {
    let moves: Vec<_> = game.moves.iter().map(String::as_str).collect();
    let fen = game.position().map(|position| position.fen()).unwrap_or_default();
    let clocks = [Side::White, Side::Black].map(|side| clock(game.left_ms(side, now_ms)));
    let state = match &game.over {
        None => format!("{} to move", game.turn().word()),
        Some(over) => format!("{} by {}", game.result(), over.why),
    };
    format!("{}\n{fen}\n{}\nWhite {}, Black {}; {state}", label(game), moves.join(" "), clocks[0], clocks[1])
}
