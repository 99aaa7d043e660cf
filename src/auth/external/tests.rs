//! A source that a test fills.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use runtime::SystemRandom;

use super::*;
use crate::{Chain, SaslError, verify_plain};

const DOMAIN: &str = "chess.example";

/// Text, salt, and whether the account is locked.
type Row = (&'static str, Option<&'static str>, bool);

struct Table {
    storing: Mutex<Option<Storing>>,
    rows: Mutex<BTreeMap<String, Row>>,
    written: Mutex<Vec<(String, String)>>,
    away: bool,
    asked: AtomicUsize,
}

impl AccountSource for Arc<Table> {
    fn name(&self) -> &str {
        "table"
    }

    fn storing(&self, _domain: &str) -> Option<Storing> {
        self.storing.lock().clone()
    }

    fn find<'a>(
        &'a self,
        LogIn { local, .. }: LogIn<'a>,
    ) -> BoxFuture<'a, Result<AccountFound, ProviderError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let found = self.rows.lock().get(local).map(|(text, salt, locked)| AccountRecord {
            secret: StoredPassword::new((*text).to_owned()),
            salt: salt.map(str::to_owned),
            locked: *locked,
        });
        let away = ProviderError { provider: "table".into(), what: "away".into(), temporary: true };
        Box::pin(std::future::ready(match (self.away, found) {
            (true, _) => Err(away),
            (false, Some(record)) => Ok(AccountFound::Account(record)),
            (false, None) if local.starts_with('x') => Ok(AccountFound::NotMine),
            (false, None) => Ok(AccountFound::NoSuchAccount),
        }))
    }

    fn exists<'a>(&'a self, _domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        let exists = self.rows.lock().contains_key(local);
        Box::pin(std::future::ready(Ok(exists)))
    }

    fn set_password<'a>(
        &'a self,
        _domain: &'a str,
        local: &'a str,
        written: StoredPassword,
    ) -> BoxFuture<'a, Result<bool, Option<ProviderError>>> {
        let exists = self.rows.lock().contains_key(local);
        self.written.lock().push((local.to_owned(), written.as_str().to_owned()));
        Box::pin(std::future::ready(Ok(exists)))
    }
}

fn log_in(local: &str) -> LogIn<'_> {
    LogIn::from_nowhere(DOMAIN, local)
}

struct Bench {
    table: Arc<Table>,
    provider: Arc<External<Arc<Table>>>,
    chain: Chain,
}

fn bench(format: Format, rows: &[(&str, Row)]) -> Bench {
    of(format, rows, false)
}

fn of(format: Format, rows: &[(&str, Row)], away: bool) -> Bench {
    let hashes = if format == Format::Scram { vec![Hash::Sha256] } else { Vec::new() };
    let table = Arc::new(Table {
        storing: Mutex::new(Some(Storing { format, hashes, realm: None })),
        rows: Mutex::new(rows.iter().map(|(name, row)| ((*name).to_owned(), *row)).collect()),
        written: Mutex::default(),
        away,
        asked: AtomicUsize::new(0),
    });
    let decoys = Decoys::new(vec![7; 32], 64);
    let hashing =
        Hashing { hashes: vec![Hash::Sha256, Hash::Sha1], iterations: 64, at_once: NonZeroUsize::MIN };
    let provider = Arc::new(External::new(table.clone(), Arc::new(SystemRandom), decoys.clone(), hashing));
    let chain = Chain::new(vec![provider.clone()], decoys);
    Bench { table, provider, chain }
}

impl Bench {
    async fn plain(&self, local: &str, password: &str) -> Result<(), SaslError> {
        self.chain.verify_plain(log_in(local), password).await.map(drop)
    }

    /// The keys that an exchange of SCRAM would use.
    async fn keys(&self, local: &str) -> ScramKeys {
        self.chain.keys(log_in(local), Hash::Sha256).await.ok().unwrap().keys.resolved().await
    }
}

#[tokio::test]
async fn keys_of_plain_passwords_are_derived_and_stay_the_same() {
    let bench = bench(Format::Plain, &[("jack", ("secret", None, false)), ("meta", ("", None, false))]);
    assert_eq!(bench.provider.hashes_offered(DOMAIN).await.unwrap(), [Hash::Sha256, Hash::Sha1]);
    let keys = bench.keys("jack").await;
    assert!(verify_plain("secret", std::slice::from_ref(&keys)));
    assert_eq!(bench.keys("jack").await, keys, "the salt, too");
    assert_eq!(bench.table.asked.load(Ordering::Relaxed), 2, "the source is asked at every log-in");
    bench.table.rows.lock().insert("jack".into(), ("changed", None, false));
    let changed = bench.keys("jack").await;
    assert!(verify_plain("changed", std::slice::from_ref(&changed)));
    assert!(!verify_plain("secret", std::slice::from_ref(&changed)));
    // What a challenge shows tells nobody whether there is such an account.
    for local in ["jack", "jill", "meta"] {
        let before = bench.keys(local).await;
        assert_eq!((before.salt.len(), before.iterations), (keys.salt.len(), keys.iterations));
        bench.table.rows.lock().remove(local);
        assert_eq!(bench.keys(local).await.salt, before.salt, "{local}");
        assert!(!verify_plain("changed", &[bench.keys(local).await]), "{local}");
    }
}

#[tokio::test]
async fn passwords_are_verified_and_nothing_else_is_told() {
    let bench = bench(
        Format::Plain,
        &[
            ("jack", ("secret", None, false)),
            ("lock", ("secret", None, true)),
            ("none", ("", None, false)),
            ("blank", ("  ", None, false)),
        ],
    );
    for (local, password, expected) in [
        ("jack", "secret", Ok(())),
        ("jack", "Secret", Err(SaslError::NotAuthorized)),
        ("jill", "secret", Err(SaslError::NotAuthorized)),
        ("x", "secret", Err(SaslError::NotAuthorized)),
        ("lock", "secret", Err(SaslError::AccountDisabled)),
        ("lock", "wrong", Err(SaslError::NotAuthorized)),
        ("none", "", Err(SaslError::NotAuthorized)),
        ("none", "secret", Err(SaslError::NotAuthorized)),
        ("blank", "  ", Err(SaslError::NotAuthorized)),
    ] {
        assert_eq!(bench.plain(local, password).await, expected, "{local} {password}");
    }
    let locked = bench.chain.keys(log_in("lock"), Hash::Sha256).await.ok().unwrap();
    assert_eq!(locked.refuse, Some(SaslError::AccountDisabled));
    assert!(verify_plain("secret", &[locked.keys.resolved().await]), "only who has the password learns that");
}

#[tokio::test]
async fn a_name_without_an_account_costs_a_derivation_where_those_with_one_do() {
    let imitated = async |bench: &Bench, local: &str| {
        let found = bench.chain.keys(log_in(local), Hash::Sha256).await.ok().unwrap();
        (matches!(found.keys, AccountKeys::Derived(_)), found.imitation.is_some())
    };
    let rows = [("jack", ("secret", None, false)), ("none", ("", None, false))];
    let plain = bench(Format::Plain, &rows);
    assert_eq!(imitated(&plain, "jack").await, (true, false));
    for local in ["jill", "none", "x"] {
        assert_eq!(imitated(&plain, local).await, (false, true), "{local}");
    }
    let (text, _) = Format::Scram.example();
    let scram = bench(Format::Scram, &[("jack", (text, None, false))]);
    for local in ["jack", "jill"] {
        assert_eq!(imitated(&scram, local).await, (false, false), "{local}");
    }
}

#[tokio::test]
async fn hashes_are_verified_and_offer_no_scram() {
    for format in Format::ALL.iter().filter(|format| format.is_one_way()) {
        let (text, salt) = format.example();
        let bench = bench(*format, &[("jack", (text, salt, false))]);
        assert_eq!(bench.provider.hashes_offered(DOMAIN).await.unwrap(), [], "{format}");
        assert_eq!(bench.plain("jack", crate::EXAMPLE_PASSWORD).await, Ok(()), "{format}");
        assert_eq!(bench.plain("jack", "wrong").await, Err(SaslError::NotAuthorized), "{format}");
        assert_eq!(
            bench.plain("jill", crate::EXAMPLE_PASSWORD).await,
            Err(SaslError::NotAuthorized),
            "{format}"
        );
        assert!(!verify_plain(crate::EXAMPLE_PASSWORD, &[bench.keys("jack").await]), "a decoy");
    }
}

#[tokio::test]
async fn scram_keys_are_used_as_they_are() {
    let (text, _) = Format::Scram.example();
    let bench = bench(Format::Scram, &[("jack", (text, None, false))]);
    assert_eq!(bench.provider.hashes_offered(DOMAIN).await.unwrap(), [Hash::Sha256]);
    assert!(verify_plain(crate::EXAMPLE_PASSWORD, &[bench.keys("jack").await]));
    assert_eq!(bench.plain("jack", crate::EXAMPLE_PASSWORD).await, Ok(()));
    assert_eq!(bench.plain("jack", "wrong").await, Err(SaslError::NotAuthorized));
}

#[tokio::test]
async fn what_cannot_be_decided_is_never_a_wrong_password() {
    let later = Err(SaslError::TemporaryAuthFailure);
    let bench = of(Format::Plain, &[("jack", ("secret", None, false))], true);
    assert_eq!(bench.plain("jack", "secret").await, later);
    assert_eq!(
        bench.chain.keys(log_in("jack"), Hash::Sha256).await.err(),
        Some(SaslError::TemporaryAuthFailure)
    );

    let bench = self::bench(Format::Bcrypt, &[("jack", ("not bcrypt", None, false))]);
    assert_eq!(bench.plain("jack", "secret").await, later);
    *bench.table.storing.lock() = None;
    assert_eq!(bench.plain("jack", "secret").await, later, "the plugin is not in force");
    assert_eq!(
        bench.chain.keys(log_in("jack"), Hash::Sha256).await.err(),
        Some(SaslError::TemporaryAuthFailure)
    );
    assert_eq!(
        bench.provider.hashes_offered(DOMAIN).await.unwrap(),
        [Hash::Sha256, Hash::Sha1],
        "a client that is offered nothing gives up"
    );
}

#[tokio::test]
async fn a_password_is_changed_in_the_format_of_the_source() {
    for format in Format::ALL {
        let bench = bench(*format, &[("jack", format.example().into_row())]);
        let changed = bench.provider.set_password(DOMAIN, "jack", "new").await;
        if format.word().contains("salt") {
            assert!(matches!(changed, Err(ChangeError::Failed(_))), "{format}");
            continue;
        }
        assert!(changed.is_ok(), "{format}");
        let (local, written) = bench.table.written.lock().pop().unwrap();
        let secret =
            Secret::read(*format, &written, None).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(secret.verify(AccountName { local: &local, domain: DOMAIN }, "new"), "{format}");
        let nobody = bench.provider.set_password(DOMAIN, "jill", "new").await;
        assert!(matches!(nobody, Err(ChangeError::NoSuchAccount)), "{format}");
        assert!(matches!(
            bench.provider.set_password(DOMAIN, "jack", "").await,
            Err(ChangeError::Password(_))
        ));
    }
}

trait IntoRow {
    fn into_row(self) -> Row;
}

impl IntoRow for (&'static str, Option<&'static str>) {
    fn into_row(self) -> Row {
        (self.0, self.1, false)
    }
}

#[test]
fn only_so_many_derived_keys_are_kept() {
    let derived = Derived::default();
    let keys = crate::derive_keys(Hash::Sha1, "x", b"salt", 1).unwrap();
    for number in 0..60_000 {
        derived.put(derived::name("a", &number.to_string(), Hash::Sha1), "x", &keys);
    }
    let known = |number: usize| {
        derived.get(derived::name("a", &number.to_string(), Hash::Sha1), "x", &keys).is_some()
    };
    assert!(known(59_999) && known(30_000) && !known(0));
    assert!(derived.get(derived::name("a", "59999", Hash::Sha1), "y", &keys).is_none(), "another password");
    assert!(derived.get(derived::name("b", "59999", Hash::Sha1), "x", &keys).is_none(), "another domain");
}
