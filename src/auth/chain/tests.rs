use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::*;
use crate::future::BoxFuture;
use crate::keys::derive_keys;

/// Always returns the same answer.
struct Fixed {
    name: &'static str,
    outcome: Result<Outcome, ()>,
    hashes: Vec<Hash>,
    /// Whether it changes passwords; those it was given.
    set: Option<Mutex<Vec<String>>>,
    verified: AtomicUsize,
}

impl Fixed {
    fn new(name: &'static str, outcome: Outcome) -> Self {
        Fixed {
            name,
            outcome: Ok(outcome),
            hashes: vec![Hash::Sha256, Hash::Sha1],
            set: None,
            verified: AtomicUsize::new(0),
        }
    }

    fn chained(outcome: Outcome) -> Arc<dyn Provider> {
        Arc::new(Self::new("fixed", outcome))
    }

    /// One that changes passwords.
    fn changing(name: &'static str, outcome: Outcome) -> Arc<Self> {
        Arc::new(Fixed { set: Some(Mutex::default()), ..Self::new(name, outcome) })
    }

    fn passwords(&self) -> Vec<String> {
        self.set.as_ref().unwrap().lock().clone()
    }

    fn answer(&self) -> Result<Outcome, ProviderError> {
        let error =
            || ProviderError { provider: "fixed".to_owned(), what: "broken".to_owned(), temporary: false };
        self.outcome.map_err(|()| error())
    }
}

const JACK: LogIn<'static> = LogIn { domain: "chess.example", local: "jack", address: None };

fn keys(hash: Hash) -> ScramKeys {
    derive_keys(hash, "pencil", b"salt", 1).unwrap()
}

impl Provider for Fixed {
    fn name(&self) -> &str {
        self.name
    }

    fn keeps_our_rows(&self) -> bool {
        self.name == "internal"
    }

    fn set_password<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        password: &'a str,
    ) -> BoxFuture<'a, Result<(), ChangeError>> {
        let Some(set) = &self.set else { return Box::pin(async { Err(ChangeError::NotHere) }) };
        set.lock().push(password.to_owned());
        Box::pin(async { Ok(()) })
    }

    fn keys<'a>(&'a self, _: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        let lookup = self.answer().map(|outcome| match outcome {
            Outcome::Accept => Lookup::Keys(AccountKeys::Stored(keys(hash))),
            Outcome::Refuse => Lookup::NoKeys,
            Outcome::NoSuchAccount => Lookup::NoSuchAccount,
            Outcome::Locked => Lookup::Locked(Some(AccountKeys::Stored(keys(hash)))),
            Outcome::TryLater => Lookup::TryLater,
            Outcome::NotMine => Lookup::NotMine,
        });
        Box::pin(async { lookup })
    }

    fn verify_plain<'a>(&'a self, _: LogIn<'a>, _: &'a str) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        self.verified.fetch_add(1, Ordering::Relaxed);
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
    Arc::new(Fixed { outcome: Err(()), hashes: vec![], ..Fixed::new("broken", Outcome::Refuse) })
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
        let got = outcomes(providers).verify_plain(JACK, "pencil").await;
        assert_eq!(got.map(drop), expected, "{providers:?}");
    }
}

#[tokio::test]
async fn a_broken_provider_lets_nobody_in() {
    let chain = chain(vec![broken(), Fixed::chained(Outcome::Accept)]);
    let plain = chain.verify_plain(JACK, "pencil").await;
    assert_eq!(plain, Err(SaslError::TemporaryAuthFailure));
    let keys = chain.keys(JACK, Hash::Sha1).await;
    assert_eq!(keys.err(), Some(SaslError::TemporaryAuthFailure));
    assert!(chain.hashes_offered("chess.example").await.is_empty());
    assert!(chain.exists("chess.example", "jack").await.is_err());
}

/// Each provider's work is a part of the time that an answer takes.
#[tokio::test]
async fn a_wrong_password_asks_as_many_as_an_unknown_name() {
    use Outcome::{Accept, NoSuchAccount, Refuse};
    let asked = async |outcomes: [Outcome; 2]| {
        let providers = outcomes.map(|outcome| Arc::new(Fixed::new("fixed", outcome)));
        let chain = chain(providers.iter().map(|one| one.clone() as _).collect());
        drop(chain.verify_plain(JACK, "pencil").await);
        providers.map(|one| one.verified.load(Ordering::Relaxed))
    };
    assert_eq!(asked([NoSuchAccount, NoSuchAccount]).await, [1, 1]);
    assert_eq!(asked([Refuse, NoSuchAccount]).await, [1, 1]);
    assert_eq!(asked([Accept, NoSuchAccount]).await, [1, 0], "who knows the password learns nothing");
}

#[tokio::test]
async fn keys_or_a_decoy() {
    use Outcome::{Accept, Locked, NoSuchAccount, NotMine, Refuse};
    let found = async |outcomes_: &[Outcome]| {
        let found = outcomes(outcomes_).keys(JACK, Hash::Sha256).await.unwrap();
        (found.keys.resolved().await.stored_key == keys(Hash::Sha256).stored_key, found.refuse)
    };
    assert_eq!(found(&[NotMine, Accept]).await, (true, None));
    assert_eq!(found(&[Locked]).await, (true, Some(SaslError::AccountDisabled)));
    for decoyed in [[NotMine, NoSuchAccount], [Refuse, Accept]] {
        assert_eq!(found(&decoyed).await, (false, None));
    }
    let salt = async || outcomes(&[]).keys(JACK, Hash::Sha256).await.unwrap().keys.resolved().await.salt;
    assert_eq!(salt().await, salt().await);
}

#[tokio::test]
async fn only_hashes_that_all_offer() {
    let only_sha1 = Fixed { hashes: vec![Hash::Sha1], ..Fixed::new("fixed", Outcome::NotMine) };
    let both = Fixed::chained(Outcome::NotMine);
    assert_eq!(chain(vec![both.clone()]).hashes_offered("d").await, [Hash::Sha256, Hash::Sha1]);
    assert_eq!(chain(vec![both, Arc::new(only_sha1)]).hashes_offered("d").await, [Hash::Sha1]);
    assert!(chain(vec![]).hashes_offered("d").await.is_empty());
}

#[tokio::test]
async fn who_has_decided_is_named_unless_it_is_our_own_store() {
    use Outcome::{Accept, Locked, NoSuchAccount, NotMine};
    let named = async |providers: &[(&'static str, Outcome)]| {
        let providers = providers.iter().map(|&(name, outcome)| Arc::new(Fixed::new(name, outcome)) as _);
        let chain = chain(providers.collect());
        let plain = chain.verify_plain(JACK, "pencil").await;
        let keys = chain.keys(JACK, Hash::Sha1).await.unwrap();
        let elsewhere = chain.exists_elsewhere("chess.example", "jack").await.unwrap().map(str::to_owned);
        (plain.ok().and_then(|accepted| accepted.provider), keys.provider, elsewhere)
    };
    let sql = Some("auth-sql".to_owned());
    assert_eq!(
        named(&[("auth-sql", Accept), ("internal", Accept)]).await,
        (sql.clone(), sql.clone(), sql.clone())
    );
    assert_eq!(named(&[("internal", Accept), ("auth-sql", Accept)]).await, (None, None, sql.clone()));
    assert_eq!(
        named(&[("a", NotMine), ("internal", NoSuchAccount), ("auth-sql", Accept), ("b", Accept)]).await,
        (sql.clone(), sql.clone(), sql.clone())
    );
    assert_eq!(named(&[("auth-sql", Locked)]).await, (None, sql.clone(), sql));
    assert_eq!(named(&[("auth-sql", NoSuchAccount), ("internal", NotMine)]).await, (None, None, None));
}

#[tokio::test]
async fn a_password_is_set_where_the_account_is_and_nowhere_else() {
    use Outcome::{Locked, NoSuchAccount, NotMine, Refuse};
    let set = async |chain: &Chain| chain.set_password("chess.example", "jack", "new").await;
    let sql = |outcome| Fixed::changing("auth-sql", outcome);
    let internal = Fixed::changing("internal", Refuse);
    let before = [sql(NotMine), sql(NoSuchAccount)];
    let [other, missing] = before.clone();
    assert!(set(&chain(vec![other, missing, internal.clone()])).await.is_ok());
    assert_eq!(
        (internal.passwords(), before.map(|one| one.passwords().len())),
        (vec!["new".to_owned()], [0, 0])
    );

    let (first, internal) = (sql(Locked), Fixed::changing("internal", Refuse));
    assert!(set(&chain(vec![first.clone(), internal.clone()])).await.is_ok());
    assert_eq!((first.passwords().len(), internal.passwords().len()), (1, 0));

    let fixed = Arc::new(Fixed::new("auth-sql", Refuse));
    let kept = set(&chain(vec![fixed, internal.clone()])).await;
    assert!(matches!(kept, Err(ChangeError::KeptBy(name)) if name == "auth-sql"));
    let failed = set(&chain(vec![broken(), internal.clone()])).await;
    assert!(matches!(failed, Err(ChangeError::Failed(_))));
    assert!(matches!(set(&chain(vec![sql(NoSuchAccount)])).await, Err(ChangeError::NoSuchAccount)));
    assert!(matches!(set(&chain(Vec::new())).await, Err(ChangeError::NotHere)));
    assert_eq!(internal.passwords(), [""; 0], "no second password beside the one elsewhere");
}

#[tokio::test]
async fn a_name_that_is_taken_elsewhere_is_not_created() {
    let chain = chain(vec![
        Arc::new(Fixed::new("internal", Outcome::NoSuchAccount)),
        Fixed::chained(Outcome::Locked),
    ]);
    let created = chain.create("chess.example", "jack", "pencil", 0).await;
    assert!(matches!(created, Err(ChangeError::Exists)));
}

#[tokio::test]
async fn a_certificate_lets_in_who_exists_and_is_not_locked() {
    for (list, expected) in [
        (&[Outcome::Accept][..], Ok(())),
        (&[Outcome::NotMine, Outcome::NoSuchAccount, Outcome::Accept], Ok(())),
        (&[Outcome::NoSuchAccount], Err(SaslError::NotAuthorized)),
        (&[Outcome::Locked, Outcome::Accept], Err(SaslError::AccountDisabled)),
        (&[Outcome::TryLater, Outcome::Accept], Err(SaslError::TemporaryAuthFailure)),
    ] {
        assert_eq!(outcomes(list).admit(JACK).await.map(drop), expected, "{list:?}");
    }
    assert_eq!(chain(vec![broken()]).admit(JACK).await, Err(SaslError::TemporaryAuthFailure));
}
