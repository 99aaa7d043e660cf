//! What players do, as changes of what is stored. Each change is one value written whole; what belongs to it in other values is written
//! before or after so that it can be done again: whatever is cut off, [`Desk::tick`] completes.

use castling_plugin::Duration;
use serde::Deserialize;

use crate::game::{Game, Player, Refused, Side, TimeControl};
use crate::lobby::{Lobby, Pair, Seek};
use crate::player::Record;
use crate::position::Played;
use crate::rating;
use crate::store::{Store, change, denied, read};

const LOBBY: &str = "lobby";
/// Clocks that are looked at in one turn of the timer.
const DUE: u32 = 50;

/// The settings of a domain.
#[derive(Clone, Debug, Deserialize)]
pub struct Limits {
    pub title: String,
    pub times: Vec<TimeControl>,
    pub rating: i32,
    pub window: i32,
    pub games_of_one: usize,
    pub games: u32,
    pub watchers: usize,
    pub keep: Duration,
}

/// What has happened, for those whom it concerns.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Began(Game),
    Moved(Game, Played),
    Offered(Game, Side),
    Ended(Game),
}

/// One call's view of the arena.
pub struct Desk<'a> {
    pub store: &'a dyn Store,
    pub limits: &'a Limits,
    pub now_ms: u64,
}

fn game_key(id: u64) -> String {
    format!("game/{id}")
}

/// In the order of time.
fn due_key(due_ms: u64, id: u64) -> String {
    format!("due/{due_ms:015}/{id}")
}

fn id_of(due_key: &str) -> Option<u64> {
    due_key.rsplit('/').next()?.parse().ok()
}

fn player_key(jid: &str) -> String {
    format!("player/{jid}")
}

impl Desk<'_> {
    /// What is known of a player.
    pub fn player(&self, jid: &str) -> Result<Record, Refused> {
        Ok(read(self.store, &player_key(jid))?.unwrap_or_else(|| Record::new(self.limits.rating)))
    }

    fn change_player(&self, jid: &str, how: impl Fn(&mut Record)) -> Result<(), Refused> {
        let initial = || Some(Record::new(self.limits.rating));
        change(self.store, &player_key(jid), initial, |record| {
            how(record);
            Ok(())
        })
        .map(drop)
    }

    fn change_lobby<R>(&self, how: impl FnMut(&mut Lobby) -> Result<R, Refused>) -> Result<R, Refused> {
        change(self.store, LOBBY, || Some(Lobby::default()), how).map(|(_, outcome)| outcome)
    }

    /// A game.
    pub fn game(&self, id: u64) -> Result<Game, Refused> {
        read(self.store, &game_key(id))?.ok_or_else(|| Refused::new("there is no such game"))
    }

    /// The games that go on, by number, the one whose clock is next to be looked at first.
    pub fn running(&self, limit: u32) -> Result<Vec<u64>, Refused> {
        let mut ids = Vec::new();
        for id in self.store.keys("due/", limit).map_err(denied)?.iter().filter_map(|key| id_of(key)) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Seeks a game. `resource`: the full JID that does. No events: no other player fits yet.
    pub fn seek(&self, jid: &str, resource: &str, time: Option<TimeControl>) -> Result<Vec<Event>, Refused> {
        let time = time.or_else(|| self.limits.times.first().copied());
        let Some(time) = time.filter(|time| self.limits.times.contains(time)) else {
            return Err(Refused::new("this time control is not played here"));
        };
        let record = self.player(jid)?;
        if record.playing.len() >= self.limits.games_of_one {
            return Err(Refused(format!("you are playing {} games already", record.playing.len())));
        }
        if self.running(self.limits.games)?.len() >= self.limits.games as usize {
            return Err(Refused::new("too many games are being played; try again later"));
        }
        let player = Player { jid: jid.into(), rating: record.rating };
        let seek = Seek { player, resource: resource.into(), time };
        match self.change_lobby(|lobby| lobby.seek(&seek, self.limits.window))? {
            Some(pair) => Ok(self.begin(&pair)?.into_iter().collect()),
            None => Ok(Vec::new()),
        }
    }

    /// Withdraws a seek; whether there was one.
    pub fn withdraw(&self, jid: &str) -> Result<bool, Refused> {
        let sought: Option<Lobby> = read(self.store, LOBBY)?;
        // As a rule there is none, and nothing need be written.
        let seeks = |one: &Seek| one.player.jid == jid || one.resource == jid;
        if !sought.is_some_and(|lobby| lobby.seeks.iter().any(seeks)) {
            return Ok(false);
        }
        self.change_lobby(|lobby| Ok(lobby.withdraw(jid)))
    }

    /// Begins the game of a pair; `None` if it has begun already.
    fn begin(&self, pair: &Pair) -> Result<Option<Event>, Refused> {
        let (white, black) = (pair.white.clone(), pair.black.clone());
        let game = Game::new(pair.id, white, black, pair.time, self.now_ms);
        self.change_player(&game.white.jid, |record| record.begin(game.id))?;
        self.change_player(&game.black.jid, |record| record.begin(game.id))?;
        self.note_due(&game)?;
        let written = serde_json::to_vec(&game).map_err(|_| Refused::new("this cannot be stored"))?;
        let is_new = self.store.swap(&game_key(game.id), None, &written).map_err(denied)?;
        self.change_lobby(|lobby| {
            lobby.pairs.retain(|one| one.id != pair.id);
            Ok(())
        })?;
        Ok(is_new.then_some(Event::Began(game)))
    }

    fn note_due(&self, game: &Game) -> Result<(), Refused> {
        let key = due_key(game.due_ms, game.id);
        self.store.swap(&key, None, b"1").map(drop).map_err(denied)
    }

    /// Changes a game, after a look at its clock: if a flag has fallen, that comes first.
    fn in_game<R>(
        &self,
        id: u64,
        mut how: impl FnMut(&mut Game) -> Result<R, Refused>,
    ) -> Result<(Game, Option<R>), Refused> {
        let (game, outcome) = change(
            self.store,
            &game_key(id),
            || None,
            |game: &mut Game| {
                let was_over = game.over.is_some();
                match game.look_at_clock(self.now_ms) && !was_over {
                    true => Ok(None),
                    false => how(game).map(Some),
                }
            },
        )?;
        if game.over.is_some() {
            self.settle(&game)?;
        }
        Ok((game, outcome))
    }

    fn side(game: &Game, jid: &str) -> Result<Side, Refused> {
        game.side_of(jid).ok_or_else(|| Refused::new("you are not a player in this game"))
    }

    /// Plays a move.
    pub fn play(&self, id: u64, jid: &str, text: &str) -> Result<Vec<Event>, Refused> {
        let (game, played) = self.in_game(id, |game| game.play(Self::side(game, jid)?, text, self.now_ms))?;
        let ended = game.over.is_some().then(|| Event::Ended(game.clone()));
        Ok(played.map(|played| Event::Moved(game, played)).into_iter().chain(ended).collect())
    }

    /// Resigns.
    pub fn resign(&self, id: u64, jid: &str) -> Result<Vec<Event>, Refused> {
        let (game, _) = self.in_game(id, |game| game.resign(Self::side(game, jid)?))?;
        Ok(vec![Event::Ended(game)])
    }

    /// Offers a draw, or accepts one.
    pub fn draw(&self, id: u64, jid: &str) -> Result<Vec<Event>, Refused> {
        let (game, offered) = self.in_game(id, |game| {
            let side = Self::side(game, jid)?;
            Ok((!game.draw(side)?).then_some(side))
        })?;
        Ok(match offered.flatten() {
            Some(by) => vec![Event::Offered(game, by)],
            None => vec![Event::Ended(game)],
        })
    }

    /// Lets a full JID watch a game, or watch it no longer.
    pub fn watch(&self, id: u64, jid: &str, on: bool) -> Result<Game, Refused> {
        let watched = change(
            self.store,
            &game_key(id),
            || None,
            |game: &mut Game| {
                game.watchers.retain(|one| one != jid);
                match on {
                    true if game.over.is_some() => return Err(Refused::new("this game is over")),
                    true if game.watchers.len() >= self.limits.watchers || jid.len() > 400 => {
                        return Err(Refused::new("too many watch this game"));
                    }
                    true => game.watchers.push(jid.into()),
                    false => {}
                }
                Ok(())
            },
        );
        watched.map(|(game, ())| game)
    }

    /// Changes the ratings after a game, and keeps it for a while. May be done again.
    fn settle(&self, game: &Game) -> Result<(), Refused> {
        for side in [Side::White, Side::Black] {
            let (own, other) = (game.player(side), game.player(side.other()));
            let Some(score) = game.score(side) else { return Ok(()) };
            let by = rating::change(own.rating, other.rating, score);
            self.change_player(&own.jid, |record| record.settle(game.id, by))?;
        }
        let written = serde_json::to_vec(game).map_err(|_| Refused::new("this cannot be stored"))?;
        let seconds = (self.limits.keep.ms / 1_000).max(1);
        self.store.set_for(&game_key(game.id), &written, seconds).map_err(denied)?;
        self.store.delete(&due_key(game.due_ms, game.id)).map_err(denied)
    }

    /// Looks at the clocks that are due, and completes what was cut off.
    pub fn tick(&self) -> Result<Vec<Event>, Refused> {
        let mut events = Vec::new();
        let lobby: Option<Lobby> = read(self.store, LOBBY)?;
        for pair in lobby.iter().flat_map(|lobby| &lobby.pairs) {
            events.extend(self.begin(pair)?);
        }
        let pairs: Vec<u64> = lobby.iter().flat_map(|lobby| &lobby.pairs).map(|pair| pair.id).collect();
        let due = self.store.keys("due/", DUE).map_err(denied)?;
        let now = due_key(self.now_ms + 1, 0);
        for key in due.iter().take_while(|key| **key < now) {
            let Some(id) = id_of(key).filter(|id| !pairs.contains(id)) else { continue };
            events.extend(self.look(id, key)?);
        }
        Ok(events)
    }

    /// Looks at the clock of one game.
    fn look(&self, id: u64, key: &str) -> Result<Option<Event>, Refused> {
        let Some(before) = read::<Game>(self.store, &game_key(id))? else {
            self.store.delete(key).map_err(denied)?;
            return Ok(None);
        };
        let goes_on = before.over.is_none();
        let (game, _) = self.in_game(id, |game| {
            if game.over.is_none() {
                game.due_ms = game.next_due(self.now_ms);
            }
            Ok(())
        })?;
        if game.over.is_none() {
            self.note_due(&game)?;
        }
        self.store.delete(key).map_err(denied)?;
        Ok((goes_on && game.over.is_some()).then_some(Event::Ended(game)))
    }
}

#[cfg(test)]
mod tests;
