//! Who seeks a game, and pairs of players whose game is about to begin.

use serde::{Deserialize, Serialize};

use crate::game::{Player, Refused, TimeControl};

/// All that is stored of it has room in one value.
const SEEKS: usize = 150;
/// Bytes of a JID that may play.
const JID: usize = 200;

/// A player who seeks a game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seek {
    pub player: Player,
    /// The resource that seeks: when it goes offline, the seek is withdrawn.
    pub resource: String,
    pub time: TimeControl,
}

/// Two players who were matched. It stays until their game is stored: if that is cut off, it is done later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub id: u64,
    pub white: Player,
    pub black: Player,
    pub time: TimeControl,
}

/// The lobby, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lobby {
    /// In the order in which they came.
    pub seeks: Vec<Seek>,
    pub pairs: Vec<Pair>,
    /// The number of the last game.
    pub last: u64,
}

impl Lobby {
    /// Matches a player with the one of nearest rating who seeks the same; else the seek waits, and `None` is returned.
    ///
    /// # Errors
    /// The player seeks already, or too many do.
    pub fn seek(&mut self, seek: &Seek, window: i32) -> Result<Option<Pair>, Refused> {
        if seek.player.jid.len() > JID || seek.resource.len() > 2 * JID {
            return Err(Refused::new("your address is too long to play here"));
        }
        if self.seeks.iter().any(|one| one.player.jid == seek.player.jid) {
            return Err(Refused::new("you are seeking a game already"));
        }
        let apart = |one: &Seek| one.player.rating.abs_diff(seek.player.rating);
        let fits = |one: &&Seek| one.time == seek.time && apart(one) <= window.unsigned_abs();
        let found = self.seeks.iter().filter(fits).min_by_key(|one| apart(one)).cloned();
        let Some(found) = found else {
            if self.seeks.len() >= SEEKS {
                return Err(Refused::new("too many players are seeking a game; try again later"));
            }
            self.seeks.push(seek.clone());
            return Ok(None);
        };
        self.seeks.retain(|one| *one != found);
        self.last += 1;
        // The one who has waited plays White in every other game.
        let (white, black) = match self.last.is_multiple_of(2) {
            true => (seek.player.clone(), found.player),
            false => (found.player, seek.player.clone()),
        };
        let pair = Pair { id: self.last, white, black, time: seek.time };
        self.pairs.push(pair.clone());
        Ok(Some(pair))
    }

    /// Withdraws the seek of a player (a bare JID), or of a resource; whether there was one.
    pub fn withdraw(&mut self, jid: &str) -> bool {
        let before = self.seeks.len();
        self.seeks.retain(|one| one.player.jid != jid && one.resource != jid);
        self.seeks.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seek(jid: &str, rating: i32, time: &str) -> Seek {
        let time = TimeControl::try_from(time.to_owned()).unwrap();
        Seek { player: Player { jid: jid.into(), rating }, resource: format!("{jid}/r"), time }
    }

    #[test]
    fn like_ratings_and_the_same_time_are_matched() {
        let mut lobby = Lobby::default();
        for (jid, rating, time) in
            [("a@x", 1200, "5+3"), ("b@x", 1700, "5+3"), ("c@x", 1390, "1+0"), ("d@x", 1450, "5+3")]
        {
            assert_eq!(lobby.seek(&seek(jid, rating, time), 200), Ok(None), "{jid}");
        }
        let pair = lobby.seek(&seek("e@x", 1380, "5+3"), 200).unwrap().unwrap();
        assert_eq!(
            (pair.white.jid.as_str(), pair.black.jid.as_str(), pair.id),
            ("d@x", "e@x", 1),
            "the nearest"
        );
        assert_eq!((lobby.seeks.len(), lobby.pairs.len()), (3, 1));
        assert!(lobby.seek(&seek("a@x", 1200, "1+0"), 200).is_err(), "one at a time");
    }

    #[test]
    fn a_seek_is_withdrawn_by_the_player_or_the_resource() {
        let mut lobby = Lobby::default();
        lobby.seek(&seek("a@x", 1200, "5+3"), 0).unwrap();
        assert!(!lobby.withdraw("a@x/other") && lobby.withdraw("a@x/r") && !lobby.withdraw("a@x"));
        lobby.seek(&seek("a@x", 1200, "5+3"), 0).unwrap();
        assert!(lobby.withdraw("a@x"));
    }

    #[test]
    fn it_is_bounded() {
        let mut lobby = Lobby::default();
        let long = |n: usize| format!("{n:0>197}@x");
        for n in 0..SEEKS {
            assert_eq!(lobby.seek(&seek(&long(n), n as i32 * 10, "5+3"), 5), Ok(None), "{n}");
        }
        assert!(lobby.seek(&seek("a@x", 9_999, "5+3"), 5).is_err());
        assert!(lobby.seek(&seek(&"a".repeat(300), 1200, "1+0"), 5).is_err());
        assert!(serde_json::to_vec(&lobby).unwrap().len() + 1_000 < 80_000);
    }
}
