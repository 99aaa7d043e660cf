//! A player, as it is stored: the rating, and the games that are played.

use serde::{Deserialize, Serialize};

use crate::rating;

/// What is known of a player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub rating: i32,
    /// Games that are over.
    pub played: u32,
    /// Games that go on, by number: a game counts once, when it leaves these.
    pub playing: Vec<u64>,
}

impl Record {
    /// A player who has not played yet.
    pub fn new(rating: i32) -> Self {
        Self { rating, played: 0, playing: Vec::new() }
    }

    /// A game begins; once is enough.
    pub fn begin(&mut self, id: u64) {
        if !self.playing.contains(&id) {
            self.playing.push(id);
        }
    }

    /// A game is over, and changes the rating; again, it changes nothing.
    pub fn settle(&mut self, id: u64, change: i32) {
        if self.playing.contains(&id) {
            self.playing.retain(|one| *one != id);
            self.played += 1;
            self.rating = rating::after(self.rating, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_game_counts_once() {
        let mut record = Record::new(1200);
        record.begin(7);
        record.begin(7);
        record.settle(7, 16);
        record.settle(7, 16);
        assert_eq!(record, Record { rating: 1216, played: 1, playing: Vec::new() });
    }
}
