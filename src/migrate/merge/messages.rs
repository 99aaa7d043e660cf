//! Messages that wait.

use hashbrown::HashMap;
use smallvec::smallvec;

use bytes::Bytes;
use storage::{AccountState, OfflineId, OfflineMessage};

use super::{Merge, There};
use crate::{Kind, MigrateError, digest};

impl Merge<'_> {
    /// One that was imported and is not here any more has been delivered, and does not come again; one that the source has
    /// delivered since does not wait here any longer.
    pub(super) fn messages(&mut self, messages: Vec<(i64, Bytes)>) -> Result<(), MigrateError> {
        let stored = self.state.into_iter().flat_map(|state| &state.messages);
        let mut numbers = Numbers::default();
        let here: HashMap<u64, OfflineId> =
            stored.map(|OfflineMessage { id, stored_us, xml }| (numbers.key(*stored_us, xml), *id)).collect();
        let mut numbers = Numbers::default();
        let there = messages.into_iter().map(|(stored_us, xml)| There {
            key: numbers.key(stored_us, &xml),
            digest: 1, // the content is the key
            rows: smallvec![(Kind::Offline, 1)],
            record: (stored_us, xml),
        });
        let there = there.collect();
        let decided = self.decide(
            Kind::Offline,
            there,
            &|key| here.contains_key(&key).then_some(1),
            &|_| String::new(),
            true,
        )?;
        self.change.messages = decided.put;
        self.change.messages_gone = decided.gone.iter().filter_map(|key| here.get(key)).copied().collect();
        Ok(())
    }
}

/// Keys and digests of what stands here.
pub(super) fn here(state: &AccountState) -> Vec<(u64, u64)> {
    let mut numbers = Numbers::default();
    state.messages.iter().map(|message| (numbers.key(message.stored_us, &message.xml), 1)).collect()
}

/// How many messages of the same text and time have been seen.
#[derive(Default)]
struct Numbers(HashMap<u64, u64>);

impl Numbers {
    fn key(&mut self, stored_us: i64, xml: &[u8]) -> u64 {
        let digest = digest::message(stored_us, xml);
        let number = self.0.entry(digest).or_default();
        *number += 1;
        digest.wrapping_add(*number - 1)
    }
}
