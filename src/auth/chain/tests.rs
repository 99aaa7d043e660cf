use super::*;
use crate::keys::derive_keys;
use crate::provider::BoxFuture;

/// Always returns the same answer.
struct Fixed {
    outcome: Result<Outcome, ()>,
    hashes: Vec<Hash>,
}

impl Fixed {
    fn chained(outcome: Outcome) -> Arc<dyn Provider> {
        Arc::new(Fixed { outcome: Ok(outcome), hashes: vec![Hash::Sha256, Hash::Sha1] })
    }

    fn answer(&self) -> Result<Outcome, ProviderError> {
        let error =
            || ProviderError { provider: "fixed".to_owned(), what: "broken".to_owned(), temporary: false };
        self.outcome.map_err(|()| error())
    }
}

fn keys(hash: Hash) -> ScramKeys {
    derive_keys(hash, "pencil", b"salt", 1).unwrap()
}

impl Provider for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    fn keys<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        hash: Hash,
    ) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        let lookup = self.answer().map(|outcome| match outcome {
            Outcome::Accept => Lookup::Keys(keys(hash)),
            Outcome::Refuse => Lookup::NoKeys,
            Outcome::NoSuchAccount => Lookup::NoSuchAccount,
            Outcome::Locked => Lookup::Locked(Some(keys(hash))),
            Outcome::TryLater => Lookup::TryLater,
            Outcome::NotMine => Lookup::NotMine,
        });
        Box::pin(async { lookup })
    }

    fn verify_plain<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(async { self.answer() })
    }

    fn exists<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        Box::pin(async { self.answer().map(|o| !matches!(o, Outcome::NoSuchAccount | Outcome::NotMine)) })
    }

    fn hashes_offered<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        Box::pin(async { self.answer().map(|_| self.hashes.clone()) })
    }
}

fn chain(providers: Vec<Arc<dyn Provider>>) -> Chain {
    Chain::new(providers, Decoys::new(*b"a server's secret", 4096))
}

fn outcomes(outcomes: &[Outcome]) -> Chain {
    chain(outcomes.iter().map(|&o| Fixed::chained(o)).collect())
}

fn broken() -> Arc<dyn Provider> {
    Arc::new(Fixed { outcome: Err(()), hashes: vec![] })
}

#[tokio::test]
async fn the_first_that_knows_decides() {
    use Outcome::{Accept, Locked, NoSuchAccount, NotMine, Refuse, TryLater};
    let cases: [(&[Outcome], Result<(), SaslError>); 8] = [
        (&[], Err(SaslError::NotAuthorized)),
        (&[Accept, Refuse], Ok(())),
        (&[NotMine, NoSuchAccount, Accept], Ok(())),
        (&[Refuse, Accept], Err(SaslError::NotAuthorized)),
        (&[Locked, Accept], Err(SaslError::AccountDisabled)),
        (&[TryLater, Accept], Err(SaslError::TemporaryAuthFailure)),
        (&[NoSuchAccount, NotMine], Err(SaslError::NotAuthorized)),
        (&[NoSuchAccount, Locked], Err(SaslError::AccountDisabled)),
    ];
    for (providers, expected) in cases {
        let got = outcomes(providers).verify_plain("chess.example", "jack", "pencil").await;
        assert_eq!(got, expected, "{providers:?}");
    }
}

#[tokio::test]
async fn a_broken_provider_lets_nobody_in() {
    let chain = chain(vec![broken(), Fixed::chained(Outcome::Accept)]);
    let plain = chain.verify_plain("chess.example", "jack", "pencil").await;
    assert_eq!(plain, Err(SaslError::TemporaryAuthFailure));
    let keys = chain.keys("chess.example", "jack", Hash::Sha1).await;
    assert_eq!(keys.err(), Some(SaslError::TemporaryAuthFailure));
    assert!(chain.hashes_offered("chess.example").await.is_empty());
    assert!(chain.exists("chess.example", "jack").await.is_err());
}

#[tokio::test]
async fn keys_or_a_decoy() {
    use Outcome::{Accept, Locked, NoSuchAccount, NotMine, Refuse};
    let found = async |outcomes_: &[Outcome]| {
        let found = outcomes(outcomes_).keys("chess.example", "jack", Hash::Sha256).await.unwrap();
        (found.keys.stored_key == keys(Hash::Sha256).stored_key, found.refuse)
    };
    assert_eq!(found(&[NotMine, Accept]).await, (true, None));
    assert_eq!(found(&[Locked]).await, (true, Some(SaslError::AccountDisabled)));
    for decoyed in [[NotMine, NoSuchAccount], [Refuse, Accept]] {
        assert_eq!(found(&decoyed).await, (false, None));
    }
    let salt = async || outcomes(&[]).keys("chess.example", "jack", Hash::Sha256).await.unwrap().keys.salt;
    assert_eq!(salt().await, salt().await);
}

#[tokio::test]
async fn only_hashes_that_all_offer() {
    let only_sha1 = Fixed { outcome: Ok(Outcome::NotMine), hashes: vec![Hash::Sha1] };
    let both = Fixed::chained(Outcome::NotMine);
    assert_eq!(chain(vec![both.clone()]).hashes_offered("d").await, [Hash::Sha256, Hash::Sha1]);
    assert_eq!(chain(vec![both, Arc::new(only_sha1)]).hashes_offered("d").await, [Hash::Sha1]);
    assert!(chain(vec![]).hashes_offered("d").await.is_empty());
}
