//! Keys that were derived from plain passwords, so that a log-in costs no PBKDF2 when nothing has changed.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use storage::{Hash, ScramKeys};

/// The most names that keys are kept for.
const NAMES: usize = 50_000;

/// A digest of the domain, the local part and the hash.
pub(super) type Name = [u8; 32];

/// By name; each with a digest of the password that it was derived from.
#[derive(Default)]
pub(super) struct Derived(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Those that were used lately.
    new: HashMap<Name, One>,
    /// Those that were before; dropped when there are too many new ones.
    old: HashMap<Name, One>,
}

struct One {
    secret: [u8; 32],
    keys: ScramKeys,
}

impl Derived {
    /// The keys, if they were derived from this password with the salt and iterations of `decoy`.
    pub fn get(&self, name: Name, secret: &str, decoy: &ScramKeys) -> Option<ScramKeys> {
        let secret = Sha256::digest(secret);
        let mut kept = self.0.lock();
        let known = match kept.new.get(&name) {
            Some(known) => known,
            None => {
                let known = kept.old.remove(&name)?;
                kept.insert(name, known);
                kept.new.get(&name)?
            }
        };
        let fits = known.secret[..] == secret[..]
            && known.keys.salt == decoy.salt
            && known.keys.iterations == decoy.iterations;
        fits.then(|| known.keys.clone())
    }

    pub fn put(&self, name: Name, secret: &str, keys: &ScramKeys) {
        let one = One { secret: Sha256::digest(secret).into(), keys: keys.clone() };
        self.0.lock().insert(name, one);
    }
}

impl Kept {
    fn insert(&mut self, name: Name, one: One) {
        if self.new.len() >= NAMES / 2
            && let Entry::Vacant(_) = self.new.entry(name)
        {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(name, one);
    }
}

/// What the keys of a name are kept under.
pub(super) fn name(domain: &str, local: &str, hash: Hash) -> Name {
    let hash = [hash as u8];
    Sha256::new()
        .chain_update(domain)
        .chain_update([0])
        .chain_update(local)
        .chain_update([0])
        .chain_update(hash)
        .finalize()
        .into()
}
