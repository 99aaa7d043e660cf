use super::*;
use crate::StorageError;

#[tokio::test]
async fn an_account_has_one_vcard() {
    let bed = Bed::new().await;
    let alice = bed.account("chess.example", "alice").await;
    let bob = bed.account("chess.example", "bob").await;
    let vcards = bed.store.vcards();
    assert_eq!(vcards.get(alice).await.unwrap(), None);
    let large = format!("<vCard xmlns='vcard-temp'><NOTE>{}ž</NOTE></vCard>", "x".repeat(200_000));
    vcards.put(alice, large.clone()).await.unwrap();
    assert_eq!(vcards.get(alice).await.unwrap(), Some(large));
    vcards.put(alice, "<vCard/>".into()).await.unwrap();
    assert_eq!(vcards.get(alice).await.unwrap().as_deref(), Some("<vCard/>"));
    assert_eq!(vcards.get(bob).await.unwrap(), None);
    let error = vcards.put(bob + 1, "<vCard/>".into()).await.unwrap_err();
    assert!(matches!(error, StorageError::Constraint(_)), "{error}");
}
