//! What is stored: values that are changed as a whole, so that nothing is ever half-written.

use castling_plugin::{Denied, kv};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::game::Refused;

/// How often a change is tried again that another call was faster with.
const TRIES: usize = 20;
/// Bytes of a value; the server takes no more.
const BYTES: usize = 65_536;

/// Keys and values. Those of the server, or a test's.
pub trait Store {
    /// The value of a key.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Denied>;
    /// Sets a key if it has the expected value; whether it had.
    fn swap(&self, key: &str, expect: Option<Vec<u8>>, value: &[u8]) -> Result<bool, Denied>;
    /// Sets a key for so many seconds.
    fn set_for(&self, key: &str, value: &[u8], seconds: u32) -> Result<(), Denied>;
    /// Deletes a key.
    fn delete(&self, key: &str) -> Result<(), Denied>;
    /// Keys with a prefix, in order.
    fn keys(&self, prefix: &str, limit: u32) -> Result<Vec<String>, Denied>;
}

/// The server's store, for one domain.
pub struct Kept(pub u32);

impl Store for Kept {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Denied> {
        kv::get(self.0, key)
    }

    fn swap(&self, key: &str, expect: Option<Vec<u8>>, value: &[u8]) -> Result<bool, Denied> {
        kv::swap(self.0, key, expect.as_deref(), value)
    }

    fn set_for(&self, key: &str, value: &[u8], seconds: u32) -> Result<(), Denied> {
        kv::set(self.0, key, value, Some(seconds))
    }

    fn delete(&self, key: &str) -> Result<(), Denied> {
        kv::delete(self.0, key).map(drop)
    }

    fn keys(&self, prefix: &str, limit: u32) -> Result<Vec<String>, Denied> {
        kv::keys(self.0, prefix, None, limit)
    }
}

/// The store does not answer, or is full.
pub fn denied(_: Denied) -> Refused {
    Refused::new("the arena cannot store this now; try again later")
}

/// Reads a value; `None`: there is none, or it is damaged.
pub fn read<T: DeserializeOwned>(store: &dyn Store, key: &str) -> Result<Option<T>, Refused> {
    let raw = store.get(key).map_err(denied)?;
    Ok(raw.and_then(|raw| serde_json::from_slice(&raw).ok()))
}

/// Changes a value, `initial` if there is none; nothing is written if the change is refused. Calls that run at the same time do not
/// lose anything: the change is computed again.
pub fn change<T, R>(
    store: &dyn Store,
    key: &str,
    initial: impl Fn() -> Option<T>,
    mut change: impl FnMut(&mut T) -> Result<R, Refused>,
) -> Result<(T, R), Refused>
where
    T: Serialize + DeserializeOwned,
{
    for _ in 0..TRIES {
        let raw = store.get(key).map_err(denied)?;
        let present = raw.as_deref().map(serde_json::from_slice).transpose();
        let present = present.map_err(|_| Refused::new("what is stored here is damaged"))?;
        let Some(mut value) = present.or_else(&initial) else {
            return Err(Refused::new("there is no such game"));
        };
        let outcome = change(&mut value)?;
        let written = serde_json::to_vec(&value).map_err(|_| Refused::new("this cannot be stored"))?;
        if written.len() > BYTES {
            return Err(Refused::new("the arena is full; try again later"));
        }
        if raw.as_ref() == Some(&written) || store.swap(key, raw, &written).map_err(denied)? {
            return Ok((value, outcome));
        }
    }
    Err(Refused::new("the arena is busy; try again"))
}
