//! Accounts that live elsewhere.

use super::*;
use crate::{Account, CreateError};

async fn adopt(bed: &Bed, local: &str, provider: &str) -> bool {
    bed.store.accounts().adopt("chess.example", local, provider, NOW).await.unwrap()
}

async fn found(bed: &Bed, local: &str) -> Account {
    bed.store.accounts().lookup("chess.example", local).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_account_is_adopted_once_and_says_from_where() {
    let bed = Bed::new().await;
    assert!(adopt(&bed, "jack", "auth-sql").await);
    assert!(!adopt(&bed, "jack", "auth-ldap").await);
    let jack = found(&bed, "jack").await;
    assert_eq!((jack.provider.as_deref(), jack.created_us, jack.enabled), (Some("auth-sql"), NOW, true));
    let accounts = bed.store.accounts();
    let (account, kept) = accounts.credentials("chess.example", "jack").await.unwrap().unwrap();
    assert_eq!((account, kept), (jack.clone(), Kept::Keys(Vec::new())));
    assert_eq!(accounts.load("chess.example", "jack").await.unwrap().unwrap().account, jack);
    assert_eq!(accounts.list("chess.example", None, 9).await.unwrap(), [jack]);
    assert_eq!(accounts.lookup("wuchess.example", "jack").await.unwrap(), None);
    assert_eq!(
        accounts.create("chess.example", "jack", &[keys(Hash::Sha1, 1)], NOW).await,
        Err(CreateError::Exists)
    );
    let common = accounts.common_hashes("chess.example").await.unwrap();
    assert_eq!(common[..], Hash::ALL, "it has no keys that could be missing");
}

#[tokio::test]
async fn an_account_of_our_own_is_never_touched() {
    let bed = Bed::new().await;
    let id = bed.account("chess.example", "alice").await;
    assert!(!adopt(&bed, "alice", "auth-sql").await);
    let alice = found(&bed, "alice").await;
    assert_eq!((alice.id, alice.provider), (id, None));
    let (_, stored) = bed.store.accounts().keys("chess.example", "alice").await.unwrap().unwrap();
    assert_eq!(stored, [keys(Hash::Sha1, 1)]);
    assert_eq!(bed.store.accounts().adopted("chess.example", None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn of_many_adoptions_at_once_one_makes_the_account() {
    let bed = Bed::new().await;
    let all: Vec<_> = (0..20)
        .map(|n| bed.store.accounts().adopt("chess.example", "jack", &format!("auth-{n}"), NOW))
        .collect();
    let mut made = 0;
    for one in all {
        made += u64::from(one.await.unwrap());
    }
    assert_eq!((made, bed.store.accounts().count("chess.example").await.unwrap()), (1, 1));
}

#[tokio::test]
async fn the_adopted_are_listed_by_pages_over_all_providers() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    assert_eq!(accounts.adopted("chess.example", None, 3).await.unwrap(), []);
    bed.account("chess.example", "own").await;
    let longest = "p".repeat(64);
    for (local, provider) in
        [("b", "auth-sql"), ("žofie", "auth-sql"), ("Z", "auth-sql"), ("c", "auth-ldap"), ("a", &longest)]
    {
        assert!(adopt(&bed, local, provider).await);
    }
    accounts.adopt("wuchess.example", "x", "auth-sql", NOW).await.unwrap();
    let whole = ["c", "Z", "b", "žofie", "a"];
    for limit in 1..7 {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let from = after.as_ref().map(|(provider, local): &(String, String)| (&**provider, &**local));
            let page = accounts.adopted("chess.example", from, limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some((last.provider.clone().unwrap(), last.local.clone()));
            names.extend(page.into_iter().map(|account| account.local));
        }
        assert_eq!(names, whole, "{limit} in a page");
    }
    assert_eq!(found(&bed, "a").await.provider, Some(longest));
    let after_last = accounts.adopted("chess.example", Some(("auth-sql", "žofie")), 9).await.unwrap();
    assert_eq!(after_last.len(), 1);
}
