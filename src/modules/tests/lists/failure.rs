//! A write that fails.

use kernel::ListError;

use super::*;

/// Anna's desk, with `a` active, and phone, under the default list `a`; and bert, who sees both.
async fn scene() -> (Bench, Arc<Pushing>, [Client; 3]) {
    let (bench, pushing) = pushing().await;
    let (desk, bert) = bench.friends(ANNA, BERT).await;
    let phone = bench.online(PHONE).await;
    put(&bench, desk.resource().account(), "b", &[deny(1, "y")]).await;
    set_default(&bench, desk.resource().account(), "a", &[deny(1, "x")]).await;
    set_active(&bench, &desk, Some("a")).await;
    for client in [&desk, &phone, &bert] {
        client.received();
    }
    pushing.told();
    (bench, pushing, [desk, phone, bert])
}

#[tokio::test]
async fn it_changes_nothing() {
    let (bench, pushing, [desk, phone, bert]) = scene().await;
    let (kernel, account) = (&bench.kernel, desk.resource().account());
    kernel.store().close().await.unwrap();
    let all = list("a", &[deny(1, "bert@chess.example")]);
    for _ in 0..2 {
        let error = kernel.put_list(account, None, all.clone(), &LIMITS).await.unwrap_err();
        assert!(matches!(error, ListError::Storage(_)), "{error:?}");
    }
    let by = Some(desk.resource());
    assert!(kernel.set_default_list(account, by, None).await.is_err());
    assert!(kernel.remove_list(account, by, "a").await.is_err());
    desk.send("<iq type='set' id='s'><block xmlns='urn:xmpp:blocking'><item jid='bert@chess.example'/></block></iq>")
        .await;
    let answers = desk.received();
    assert!(answers.len() == 1 && answers[0].contains("type='error'"), "{answers:#?}");
    for client in [&desk, &phone] {
        assert!(!admits(kernel, client.resource(), "x") && admits(kernel, client.resource(), BERT));
        assert_eq!(active_name(client.resource()).is_some(), client.resource().jid().as_str() == ANNA);
    }
    assert_eq!(default_name(account).as_deref(), Some("a"));
    assert_eq!(pushing.told(), NOTHING);
    assert_eq!((phone.received(), bert.received()), (Vec::new(), Vec::new()));
    kernel.set_active_list(desk.resource(), None).await.unwrap_err(); // it cannot be sure of the lists
    assert_eq!(active_name(desk.resource()).as_deref(), Some("a"));
}

/// The database may have kept a write that failed.
#[tokio::test]
async fn after_it_the_lists_in_force_are_those_that_the_store_has() {
    let (bench, _pushing, [desk, phone, _bert]) = scene().await;
    let (kernel, account) = (&bench.kernel, desk.resource().account());
    let privacy = kernel.store().privacy();
    set_active(&bench, &phone, Some("b")).await;
    // Its account is gone, and with it its lists: the next write fails.
    assert!(kernel.store().accounts().delete(account.id()).await.unwrap());
    let next = list("a", &[deny(1, "z")]);
    let error = kernel.put_list(account, None, next.clone(), &LIMITS).await.unwrap_err();
    assert!(matches!(error, ListError::Storage(_)), "{error:?}");
    assert!(!admits(kernel, desk.resource(), "x") && !admits(kernel, phone.resource(), "y"), "not yet");
    assert_eq!(privacy.names(account.id()).await.unwrap(), NOTHING);
    assert_eq!(kernel.list_names(account).await.unwrap(), NOTHING);
    assert_eq!(
        [active_name(desk.resource()), active_name(phone.resource()), default_name(account)],
        [None, None, None]
    );
    assert!(admits(kernel, desk.resource(), "x") && admits(kernel, phone.resource(), "y"));
}
