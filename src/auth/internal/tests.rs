use std::sync::Arc;

use runtime::{Runtime, SystemRandom};
use storage::{CreateError, Options};

use crate::keys::{derive_keys, verify_plain};

use super::*;

pub(super) const CHESS: &str = "chess.example";

fn log_in(local: &str) -> LogIn<'_> {
    LogIn::from_nowhere(CHESS, local)
}

pub(super) struct Fixture {
    pub provider: Internal,
    pub store: Store,
    _dir: tempfile::TempDir,
}

pub(super) async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new("sqlite:test.db", dir.path()), &Runtime::system()).await.unwrap();
    let hashing = Hashing {
        hashes: vec![Hash::Sha256, Hash::Sha1],
        iterations: 8,
        at_once: NonZeroUsize::new(2).unwrap(),
    };
    let decoys = Decoys::open(&store, &SystemRandom, hashing.iterations).await.unwrap();
    let provider = Internal::new(store.clone(), Arc::new(SystemRandom), decoys, hashing);
    Fixture { provider, store, _dir: dir }
}

impl Fixture {
    pub async fn user(&self, domain: &str, local: &str, password: &str) -> Result<i64, CreateError> {
        let keys = self.provider.new_keys(password).await.unwrap();
        self.store.accounts().create(domain, local, &keys, 0).await
    }

    pub async fn plain(&self, domain: &str, local: &str, password: &str) -> Outcome {
        self.provider.verify_plain(LogIn::from_nowhere(domain, local), password).await.unwrap()
    }
}

#[tokio::test]
async fn plain_by_domain_and_user() {
    let f = fixture().await;
    f.user(CHESS, "jack", "one").await.unwrap();
    f.user("wuchess.example", "jack", "two").await.unwrap();
    assert_eq!(f.plain(CHESS, "jack", "one").await, Outcome::Accept);
    assert_eq!(f.plain(CHESS, "jack", "two").await, Outcome::Refuse);
    assert_eq!(f.plain("wuchess.example", "jack", "two").await, Outcome::Accept);
    assert_eq!(f.plain(CHESS, "jill", "one").await, Outcome::NoSuchAccount);
    assert!(f.provider.exists(CHESS, "jack").await.unwrap());
    assert!(!f.provider.exists(CHESS, "jill").await.unwrap());
}

#[tokio::test]
async fn locked_is_told_to_who_knows_the_password() {
    let f = fixture().await;
    let id = f.user(CHESS, "jack", "one").await.unwrap();
    f.store.accounts().set_enabled(id, false).await.unwrap();
    assert_eq!(f.plain(CHESS, "jack", "one").await, Outcome::Locked);
    assert_eq!(f.plain(CHESS, "jack", "two").await, Outcome::Refuse);
    let keys = f.provider.keys(log_in("jack"), Hash::Sha1).await.unwrap();
    assert!(matches!(keys, Lookup::Locked(Some(_))));
}

#[tokio::test]
async fn keys_by_hash() {
    let f = fixture().await;
    f.user(CHESS, "jack", "one").await.unwrap();
    for hash in [Hash::Sha1, Hash::Sha256] {
        match f.provider.keys(log_in("jack"), hash).await.unwrap() {
            Lookup::Keys(keys) => {
                let keys = keys.resolved().await;
                assert!(keys.hash == hash && verify_plain("one", &[keys]));
            }
            _ => panic!("no keys"),
        }
    }
    let lookup = f.provider.keys(log_in("jack"), Hash::Sha512).await.unwrap();
    assert!(matches!(lookup, Lookup::NoKeys));
    let lookup = f.provider.keys(log_in("jill"), Hash::Sha1).await.unwrap();
    assert!(matches!(lookup, Lookup::NoSuchAccount));
}

#[tokio::test]
async fn a_hash_that_one_account_lacks_is_not_offered() {
    let f = fixture().await;
    let offered = async |domain| f.provider.hashes_offered(domain).await.unwrap();
    assert_eq!(offered(CHESS).await, [Hash::Sha256, Hash::Sha1]);
    f.user(CHESS, "jack", "one").await.unwrap();
    assert_eq!(offered(CHESS).await, [Hash::Sha256, Hash::Sha1]);
    let old = new_keys(&SystemRandom, &[Hash::Sha1], 8, "old").unwrap();
    let id = f.store.accounts().create(CHESS, "jill", &old, 0).await.unwrap();
    assert_eq!(offered(CHESS).await, [Hash::Sha1]);
    assert_eq!(offered("wuchess.example").await, [Hash::Sha256, Hash::Sha1]);
    f.store.accounts().delete(id).await.unwrap();
    assert_eq!(offered(CHESS).await, [Hash::Sha256, Hash::Sha1]);
}

#[tokio::test]
async fn a_failing_store_is_an_error_and_no_answer() {
    let f = fixture().await;
    f.user(CHESS, "jack", "one").await.unwrap();
    f.store.close().await.unwrap();
    let error = f.provider.verify_plain(log_in("jack"), "one").await.unwrap_err();
    assert_eq!(error.provider, "internal");
}

#[tokio::test]
async fn so_many_at_once() {
    let f = fixture().await;
    let held = f.provider.blocking.0.clone().acquire_many_owned(2).await.unwrap();
    let mut waiting = Box::pin(f.plain(CHESS, "jack", "one"));
    let ready = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready())).await;
    assert!(!ready);
    drop(held);
    assert_eq!(waiting.await, Outcome::NoSuchAccount);
    assert_eq!(f.provider.blocking.0.available_permits(), 2);
}

#[tokio::test]
async fn salts_of_unknown_users_are_the_same_after_a_restart() {
    let f = fixture().await;
    let salt = async || {
        let decoys = Decoys::open(&f.store, &SystemRandom, 8).await.unwrap();
        decoys.keys(CHESS, "nobody", Hash::Sha256).await.salt
    };
    assert_eq!(salt().await, salt().await);
    let other = fixture().await;
    let decoys = Decoys::open(&other.store, &SystemRandom, 8).await.unwrap();
    assert_ne!(decoys.keys(CHESS, "nobody", Hash::Sha256).await.salt, salt().await);
}

/// Accounts from before the iterations were raised, and imported ones with longer salts, look like
/// nonexistent ones.
#[tokio::test]
async fn a_decoy_looks_like_one_of_the_accounts() {
    let f = fixture().await;
    let salts: [&[u8]; 2] = [b"sixteen bytes ..", b"and forty of another software's making .."];
    for n in 0..40u8 {
        let local = format!("{}{n}", char::from(b'a' + n % 26));
        let (salt, iterations) = if n % 2 == 0 { (salts[0], 8) } else { (salts[1], 16) };
        let keys = derive_keys(Hash::Sha256, "secret", salt, iterations).unwrap();
        f.store.accounts().create(CHESS, &local, &[keys], 0).await.unwrap();
    }
    let decoys = Decoys::open(&f.store, &SystemRandom, 32).await.unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for n in 0..200 {
        let keys = decoys.keys(CHESS, &format!("nobody{n}"), Hash::Sha256).await;
        assert_eq!(keys.salt, decoys.keys(CHESS, &format!("nobody{n}"), Hash::Sha256).await.salt);
        *seen.entry((keys.iterations, keys.salt.len())).or_insert(0) += 1;
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&(8, salts[0].len()), &(16, salts[1].len())]);
    assert!(seen.values().all(|&count| count > 20), "{seen:?}");
    let keys = decoys.keys("wuchess.example", "nobody", Hash::Sha256).await;
    assert_eq!(
        (keys.iterations, keys.salt.len()),
        (32, 16),
        "where nobody has an account, as new ones are made"
    );
}

#[tokio::test]
async fn an_account_of_another_provider_is_none_of_ours() {
    let f = fixture().await;
    f.user(CHESS, "jill", "one").await.unwrap();
    assert!(f.store.accounts().adopt(CHESS, "jack", "auth-sql", 0).await.unwrap());
    assert!(!f.provider.exists(CHESS, "jack").await.unwrap());
    assert_eq!(f.plain(CHESS, "jack", "one").await, Outcome::NoSuchAccount);
    let keys = f.provider.keys(log_in("jack"), Hash::Sha256).await.unwrap();
    assert!(matches!(keys, Lookup::NoSuchAccount));
    let set = f.provider.set_password(CHESS, "jack", "two").await;
    assert!(matches!(set, Err(ChangeError::NoSuchAccount)));
    let created = f.provider.create(CHESS, "jack", "two", 0).await;
    assert!(matches!(created, Err(ChangeError::Exists)));
    let (_, kept) = f.store.accounts().credentials(CHESS, "jack").await.unwrap().unwrap();
    assert_eq!(kept, Kept::Keys(Vec::new()), "no password was stored");
    // Were one in the table, from before the name was adopted, it would not be right either.
    let jack = f.store.accounts().lookup(CHESS, "jack").await.unwrap().unwrap();
    let own = f.provider.new_keys("two").await.unwrap();
    f.store.accounts().set_keys(jack.id, &own).await.unwrap();
    assert_eq!(f.plain(CHESS, "jack", "two").await, Outcome::NoSuchAccount);
    let offered = f.provider.hashes_offered(CHESS).await.unwrap();
    assert_eq!(offered, [Hash::Sha256, Hash::Sha1]);
}
