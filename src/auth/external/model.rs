//! What is verified for a name without an account, so that the answer takes as long as for one with an account.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::secret::{Format, Secret};

/// The last stored password that was read on each domain; those of a plain format are not kept.
#[derive(Default)]
pub(super) struct Models(Mutex<HashMap<String, Arc<Secret>>>);

impl Models {
    /// An account's was read.
    pub fn note(&self, domain: &str, secret: &Arc<Secret>) {
        if matches!(**secret, Secret::Plain(_)) {
            return;
        }
        let mut models = self.0.lock();
        match models.get_mut(domain) {
            Some(model) => *model = secret.clone(),
            None => drop(models.insert(domain.to_owned(), secret.clone())),
        }
    }

    /// One that costs as much; the result of verifying it must not be used.
    pub fn of(&self, domain: &str, format: Format) -> Arc<Secret> {
        if let Some(model) = self.0.lock().get(domain) {
            return model.clone();
        }
        let (text, salt) = format.example();
        let example = Secret::read(format, text, salt);
        Arc::new(example.unwrap_or_else(|_| Secret::Plain(Zeroizing::new(text.to_owned()))))
    }
}
