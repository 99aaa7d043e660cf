//! A game: its moves, its clocks, and how it ends. Time is what the caller says, in milliseconds since 1970.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::position::{Ending, Played, Position};

/// A game with so many moves of both sides ends as a draw: what is stored of it stays small.
const MOVES: usize = 1_000;

/// White or Black.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    White,
    Black,
}

impl Side {
    /// The opponent's.
    pub fn other(self) -> Self {
        match self {
            Self::White => Self::Black,
            Self::Black => Self::White,
        }
    }

    /// In lower case.
    pub fn word(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Black => "black",
        }
    }
}

/// Minutes for all moves of a player, and seconds that each move adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeControl {
    minutes: u64,
    seconds: u64,
}

impl TryFrom<String> for TimeControl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text
            .split_once('+')
            .and_then(|(minutes, seconds)| Some((minutes.parse().ok()?, seconds.parse().ok()?)));
        match parts {
            Some((minutes @ 1..=180, seconds @ 0..=180)) => Ok(Self { minutes, seconds }),
            _ => Err(format!("`{text}` is not a time control such as \"5+3\"")),
        }
    }
}

impl From<TimeControl> for String {
    fn from(time: TimeControl) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeControl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}+{}", self.minutes, self.seconds)
    }
}

/// A player of a game: a bare JID, and the rating when the game began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    pub jid: String,
    pub rating: i32,
}

/// How a game has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// `None`: a draw.
    pub winner: Option<Side>,
    /// In words, such as `checkmate`.
    pub why: String,
}

/// A game, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Game {
    pub id: u64,
    pub white: Player,
    pub black: Player,
    pub time: TimeControl,
    /// As engines write them.
    pub moves: Vec<String>,
    /// What each side has left, milliseconds.
    pub white_ms: u64,
    pub black_ms: u64,
    /// Since when the side to move thinks.
    pub since_ms: u64,
    /// Who has offered a draw.
    pub draw_by: Option<Side>,
    /// Full JIDs.
    pub watchers: Vec<String>,
    /// When its clocks are looked at next: the key of that is derived from it.
    pub due_ms: u64,
    pub over: Option<Over>,
}

/// Why something is not done, in words for the player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl Refused {
    /// In these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl Game {
    /// A game that begins now.
    pub fn new(id: u64, white: Player, black: Player, time: TimeControl, now_ms: u64) -> Self {
        let each = time.minutes * 60_000;
        Self {
            id,
            white,
            black,
            time,
            moves: Vec::new(),
            white_ms: each,
            black_ms: each,
            since_ms: now_ms,
            draw_by: None,
            watchers: Vec::new(),
            due_ms: now_ms + each,
            over: None,
        }
    }

    /// Whose move it is.
    pub fn turn(&self) -> Side {
        if self.moves.len().is_multiple_of(2) { Side::White } else { Side::Black }
    }

    /// The side that a bare JID plays.
    pub fn side_of(&self, jid: &str) -> Option<Side> {
        match () {
            () if self.white.jid == jid => Some(Side::White),
            () if self.black.jid == jid => Some(Side::Black),
            () => None,
        }
    }

    /// A side's player.
    pub fn player(&self, side: Side) -> &Player {
        match side {
            Side::White => &self.white,
            Side::Black => &self.black,
        }
    }

    /// The position; `None` if what is stored is damaged.
    pub fn position(&self) -> Option<Position> {
        Position::after(self.moves.iter().map(String::as_str))
    }

    /// What a side has left now, milliseconds.
    pub fn left_ms(&self, side: Side, now_ms: u64) -> u64 {
        let left = match side {
            Side::White => self.white_ms,
            Side::Black => self.black_ms,
        };
        match self.turn() == side && self.over.is_none() {
            true => left.saturating_sub(now_ms.saturating_sub(self.since_ms)),
            false => left,
        }
    }

    /// No flag can fall before: the side with less time left must at least use that up.
    pub fn next_due(&self, now_ms: u64) -> u64 {
        now_ms + self.left_ms(Side::White, now_ms).min(self.left_ms(Side::Black, now_ms)).max(1)
    }

    /// Plays a move.
    ///
    /// # Errors
    /// The game is over, it is not this player's turn, or the move is not legal.
    pub fn play(&mut self, side: Side, text: &str, now_ms: u64) -> Result<Played, Refused> {
        self.goes_on()?;
        if self.turn() != side {
            return Err(Refused::new("it is not your turn"));
        }
        let mut position = self.position().ok_or_else(|| Refused::new("this game is damaged"))?;
        let Some(played) = position.play(text) else {
            return Err(Refused(format!("{text} is not a legal move here")));
        };
        let left = self.left_ms(side, now_ms) + self.time.seconds * 1_000;
        match side {
            Side::White => self.white_ms = left,
            Side::Black => self.black_ms = left,
        }
        self.moves.push(played.uci.clone());
        self.since_ms = now_ms;
        self.draw_by = self.draw_by.filter(|by| *by == side);
        let drawn = |why: &str| Over { winner: None, why: why.into() };
        self.over = match position.ending() {
            Some(Ending::Checkmate) => Some(Over { winner: Some(side), why: "checkmate".into() }),
            Some(Ending::Stalemate) => Some(drawn("stalemate")),
            Some(Ending::FiftyMoves) => Some(drawn("fifty moves without a capture or a pawn's move")),
            Some(Ending::Repetition) => Some(drawn("the same position for the third time")),
            Some(Ending::Material) => Some(drawn("neither side could checkmate")),
            None if self.moves.len() >= MOVES => Some(drawn("the game is too long")),
            None => None,
        };
        Ok(played)
    }

    /// Resigns.
    ///
    /// # Errors
    /// The game is over.
    pub fn resign(&mut self, side: Side) -> Result<(), Refused> {
        self.goes_on()?;
        self.over = Some(Over { winner: Some(side.other()), why: "resignation".into() });
        Ok(())
    }

    /// Offers a draw, or accepts the opponent's offer; `true` if it is one.
    ///
    /// # Errors
    /// The game is over, or this side has an offer open.
    pub fn draw(&mut self, side: Side) -> Result<bool, Refused> {
        self.goes_on()?;
        match self.draw_by {
            Some(by) if by == side => Err(Refused::new("you have already offered a draw")),
            Some(_) => {
                self.over = Some(Over { winner: None, why: "agreement".into() });
                Ok(true)
            }
            None => {
                self.draw_by = Some(side);
                Ok(false)
            }
        }
    }

    /// Ends the game if the time of the side to move is up; whether it is over then.
    pub fn look_at_clock(&mut self, now_ms: u64) -> bool {
        let side = self.turn();
        if self.over.is_none() && self.left_ms(side, now_ms) == 0 {
            let could_win = self.position().is_some_and(|position| position.could_win(side.other()));
            match side {
                Side::White => self.white_ms = 0,
                Side::Black => self.black_ms = 0,
            }
            self.over = Some(Over { winner: could_win.then_some(side.other()), why: "time".into() });
        }
        self.over.is_some()
    }

    fn goes_on(&self) -> Result<(), Refused> {
        match &self.over {
            None => Ok(()),
            Some(_) => Err(Refused::new("this game is over")),
        }
    }

    /// The score of a side: 1, 0.5 or 0; `None` while the game goes on.
    pub fn score(&self, side: Side) -> Option<f64> {
        Some(match self.over.as_ref()?.winner {
            None => 0.5,
            Some(winner) if winner == side => 1.0,
            Some(_) => 0.0,
        })
    }

    /// As in PGN: `1-0`, `0-1`, `1/2-1/2`, `*`.
    pub fn result(&self) -> &'static str {
        match self.over.as_ref().map(|over| over.winner) {
            None => "*",
            Some(None) => "1/2-1/2",
            Some(Some(Side::White)) => "1-0",
            Some(Some(Side::Black)) => "0-1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn game() -> Game {
        let player = |jid: &str| Player { jid: jid.into(), rating: 1200 };
        let time = TimeControl::try_from("1+2".to_owned()).unwrap();
        Game::new(1, player("a@x"), player("b@x"), time, 1_000)
    }

    #[test]
    fn time_controls() {
        for (text, is) in
            [("5+3", true), ("1+0", true), ("0+5", false), ("5", false), ("5+", false), ("999+0", false)]
        {
            assert_eq!(TimeControl::try_from(text.to_owned()).is_ok(), is, "{text}");
        }
    }

    #[test]
    fn a_move_takes_time_and_adds_some() {
        let mut game = game();
        game.play(Side::White, "e4", 11_000).unwrap();
        assert_eq!((game.white_ms, game.black_ms, game.turn()), (52_000, 60_000, Side::Black));
        assert_eq!(game.left_ms(Side::Black, 12_000), 59_000);
        assert_eq!(game.play(Side::White, "d4", 12_000), Err(Refused::new("it is not your turn")));
        assert_eq!(game.play(Side::Black, "e4", 12_000), Err(Refused::new("e4 is not a legal move here")));
        assert_eq!(game.left_ms(Side::Black, 5_000), 60_000, "a clock that was set back takes nothing");
    }

    #[test]
    fn no_flag_falls_before_it_is_looked_at() {
        let mut game = game();
        assert_eq!(game.next_due(1_000), 61_000);
        game.play(Side::White, "e4", 60_500).unwrap();
        assert!(game.next_due(60_500) >= 61_000);
        assert!(!game.look_at_clock(61_000) && game.look_at_clock(60_500 + 60_000));
        assert_eq!(game.over, Some(Over { winner: Some(Side::White), why: "time".into() }));
        assert_eq!(game.play(Side::Black, "e5", 0), Err(Refused::new("this game is over")));
    }

    #[test]
    fn draws_are_offered_until_the_opponent_moves() {
        let mut game = game();
        assert_eq!(game.draw(Side::White), Ok(false));
        assert!(game.draw(Side::White).is_err());
        game.play(Side::White, "e4", 1_000).unwrap();
        assert_eq!(game.draw_by, Some(Side::White), "it stands while the opponent thinks");
        game.play(Side::Black, "e5", 1_000).unwrap();
        assert_eq!(game.draw_by, None, "declined");
        assert_eq!((game.draw(Side::Black), game.draw(Side::White)), (Ok(false), Ok(true)));
        assert_eq!((game.result(), game.score(Side::White)), ("1/2-1/2", Some(0.5)));
    }
}
