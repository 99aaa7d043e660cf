use runtime::SystemRandom;
use storage::{AccountId, NewAccount};

use super::super::tests::{CHESS, Fixture, fixture};
use super::*;
use crate::keys::derive_keys;
use crate::{ChangeError, EXAMPLE_PASSWORD, Hash, LogIn, Lookup, Outcome, Provider, kept};

impl Fixture {
    async fn import(&self, local: &str, kept: Kept) -> AccountId {
        let new = NewAccount { domain: CHESS.to_owned(), local: local.to_owned(), kept, created_us: 0 };
        self.store.accounts().create_many(vec![new]).await.remove(0).unwrap()
    }

    /// An account whose password is [`EXAMPLE_PASSWORD`].
    async fn example(&self, local: &str, format: Format) -> AccountId {
        let (text, salt) = format.example();
        self.import(local, kept(format, text, salt).ok().unwrap()).await
    }

    async fn stored(&self, local: &str) -> Kept {
        self.store.accounts().credentials(CHESS, local).await.unwrap().unwrap().1
    }

    async fn scram(&self, local: &str, hash: Hash) -> Lookup {
        self.provider.keys(LogIn::from_nowhere(CHESS, local), hash).await.unwrap()
    }

    async fn offered(&self) -> Vec<Hash> {
        self.provider.hashes_offered(CHESS).await.unwrap()
    }
}

fn right_keys(kept: &Kept) -> Vec<Hash> {
    match kept {
        Kept::Keys(keys) => {
            assert!(keys.iter().all(|one| verify_plain(EXAMPLE_PASSWORD, std::slice::from_ref(one))));
            keys.iter().map(|keys| keys.hash).collect()
        }
        Kept::Secret(secret) => panic!("still {secret:?}"),
    }
}

#[tokio::test]
async fn the_first_login_replaces_a_secret_of_any_format() {
    let f = fixture().await;
    for (n, format) in Format::ALL.iter().enumerate() {
        let local = if *format == Format::A1Hash { "jack".to_owned() } else { format!("u{n}") };
        f.example(&local, *format).await;
        let before = f.stored(&local).await;
        assert_eq!(f.plain(CHESS, &local, "wrong").await, Outcome::Refuse, "{format}");
        assert_eq!(f.stored(&local).await, before);
        assert_eq!(f.plain(CHESS, &local, EXAMPLE_PASSWORD).await, Outcome::Accept, "{format}");
        let hashes = right_keys(&f.stored(&local).await);
        let expected: &[_] =
            if *format == Format::Scram { &[Hash::Sha256] } else { &[Hash::Sha1, Hash::Sha256] };
        assert_eq!(hashes, expected, "{format}");
        assert_eq!(f.plain(CHESS, &local, EXAMPLE_PASSWORD).await, Outcome::Accept, "{format}");
        assert_eq!(f.plain(CHESS, &local, "wrong").await, Outcome::Refuse, "{format}");
    }
    assert_eq!(f.store.accounts().count_secrets(CHESS).await, Ok(0));
}

#[tokio::test]
async fn scram_is_offered_again_after_the_last_login() {
    let f = fixture().await;
    f.user(CHESS, "jill", "one").await.unwrap();
    assert_eq!(f.offered().await, [Hash::Sha256, Hash::Sha1]);
    f.example("bob", Format::Bcrypt).await;
    f.example("carol", Format::Md5Hex).await;
    assert_eq!(f.offered().await, []);
    assert!(matches!(f.scram("bob", Hash::Sha1).await, Lookup::NoKeys), "a decoy answers");
    f.plain(CHESS, "bob", EXAMPLE_PASSWORD).await;
    assert_eq!(f.offered().await, []);
    assert!(matches!(f.scram("bob", Hash::Sha1).await, Lookup::Keys(_)));
    f.plain(CHESS, "carol", EXAMPLE_PASSWORD).await;
    assert_eq!(f.offered().await, [Hash::Sha256, Hash::Sha1]);
}

#[tokio::test]
async fn a_plain_password_serves_scram_too() {
    let f = fixture().await;
    f.example("bob", Format::Plain).await;
    assert_eq!(f.offered().await, [Hash::Sha256, Hash::Sha1]);
    let Lookup::Keys(keys) = f.scram("bob", Hash::Sha256).await else { panic!("no keys") };
    assert_eq!(right_keys(&f.stored("bob").await), [Hash::Sha1, Hash::Sha256]);
    let Lookup::Keys(again) = f.scram("bob", Hash::Sha256).await else { panic!("no keys") };
    assert!(keys.resolved().await == again.resolved().await, "the salt shows no change");
}

#[tokio::test]
async fn scram_text_that_is_kept_as_it_is_has_its_keys() {
    let f = fixture().await;
    let text = Format::Scram.example().0.to_owned();
    let secret = AccountSecret { format: "scram".into(), text, salt: None, one_way: true };
    f.import("bob", Kept::Secret(secret)).await;
    assert!(matches!(f.scram("bob", Hash::Sha256).await, Lookup::Keys(_)));
    assert!(matches!(f.scram("bob", Hash::Sha1).await, Lookup::NoKeys));
    assert_eq!(f.plain(CHESS, "bob", EXAMPLE_PASSWORD).await, Outcome::Accept);
    assert_eq!(right_keys(&f.stored("bob").await), [Hash::Sha1, Hash::Sha256]);
}

#[tokio::test]
async fn a_locked_account_keeps_its_secret() {
    let f = fixture().await;
    let id = f.example("bob", Format::Bcrypt).await;
    f.store.accounts().set_enabled(id, false).await.unwrap();
    let before = f.stored("bob").await;
    assert_eq!(f.plain(CHESS, "bob", EXAMPLE_PASSWORD).await, Outcome::Locked);
    assert_eq!(f.plain(CHESS, "bob", "wrong").await, Outcome::Refuse);
    assert!(matches!(f.scram("bob", Hash::Sha1).await, Lookup::Locked(None)));
    assert_eq!(f.stored("bob").await, before);
}

/// Polls until the account has been read, after which it waits for a permit.
async fn begun<T>(login: &mut std::pin::Pin<Box<impl Future<Output = T>>>, f: &Fixture) {
    let reads = || {
        let stats = f.store.statement_counts();
        stats.iter().find(|stat| stat.name == "account_key.lookup").map_or(0, |stat| stat.calls)
    };
    let before = reads();
    while reads() == before {
        let pending = std::future::poll_fn(|cx| std::task::Poll::Ready(login.as_mut().poll(cx).is_pending()));
        assert!(pending.await);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_password_that_is_changed_during_the_login_stays() {
    let f = fixture().await;
    let id = f.example("bob", Format::Bcrypt).await;
    let held = f.provider.blocking.0.clone().acquire_many_owned(2).await.unwrap();
    let mut login = Box::pin(f.plain(CHESS, "bob", EXAMPLE_PASSWORD));
    begun(&mut login, &f).await;
    let new = [derive_keys(Hash::Sha256, "new", b"salt", 2).unwrap()];
    f.store.accounts().set_keys(id, &new).await.unwrap();
    drop(held);
    assert_eq!(login.await, Outcome::Accept);
    assert_eq!(f.stored("bob").await, Kept::Keys(new.to_vec()));
    assert_eq!(f.plain(CHESS, "bob", EXAMPLE_PASSWORD).await, Outcome::Refuse);
}

#[tokio::test]
async fn two_logins_at_once_both_succeed() {
    let f = fixture().await;
    f.example("bob", Format::Bcrypt).await;
    let held = f.provider.blocking.0.clone().acquire_many_owned(2).await.unwrap();
    let (mut one, mut two) = (
        Box::pin(f.plain(CHESS, "bob", EXAMPLE_PASSWORD)),
        Box::pin(f.plain(CHESS, "bob", EXAMPLE_PASSWORD)),
    );
    begun(&mut one, &f).await;
    begun(&mut two, &f).await;
    drop(held);
    assert_eq!(tokio::join!(one, two), (Outcome::Accept, Outcome::Accept));
    assert_eq!(right_keys(&f.stored("bob").await).len(), 2);
}

#[tokio::test]
async fn a_new_password_replaces_a_secret() {
    let f = fixture().await;
    f.example("bob", Format::Bcrypt).await;
    assert!(matches!(f.provider.create(CHESS, "bob", "x", 0).await, Err(ChangeError::Exists)));
    f.provider.set_password(CHESS, "bob", "new").await.ok().unwrap();
    assert_eq!(f.plain(CHESS, "bob", EXAMPLE_PASSWORD).await, Outcome::Refuse);
    assert_eq!(f.plain(CHESS, "bob", "new").await, Outcome::Accept);
    assert_eq!(f.offered().await, [Hash::Sha256, Hash::Sha1]);
}

#[tokio::test]
async fn an_unknown_name_imitates_an_account_and_never_borrows_its_password() {
    let f = fixture().await;
    f.user(CHESS, "jill", "one").await.unwrap();
    assert!(matches!(f.provider.imitated(CHESS, "nobody").await, Kept::Keys(keys) if keys.len() == 2));
    f.store.purge_domain(CHESS).await.unwrap();
    f.example("bob", Format::Bcrypt).await;
    assert!(matches!(f.provider.imitated(CHESS, "nobody").await, Kept::Secret(_)));
    assert!(matches!(f.provider.imitated("wuchess.example", "nobody").await, Kept::Keys(_)));
    assert_eq!(f.plain(CHESS, "nobody", EXAMPLE_PASSWORD).await, Outcome::NoSuchAccount);
    f.import("ldap", Kept::Keys(Vec::new())).await;
    for _ in 0..2 {
        assert_eq!(f.plain(CHESS, "ldap", EXAMPLE_PASSWORD).await, Outcome::Refuse);
    }
    assert!(matches!(f.stored("bob").await, Kept::Secret(_)), "nobody has logged in");
    assert_eq!(f.stored("ldap").await, Kept::Keys(Vec::new()));
}

#[tokio::test]
async fn what_cannot_be_read_is_no_password() {
    let f = fixture().await;
    for (local, format, text) in [
        ("a", "rot13", "cnff"),
        ("b", "bcrypt", EXAMPLE_PASSWORD),
        ("c", "auto", EXAMPLE_PASSWORD),
        ("d", "plain", ""),
    ] {
        let secret = AccountSecret { format: format.into(), text: text.into(), salt: None, one_way: true };
        f.import(local, Kept::Secret(secret)).await;
        for password in ["", text, EXAMPLE_PASSWORD] {
            assert_eq!(f.plain(CHESS, local, password).await, Outcome::Refuse, "{format}");
        }
        assert!(matches!(f.scram(local, Hash::Sha1).await, Lookup::NoKeys));
    }
}

#[tokio::test]
async fn a_password_without_keys_keeps_its_secret() {
    let f = fixture().await;
    let bell = "with\u{7}bell";
    f.import("bob", kept(Format::Plain, bell, None).ok().unwrap()).await;
    assert_eq!(f.plain(CHESS, "bob", bell).await, Outcome::Accept);
    assert!(matches!(f.scram("bob", Hash::Sha1).await, Lookup::NoKeys));
    assert!(matches!(f.stored("bob").await, Kept::Secret(_)));
    assert!(new_keys(&SystemRandom, &[Hash::Sha1], 8, bell).is_err());
}
