//! What is verified for a name without an account, and which challenge it is sent, so that both are as for one with an account.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use storage::{Hash, ScramKeys};
use zeroize::Zeroizing;

use crate::decoy::Shape;
use crate::secret::{Format, Secret};

/// What was read last on each domain in each format; of a plain format nothing is kept.
#[derive(Default)]
pub(super) struct Models(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    secrets: HashMap<(String, Format), Arc<Secret>>,
    /// Those that were seen first: a name must not be sent another challenge each time.
    shapes: HashMap<(String, Hash), Shape>,
}

impl Models {
    /// An account's was read.
    pub fn note(&self, domain: &str, format: Format, secret: &Arc<Secret>) {
        if matches!(**secret, Secret::Plain(_)) {
            return;
        }
        self.0.lock().secrets.insert((domain.to_owned(), format), secret.clone());
    }

    /// The keys of an account were read.
    pub fn note_keys(&self, domain: &str, keys: &ScramKeys) {
        let shape = Shape { iterations: keys.iterations, salt_len: keys.salt.len() };
        self.0.lock().shapes.entry((domain.to_owned(), keys.hash)).or_insert(shape);
    }

    /// One that costs as much; the result of verifying it must not be used.
    pub fn secret(&self, domain: &str, format: Format) -> Option<Arc<Secret>> {
        self.0.lock().secrets.get(&(domain.to_owned(), format)).cloned()
    }

    /// What the challenge of an account shows.
    pub fn shape(&self, domain: &str, hash: Hash) -> Option<Shape> {
        self.0.lock().shapes.get(&(domain.to_owned(), hash)).copied()
    }
}

/// As long as no account is known.
pub(super) fn example(format: Format) -> Arc<Secret> {
    let (text, salt) = format.example();
    let example = Secret::read(format, text, salt);
    Arc::new(example.unwrap_or_else(|_| Secret::Plain(Zeroizing::new(text.to_owned()))))
}
