//! All sessions, by their ids.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::SharedRandom;

use super::session::Session;
use crate::address::Addresses;

const SHARDS: usize = 16;

/// Sessions by id.
pub(super) struct Registry {
    shards: [Mutex<HashMap<u128, Arc<Session>>>; SHARDS],
    random: SharedRandom,
    pub addresses: Arc<Addresses>,
}

impl Registry {
    pub fn new(random: SharedRandom) -> Self {
        Self { shards: Default::default(), random, addresses: Arc::default() }
    }

    /// 128 random bits.
    pub fn new_sid(&self) -> u128 {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    pub fn insert(&self, session: Arc<Session>) {
        self.shard(session.sid).lock().insert(session.sid, session);
    }

    pub fn remove(&self, sid: u128) {
        self.shard(sid).lock().remove(&sid);
    }

    /// The session with this `sid`.
    pub fn get(&self, sid: &str) -> Option<Arc<Session>> {
        let sid = read(sid)?;
        self.shard(sid).lock().get(&sid).cloned()
    }

    fn shard(&self, sid: u128) -> &Mutex<HashMap<u128, Arc<Session>>> {
        &self.shards[sid as usize % SHARDS]
    }
}

/// The `sid` as written: 32 hexadecimal digits.
pub(super) fn write(sid: u128) -> String {
    format!("{sid:032x}")
}

fn read(sid: &str) -> Option<u128> {
    let well_formed = sid.len() == 32 && sid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    well_formed.then(|| u128::from_str_radix(sid, 16).ok())?
}
