//! The keys of an account in a SCRAM exchange.

use storage::ScramKeys;

use crate::error::SaslError;
use crate::future::BoxFuture;
use crate::scram::ScramServer;

/// The keys of an account.
pub enum AccountKeys {
    Stored(ScramKeys),
    /// Derived from its password, once the client has sent its proof: so a challenge costs the same whether they are known from
    /// before or not, and an exchange that is given up costs no derivation.
    Derived(Derivation),
}

/// Keys that are derived from a password.
pub struct Derivation {
    pub salt: Vec<u8>,
    pub iterations: u32,
    /// Those of an earlier derivation from the same password.
    pub known: Option<ScramKeys>,
    /// Does it. Fails with `NotAuthorized` if no proof can fit the password, and `TemporaryAuthFailure`.
    pub run: BoxFuture<'static, Result<ScramKeys, SaslError>>,
}

/// The keys with which a SCRAM exchange continues.
pub struct Found {
    /// The account's keys, or a decoy's that no proof fits.
    pub keys: AccountKeys,
    /// The error to return even if the proof is right: the account is locked.
    pub refuse: Option<SaslError>,
    /// The provider that has the account; `None` for the server's own store and for a decoy.
    pub provider: Option<String>,
    /// What is done if the proof is wrong, so that this takes as long as for any other name of the domain.
    pub(crate) imitation: Option<BoxFuture<'static, ()>>,
}

impl AccountKeys {
    /// The salt and the iterations, which the client is told.
    fn shape(&self) -> (&[u8], u32) {
        match self {
            Self::Stored(keys) => (&keys.salt, keys.iterations),
            Self::Derived(derivation) => (&derivation.salt, derivation.iterations),
        }
    }
}

impl Found {
    /// The server-first-message.
    pub fn challenge(&self, exchange: &mut ScramServer) -> Vec<u8> {
        let (salt, iterations) = self.keys.shape();
        exchange.server_first(salt, iterations)
    }

    /// Takes the client-final-message; returns the server-final-message, after which the client is authenticated, unless the account
    /// is locked. A wrong proof costs as much as the first right one.
    ///
    /// # Errors
    /// See [`ScramServer::client_final`]; also `TemporaryAuthFailure`.
    pub async fn prove(self, exchange: &mut ScramServer, last: &[u8]) -> Result<Vec<u8>, SaslError> {
        let (keys, imitation) = match self.keys {
            AccountKeys::Stored(keys) => (keys, self.imitation),
            AccountKeys::Derived(Derivation { known: Some(keys), run, .. }) => {
                (keys, Some(Box::pin(async { drop(run.await) }) as BoxFuture<'static, ()>))
            }
            AccountKeys::Derived(Derivation { run, .. }) => (run.await?, None),
        };
        let proved = exchange.client_final(last, &keys);
        if let (Err(_), Some(imitation)) = (&proved, imitation) {
            imitation.await;
        }
        proved
    }
}

#[cfg(test)]
impl AccountKeys {
    /// Those that a proof is compared with.
    pub async fn resolved(self) -> ScramKeys {
        match self {
            Self::Stored(keys) | Self::Derived(Derivation { known: Some(keys), .. }) => keys,
            Self::Derived(Derivation { run, .. }) => run.await.unwrap(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use storage::Hash;

    use super::*;
    use crate::keys::derive_keys;

    /// The exchange of RFC 5802 section 5.
    const FIRST: &[u8] = b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL";
    const RIGHT: &[u8] =
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
    const WRONG: &[u8] =
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X9v3Bz2T0CJGbJQyF0X+HI4Ts=";
    const BROKEN: &[u8] = b"c=biws";

    fn keys() -> ScramKeys {
        use base64::Engine;
        let salt = base64::engine::general_purpose::STANDARD.decode("QSXCR+Q6sek8bf92").unwrap();
        derive_keys(Hash::Sha1, "pencil", &salt, 4096).unwrap()
    }

    #[derive(Clone, Default)]
    struct Count(Arc<AtomicUsize>);

    impl Count {
        fn imitation(&self) -> BoxFuture<'static, ()> {
            let count = self.0.clone();
            Box::pin(async move {
                count.fetch_add(1, Ordering::Relaxed);
            })
        }

        fn derived(&self, known: bool) -> AccountKeys {
            let (run, keys) = (self.imitation(), keys());
            AccountKeys::Derived(Derivation {
                salt: keys.salt.clone(),
                iterations: 4096,
                known: known.then(|| keys.clone()),
                run: Box::pin(async move {
                    run.await;
                    Ok(keys)
                }),
            })
        }
    }

    /// How many derivations are run until the challenge is sent, and in all.
    async fn derivations(
        keys: impl Fn(&Count) -> AccountKeys,
        imitated: bool,
        last: &[u8],
    ) -> (usize, usize) {
        let count = Count::default();
        let found = Found {
            keys: keys(&count),
            refuse: None,
            provider: None,
            imitation: imitated.then(|| count.imitation()),
        };
        let mut exchange =
            ScramServer::new(Hash::Sha1, false, "3rfcNHYJY1ZVvWVs7j".to_owned(), Arc::default());
        exchange.client_first(FIRST).unwrap();
        let challenge = String::from_utf8(found.challenge(&mut exchange)).unwrap();
        assert!(challenge.ends_with("s=QSXCR+Q6sek8bf92,i=4096"), "{challenge}");
        let before = count.0.load(Ordering::Relaxed);
        assert_eq!(found.prove(&mut exchange, last).await.is_ok(), last == RIGHT);
        (before, count.0.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_wrong_proof_costs_one_derivation_whoever_it_is_of() {
        for wrong in [WRONG, BROKEN] {
            let unknown = derivations(|_| AccountKeys::Stored(keys()), true, wrong).await;
            assert_eq!(unknown, (0, 1), "a name without an account");
            assert_eq!(derivations(|count| count.derived(false), false, wrong).await, (0, 1));
            assert_eq!(derivations(|count| count.derived(true), false, wrong).await, (0, 1));
            let stored = derivations(|_| AccountKeys::Stored(keys()), false, wrong).await;
            assert_eq!(stored, (0, 0), "where no account's are derived");
        }
    }

    #[tokio::test]
    async fn a_right_proof_costs_one_the_first_time() {
        assert_eq!(derivations(|count| count.derived(false), false, RIGHT).await, (0, 1));
        assert_eq!(derivations(|count| count.derived(true), false, RIGHT).await, (0, 0));
        assert_eq!(derivations(|_| AccountKeys::Stored(keys()), true, RIGHT).await, (0, 0));
    }
}
