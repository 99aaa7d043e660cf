use super::*;
use crate::CreateError;

#[tokio::test]
async fn an_account_is_found_on_its_own_domain_only() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let here = bed.account("chess.example", "alice").await;
    let there = bed.account("wuchess.example", "alice").await;
    assert_ne!(here, there);
    let found = accounts.lookup("chess.example", "alice").await.unwrap().unwrap();
    assert_eq!((found.id, found.created_us, found.enabled), (here, NOW, true));
    assert_eq!((found.domain.as_str(), found.local.as_str()), ("chess.example", "alice"));
    assert_eq!(accounts.lookup("chess.example", "bob").await.unwrap(), None);
    assert_eq!(accounts.lookup("other.example", "alice").await.unwrap(), None);
    assert_eq!(accounts.lookup("chess.example", "ALICE").await.unwrap(), None, "names compare bytewise");
}

#[tokio::test]
async fn a_taken_name_stays_with_its_owner() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let id = bed.account("chess.example", "alice").await;
    let again = accounts.create("chess.example", "alice", &[keys(Hash::Sha256, 50)], NOW + 1).await;
    assert_eq!(again, Err(CreateError::Exists));
    let (account, stored) = accounts.keys("chess.example", "alice").await.unwrap().unwrap();
    assert_eq!((account.id, account.created_us), (id, NOW));
    assert_eq!(stored, [keys(Hash::Sha1, 1)]);
}

#[tokio::test]
async fn many_are_created_and_each_is_answered() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    bed.account("chess.example", "u0700").await;
    let both = [Hash::Sha1, Hash::Sha256];
    let mut new: Vec<_> =
        (0..1200).map(|n| new_account("chess.example", &format!("u{n:04}"), &both)).collect();
    new.push(new_account("chess.example", "u0001", &both));
    let results = accounts.create_many(new).await;
    assert_eq!(results.len(), 1201);
    for (n, result) in results.iter().enumerate() {
        let taken = n == 700 || n == 1200;
        assert_eq!(*result == Err(CreateError::Exists), taken, "{n}: {result:?}");
    }
    let (account, stored) = accounts.keys("chess.example", "u1199").await.unwrap().unwrap();
    assert_eq!(Ok(account.id), results[1199]);
    assert_eq!(stored, [keys(Hash::Sha1, 9), keys(Hash::Sha256, 9)]);
    assert_eq!(accounts.count("chess.example").await.unwrap(), 1200);
    assert!(accounts.create_many(Vec::new()).await.is_empty());
}

#[tokio::test]
async fn accounts_are_listed_by_pages_in_bytewise_order() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    for local in ["b", "žofie", "a", "Z", "c"] {
        bed.account("chess.example", local).await;
    }
    bed.account("wuchess.example", "x").await;
    let names = |page: Vec<crate::Account>| page.into_iter().map(|a| a.local).collect::<Vec<_>>();
    let first = accounts.list("chess.example", None, 3).await.unwrap();
    assert_eq!(names(first), ["Z", "a", "b"]);
    let rest = accounts.list("chess.example", Some("b"), 3).await.unwrap();
    assert_eq!(names(rest), ["c", "žofie"]);
    assert_eq!(accounts.count("nobody.example").await.unwrap(), 0);
}

#[tokio::test]
async fn a_new_password_replaces_all_keys() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let id = bed.account("chess.example", "alice").await;
    let new = [keys(Hash::Sha256, 7), keys(Hash::Sha512, 8)];
    assert!(accounts.set_keys(id, &new).await.unwrap());
    let (_, stored) = accounts.keys("chess.example", "alice").await.unwrap().unwrap();
    assert_eq!(stored, new);
    assert!(!accounts.set_keys(id + 1, &new).await.unwrap(), "nobody has that number");
    assert_eq!(accounts.keys("chess.example", "bob").await.unwrap(), None);
}

#[tokio::test]
async fn a_hash_is_offered_only_when_everybody_has_keys_for_it() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let has = async |hash| accounts.common_hashes("chess.example").await.unwrap().contains(&hash);
    assert!(has(Hash::Sha256).await, "an empty domain locks nobody out");
    let both = [keys(Hash::Sha1, 1), keys(Hash::Sha256, 1)];
    accounts.create("chess.example", "alice", &both, NOW).await.unwrap();
    accounts.create("chess.example", "ldap", &[], NOW).await.unwrap();
    accounts.create("wuchess.example", "bob", &[keys(Hash::Sha1, 1)], NOW).await.unwrap();
    assert!(has(Hash::Sha1).await && has(Hash::Sha256).await, "neither ldap nor the other domain counts");
    assert!(!has(Hash::Sha512).await);
    let bob = accounts.create("chess.example", "bob", &[keys(Hash::Sha1, 1)], NOW).await.unwrap();
    assert!(has(Hash::Sha1).await && !has(Hash::Sha256).await);
    accounts.set_keys(bob, &both).await.unwrap();
    assert!(has(Hash::Sha256).await);
    accounts.set_keys(bob, &[keys(Hash::Sha512, 1)]).await.unwrap();
    assert!(!has(Hash::Sha1).await);
    assert_eq!(accounts.common_hashes("chess.example").await.unwrap()[..], []);
    accounts.delete(bob).await.unwrap();
    assert!(has(Hash::Sha1).await);
}

#[tokio::test]
async fn every_set_of_hashes_is_judged_by_itself() {
    let bed = Bed::new().await;
    for set in 1..8_usize {
        let has: Vec<_> = Hash::ALL.into_iter().filter(|hash| set & hash.bit() as usize != 0).collect();
        let domain = format!("{set}.example");
        let made: Vec<_> = has.iter().map(|hash| keys(*hash, 1)).collect();
        bed.store.accounts().create(&domain, "alice", &made, NOW).await.unwrap();
        assert_eq!(bed.store.accounts().common_hashes(&domain).await.unwrap()[..], has);
    }
}

#[tokio::test]
async fn the_common_hashes_are_asked_for_once() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let asked = || {
        let stats = bed.store.statement_counts();
        stats.iter().find(|stat| stat.name == "account.lacks").map_or(0, |stat| stat.calls)
    };
    for _ in 0..3 {
        accounts.common_hashes("chess.example").await.unwrap();
    }
    assert_eq!(asked(), 1);
    bed.account("chess.example", "alice").await;
    for _ in 0..3 {
        assert_eq!(accounts.common_hashes("chess.example").await.unwrap()[..], [Hash::Sha1]);
    }
    assert_eq!(asked(), 2);
    // Another server may have changed something.
    bed.clock.advance(std::time::Duration::from_secs(60));
    accounts.common_hashes("chess.example").await.unwrap();
    assert_eq!(asked(), 3);
}

#[tokio::test]
async fn an_account_is_disabled_and_enabled() {
    let bed = Bed::new().await;
    let accounts = bed.store.accounts();
    let id = bed.account("chess.example", "alice").await;
    assert!(accounts.set_enabled(id, false).await.unwrap());
    assert!(!accounts.lookup("chess.example", "alice").await.unwrap().unwrap().enabled);
    assert!(accounts.set_enabled(id, true).await.unwrap());
    assert!(accounts.lookup("chess.example", "alice").await.unwrap().unwrap().enabled);
    assert!(!accounts.set_enabled(id + 1, true).await.unwrap());
}

#[tokio::test]
async fn a_number_is_never_given_out_again() {
    let bed = Bed::new().await;
    let first = bed.account("chess.example", "alice").await;
    assert!(bed.store.accounts().delete(first).await.unwrap());
    let second = bed.account("chess.example", "alice").await;
    assert!(second > first, "{second} after {first}");
}

#[tokio::test]
async fn the_longest_names_are_legal() {
    let bed = Bed::new().await;
    let (domain, local) = ("d".repeat(1023), "l".repeat(1023));
    let id = bed.account(&domain, &local).await;
    assert_eq!(bed.store.accounts().lookup(&domain, &local).await.unwrap().unwrap().id, id);
}

#[tokio::test]
async fn settings_are_kept() {
    let bed = Bed::new().await;
    let settings = bed.store.settings();
    assert_eq!(settings.get("secret").await.unwrap(), None);
    settings.set("secret", &[0, 255]).await.unwrap();
    settings.set("secret", &[0, 254]).await.unwrap();
    settings.set("empty", &[]).await.unwrap();
    assert_eq!(settings.get("secret").await.unwrap(), Some(vec![0, 254]));
    assert_eq!(settings.get("empty").await.unwrap(), Some(vec![]));
    assert!(settings.delete("secret").await.unwrap());
    assert!(!settings.delete("secret").await.unwrap());
    assert_eq!(settings.get("secret").await.unwrap(), None);
}
