use super::*;
use crate::{AccountSecret, CreateError};

fn secret(text: &str, one_way: bool) -> AccountSecret {
    let format = if one_way { "bcrypt" } else { "plain" };
    AccountSecret { format: format.into(), text: text.into(), salt: None, one_way }
}

async fn create(bed: &Bed, domain: &str, local: &str, secret: &AccountSecret) -> AccountId {
    let kept = Kept::Secret(secret.clone());
    let new = NewAccount { domain: domain.into(), local: local.into(), kept, created_us: NOW };
    bed.store.accounts().create_many(vec![new]).await.remove(0).unwrap()
}

async fn kept(bed: &Bed, local: &str) -> Kept {
    bed.store.accounts().credentials("chess.example", local).await.unwrap().unwrap().1
}

async fn common(bed: &Bed) -> Vec<Hash> {
    bed.store.accounts().common_hashes("chess.example").await.unwrap().to_vec()
}

#[tokio::test]
async fn accounts_are_created_with_keys_and_with_secrets() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let salted = AccountSecret { salt: Some("sälz".into()), ..secret("$2b$04$x", true) };
    let kept_of = |n: usize| match n % 3 {
        0 => Kept::Keys(vec![keys(Hash::Sha1, 9), keys(Hash::Sha256, 9)]),
        1 => Kept::Secret(salted.clone()),
        _ => Kept::Secret(secret("pässword ", false)),
    };
    let new = |n| NewAccount {
        domain: "chess.example".into(),
        local: format!("u{n:04}"),
        kept: kept_of(n),
        created_us: NOW,
    };
    let taken = secret("other", true);
    create(&bed, "chess.example", "u0700", &taken).await;
    for (n, result) in accounts.create_many((0..1200).map(new).collect()).await.into_iter().enumerate() {
        assert_eq!(result == Err(CreateError::Exists), n == 700, "{n}: {result:?}");
    }
    for n in [0, 1, 2, 511, 512, 513, 1197, 1198, 1199] {
        assert_eq!(kept(&bed, &format!("u{n:04}")).await, kept_of(n), "{n}");
    }
    assert_eq!(kept(&bed, "u0700").await, Kept::Secret(taken));
    assert_eq!(accounts.count_secrets("chess.example").await, Ok(800));
    assert_eq!(accounts.count_secrets("wuchess.example").await, Ok(0));
    assert_eq!(accounts.keys("chess.example", "u0001").await.unwrap().unwrap().1, []);
    assert_eq!(accounts.credentials("chess.example", "nobody").await, Ok(None));
}

#[tokio::test]
async fn while_one_secret_is_one_way_no_hash_is_common() {
    let bed = Bed::new().await;
    bed.account("chess.example", "alice").await;
    create(&bed, "wuchess.example", "bob", &secret("x", true)).await;
    assert_eq!(common(&bed).await, [Hash::Sha1], "another domain's");
    let plain = create(&bed, "chess.example", "plain", &secret("x", false)).await;
    assert_eq!(common(&bed).await, [Hash::Sha1], "all can be derived");
    let bob = create(&bed, "chess.example", "bob", &secret("x", true)).await;
    assert_eq!(common(&bed).await, []);
    let carol = create(&bed, "chess.example", "carol", &secret("x", true)).await;
    let both = [keys(Hash::Sha1, 1), keys(Hash::Sha256, 1)];
    assert!(bed.store.accounts().replace_secret(bob, secret("x", true), &both).await.unwrap());
    assert_eq!(common(&bed).await, [], "Carol's is left");
    bed.store.accounts().delete(carol).await.unwrap();
    assert_eq!(common(&bed).await, [Hash::Sha1]);
    assert!(bed.store.accounts().replace_secret(plain, secret("x", false), &both).await.unwrap());
    assert_eq!(common(&bed).await, [Hash::Sha1]);
    assert_eq!(bed.store.accounts().count_secrets("chess.example").await, Ok(0));
}

#[tokio::test]
async fn a_secret_is_replaced_only_if_it_is_still_the_same() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let salted = AccountSecret { salt: Some("salt".into()), ..secret("x", true) };
    let bob = create(&bed, "chess.example", "bob", &salted).await;
    let new = [keys(Hash::Sha256, 7)];
    let others = [
        secret("x", true),
        secret("x ", true),
        AccountSecret { salt: Some("SALT".into()), ..salted.clone() },
        AccountSecret { text: "X".into(), ..salted.clone() },
        AccountSecret { format: "md5-hex".into(), ..salted.clone() },
    ];
    for other in others {
        assert!(!accounts.replace_secret(bob, other, &new).await.unwrap());
    }
    assert_eq!(kept(&bed, "bob").await, Kept::Secret(salted.clone()));
    assert_eq!(common(&bed).await, []);
    let (first, second) = (
        accounts.replace_secret(bob, salted.clone(), &new),
        accounts.replace_secret(bob, salted.clone(), &[]),
    );
    assert_eq!((first.await, second.await), (Ok(true), Ok(false)));
    assert_eq!(kept(&bed, "bob").await, Kept::Keys(new.to_vec()));
    assert_eq!(common(&bed).await, [Hash::Sha256]);
    assert!(!accounts.replace_secret(bob + 1, salted, &new).await.unwrap(), "nobody has that number");
}

#[tokio::test]
async fn a_new_password_drops_the_secret() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let bob = create(&bed, "chess.example", "bob", &secret("x", true)).await;
    let new = [keys(Hash::Sha1, 7), keys(Hash::Sha256, 7)];
    // A login that verified the old password comes too late.
    let (changed, late) = (
        accounts.set_keys(bob, &new),
        accounts.replace_secret(bob, secret("x", true), &[keys(Hash::Sha1, 3)]),
    );
    assert_eq!((changed.await, late.await), (Ok(true), Ok(false)));
    assert_eq!(kept(&bed, "bob").await, Kept::Keys(new.to_vec()));
    assert_eq!(common(&bed).await, [Hash::Sha1, Hash::Sha256]);
    let rows = bed.store.rows_of_account(bob).await.unwrap();
    assert!(rows.contains(&("account_secret".to_owned(), 0)), "{rows:?}");
}

#[tokio::test]
async fn what_a_secret_changes_is_not_remembered() {
    let bed = Bed::new().await;
    let asked = || {
        let stats = bed.store.statement_counts();
        stats.iter().find(|stat| stat.name == "account.lacks").map_or(0, |stat| stat.calls)
    };
    bed.account("chess.example", "alice").await;
    for _ in 0..3 {
        assert_eq!(common(&bed).await, [Hash::Sha1]);
    }
    assert_eq!(asked(), 1);
    let bob = create(&bed, "chess.example", "bob", &secret("x", true)).await;
    for _ in 0..3 {
        assert_eq!(common(&bed).await, []);
    }
    assert_eq!(asked(), 2);
    bed.store.accounts().replace_secret(bob, secret("x", true), &[keys(Hash::Sha1, 1)]).await.unwrap();
    assert_eq!(common(&bed).await, [Hash::Sha1]);
    assert_eq!(asked(), 3);
}

#[tokio::test]
async fn the_longest_secret_is_legal() {
    let bed = Bed::new().await;
    let long = AccountSecret { salt: Some("é".repeat(2048)), ..secret(&"é".repeat(2048), true) };
    create(&bed, "chess.example", "bob", &long).await;
    assert_eq!(kept(&bed, "bob").await, Kept::Secret(long));
}
