//! Whole games, and calls that are cut off after each of their writes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use castling_plugin::Denied;

use super::*;

/// A store in memory, which can fail after so many writes.
#[derive(Default)]
struct Memory {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    writes_left: Cell<Option<usize>>,
}

impl Memory {
    fn write(&self) -> Result<(), Denied> {
        match self.writes_left.get() {
            Some(0) => Err(Denied::Unavailable),
            left => {
                self.writes_left.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Denied> {
        Ok(self.values.borrow().get(key).cloned())
    }

    fn swap(&self, key: &str, expect: Option<Vec<u8>>, value: &[u8]) -> Result<bool, Denied> {
        self.write()?;
        let mut values = self.values.borrow_mut();
        if values.get(key) != expect.as_ref() {
            return Ok(false);
        }
        values.insert(key.into(), value.into());
        Ok(true)
    }

    fn set_for(&self, key: &str, value: &[u8], _: u32) -> Result<(), Denied> {
        self.write()?;
        self.values.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), Denied> {
        self.write()?;
        self.values.borrow_mut().remove(key);
        Ok(())
    }

    fn keys(&self, prefix: &str, limit: u32) -> Result<Vec<String>, Denied> {
        let values = self.values.borrow();
        Ok(values.keys().filter(|key| key.starts_with(prefix)).take(limit as usize).cloned().collect())
    }
}

fn limits() -> Limits {
    let times = ["5+3", "1+0"].map(|text| TimeControl::try_from(text.to_owned()).unwrap());
    Limits {
        title: "Arena".into(),
        times: times.to_vec(),
        rating: 1200,
        window: 300,
        games_of_one: 2,
        games: 3,
        watchers: 1,
        keep: Duration { ms: 60_000 },
    }
}

const A: &str = "a@x";
const B: &str = "b@x";

struct Hall {
    store: Memory,
    limits: Limits,
}

impl Hall {
    fn new() -> Self {
        Self { store: Memory::default(), limits: limits() }
    }

    fn at(&self, now_ms: u64) -> Desk<'_> {
        Desk { store: &self.store, limits: &self.limits, now_ms }
    }

    fn seek(&self, jid: &str) -> Result<Vec<Event>, Refused> {
        self.at(1_000).seek(jid, &format!("{jid}/r"), None)
    }

    /// The number of a game between the two; `a@x` plays White.
    fn game(&self) -> u64 {
        assert_eq!(self.seek(A), Ok(Vec::new()));
        let events = self.seek(B).unwrap();
        let [Event::Began(game)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(game.white.jid, A);
        game.id
    }

    fn ratings(&self) -> [(i32, u32, usize); 2] {
        [A, B].map(|jid| {
            let record = self.at(0).player(jid).unwrap();
            (record.rating, record.played, record.playing.len())
        })
    }
}

fn refused(outcome: Result<Vec<Event>, Refused>) -> String {
    outcome.unwrap_err().0
}

#[test]
fn a_whole_game() {
    let hall = Hall::new();
    let id = hall.game();
    assert_eq!(hall.ratings(), [(1200, 0, 1), (1200, 0, 1)]);
    for (jid, text) in [(A, "f3"), (B, "e5"), (A, "g4")] {
        assert!(matches!(&hall.at(2_000).play(id, jid, text).unwrap()[..], [Event::Moved(..)]), "{text}");
    }
    let events = hall.at(2_000).play(id, B, "Qh4").unwrap();
    let [Event::Moved(_, played), Event::Ended(game)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((played.san.as_str(), game.result()), ("Qh4#", "0-1"));
    assert_eq!(hall.ratings(), [(1184, 1, 0), (1216, 1, 0)]);
    assert_eq!(hall.at(0).running(10), Ok(Vec::new()));
    assert_eq!(refused(hall.at(3_000).play(id, A, "e4")), "this game is over");
    assert_eq!(hall.at(0).game(id).unwrap().moves.len(), 4, "it can still be looked at");
}

#[test]
fn what_is_refused_changes_nothing() {
    let hall = Hall::new();
    let id = hall.game();
    let before = hall.store.values.borrow().clone();
    assert_eq!(refused(hall.at(2_000).play(id, A, "e5")), "e5 is not a legal move here");
    assert_eq!(refused(hall.at(2_000).play(id, B, "e5")), "it is not your turn");
    assert_eq!(refused(hall.at(2_000).play(id, "c@x", "e4")), "you are not a player in this game");
    assert_eq!(refused(hall.at(2_000).resign(id, "c@x")), "you are not a player in this game");
    assert_eq!(refused(hall.at(2_000).draw(99, A)), "there is no such game");
    assert_eq!(*hall.store.values.borrow(), before);
}

#[test]
fn games_seeks_and_watchers_are_bounded() {
    let hall = Hall::new();
    let id = hall.game();
    assert_eq!(hall.seek(A), Ok(Vec::new()));
    assert_eq!(refused(hall.seek(A)), "you are seeking a game already");
    hall.seek(B).unwrap();
    assert_eq!(refused(hall.seek(A)), "you are playing 2 games already");
    hall.seek("c@x").unwrap();
    hall.seek("d@x").unwrap();
    assert_eq!(refused(hall.seek("e@x")), "too many games are being played; try again later");
    assert!(hall.at(0).watch(id, "w@x/1", true).is_ok() && hall.at(0).watch(id, "w@x/1", true).is_ok());
    assert!(hall.at(0).watch(id, "w@x/2", true).is_err() && hall.at(0).watch(id, "w@x/1", false).is_ok());
    assert!(hall.at(0).watch(id, "w@x/2", true).is_ok());
}

#[test]
fn a_flag_falls_when_its_time_comes_and_not_before() {
    let hall = Hall::new();
    let id = hall.game();
    hall.at(200_000).play(id, A, "e4").unwrap();
    assert_eq!(hall.at(299_000).tick(), Ok(Vec::new()));
    assert_eq!(hall.at(301_000).tick(), Ok(Vec::new()), "White has 104 s left, Black 199 s");
    assert_eq!(hall.at(499_999).tick(), Ok(Vec::new()));
    let events = hall.at(500_000).tick().unwrap();
    assert!(matches!(&events[..], [Event::Ended(game)] if game.result() == "1-0"), "{events:?}");
    assert_eq!(hall.at(500_001).tick(), Ok(Vec::new()), "once");
    assert_eq!(hall.ratings(), [(1216, 1, 0), (1184, 1, 0)]);
    assert_eq!(hall.at(0).running(10), Ok(Vec::new()));
}

#[test]
fn a_move_after_the_flag_has_fallen_ends_the_game() {
    let hall = Hall::new();
    let id = hall.game();
    let events = hall.at(301_000).play(id, A, "e4").unwrap();
    assert!(matches!(&events[..], [Event::Ended(game)] if game.result() == "0-1" && game.moves.is_empty()));
}

#[test]
fn a_seek_is_withdrawn_with_its_resource() {
    let hall = Hall::new();
    hall.seek(A).unwrap();
    assert_eq!(hall.at(0).withdraw("a@x/other"), Ok(false));
    assert_eq!(hall.at(0).withdraw("a@x/r"), Ok(true));
    assert_eq!(hall.seek(B), Ok(Vec::new()), "no player is left to play with");
}

/// Whichever write is the last before the plugin fails or the server is killed: nothing is lost, and nothing counts twice.
#[test]
fn what_is_cut_off_anywhere_is_completed() {
    for writes in 0..40 {
        let hall = Hall::new();
        hall.seek(A).unwrap();
        hall.store.writes_left.set(Some(writes));
        let began = hall.seek(B).is_ok();
        hall.store.writes_left.set(None);
        hall.at(1_500).tick().unwrap();
        let lobby: Lobby = read(&hall.store, LOBBY).unwrap().unwrap();
        assert!(lobby.pairs.is_empty());
        if lobby.seeks.len() == 1 {
            assert!(
                !began && hall.at(0).running(10) == Ok(Vec::new()),
                "{writes}: as if it had not been asked"
            );
            continue;
        }
        assert_eq!((lobby.seeks.len(), hall.at(0).running(10)), (0, Ok(vec![1])), "{writes}");
        assert_eq!(hall.ratings(), [(1200, 0, 1), (1200, 0, 1)], "{writes}");
        if began {
            break;
        }
    }
    for writes in 0..40 {
        let hall = Hall::new();
        let id = hall.game();
        hall.store.writes_left.set(Some(writes));
        let resigned = hall.at(2_000).resign(id, B).is_ok();
        hall.store.writes_left.set(None);
        hall.at(400_000).tick().unwrap();
        hall.at(800_000).tick().unwrap();
        let game = hall.at(0).game(id).unwrap();
        let expected = if writes == 0 { "0-1" } else { "1-0" }; // else White has lost on time
        assert_eq!((game.result(), hall.at(0).running(10)), (expected, Ok(Vec::new())), "{writes}");
        let by = if writes == 0 { -16 } else { 16 };
        assert_eq!(hall.ratings(), [(1200 + by, 1, 0), (1200 - by, 1, 0)], "{writes}");
        if resigned {
            return;
        }
    }
    panic!("it never came to an end");
}
