//! Imports that are repeated: what follows the source, and what does not.

use auth::verify_plain;
use storage::{AccountState, Kept, PrivateEntry, PrivateLimits, RosterChange};

use super::bed::Bed;
use super::script::{Script, contact, jack, message, rule, user};
use crate::{
    Kind, MigrateError, Mode, OnConflict, Order, RawPassword, RawUser, Reason, Report, Secrets, Server,
};

const JACK: &str = "jack@chess.example";

fn order() -> Order {
    Order::new(Server::Jabberd2)
}

async fn import(bed: &Bed, users: Vec<RawUser>, order: &Order) -> Report {
    bed.import(Script(users), order).await
}

async fn state(bed: &Bed) -> AccountState {
    bed.state(&order(), JACK).await.unwrap()
}

fn written(report: &Report) -> u64 {
    let all = report.tally.counts.values().flat_map(|kinds| kinds.values());
    all.map(|counts| counts.written() + counts.removed).sum()
}

fn skipped(report: &Report, kind: Kind, reason: Reason) -> u64 {
    report.tally.counts["chess.example"]
        .get(&kind)
        .and_then(|counts| counts.skipped.get(&reason))
        .copied()
        .unwrap_or(0)
}

fn names(state: &AccountState) -> Vec<String> {
    let mut names: Vec<_> = state.roster.items.iter().filter_map(|item| item.name.clone()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_changes_nothing() {
    for secrets in [Secrets::Derive, Secrets::Keep] {
        let (bed, order) = (Bed::new().await, Order { secrets, ..order() });
        assert_eq!(written(&import(&bed, vec![jack()], &order).await), 13);
        let before = state(&bed).await;
        let again = import(&bed, vec![jack()], &order).await;
        assert_eq!(written(&again), 0, "{:#?}", again.tally.counts);
        let after = state(&bed).await;
        assert_eq!((before.roster, before.kept), (after.roster, after.kept));
        assert_eq!(import(&bed, vec![jack()], &Order { mode: Mode::Verify, ..order }).await.differences(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unchanged_here_follows_the_source() {
    let (bed, order) = (Bed::new().await, order());
    import(&bed, vec![jack()], &order).await;
    let mut now = jack();
    now.accounts[0].password = RawPassword::Plain("another".into());
    now.contacts = vec![contact("anna@chess.example", "Anna Bell"), contact("dora@chess.example", "Dora")];
    now.requests.clear();
    now.private =
        vec!["<storage xmlns='storage:bookmarks'><b/></storage>".into(), "<x xmlns='urn:x'/>".into()];
    now.rules = vec![rule("home", 1, "spam.example")];
    now.default_lists = vec!["home".into()];
    now.vcards.clear();
    now.messages.remove(0);
    now.messages.push(message("three"));
    let dry = import(&bed, vec![now.clone()], &Order { mode: Mode::DryRun, ..order.clone() }).await;
    assert_eq!(names(&state(&bed).await), ["Anna", "Bert"], "a dry run writes nothing");
    let report = import(&bed, vec![now.clone()], &order).await;
    assert_eq!(report.tally.counts, dry.tally.counts, "and says what would be done");
    let state = state(&bed).await;
    assert_eq!(names(&state), ["Anna Bell", "Dora"]);
    assert!(state.roster.items.iter().all(|item| item.pending_in.is_none()));
    assert_eq!(state.private.len(), 2);
    assert_eq!((state.lists.len(), state.default_list.as_deref()), (1, Some("home")));
    assert_eq!(state.vcard, None);
    let bodies: Vec<_> =
        state.messages.iter().map(|one| String::from_utf8_lossy(&one.xml).into_owned()).collect();
    assert!(bodies.len() == 2 && bodies[0].contains("two") && bodies[1].contains("three"), "{bodies:?}");
    assert!(matches!(&state.kept, Kept::Keys(keys) if verify_plain("another", keys)));
    assert_eq!(written(&import(&bed, vec![now], &order).await), 0);
}

/// Changes something of every kind, as users do.
async fn change(bed: &Bed) {
    let state = state(bed).await;
    let id = state.account.id;
    let mut anna =
        state.roster.items.iter().find(|item| item.name.as_deref() == Some("Anna")).unwrap().clone();
    let bert =
        state.roster.items.iter().find(|item| item.name.as_deref() == Some("Bert")).unwrap().jid.clone();
    anna.name = Some("My Anna".into());
    let change = RosterChange { version: state.roster.version + 1, put: vec![anna], remove: vec![bert] };
    bed.store.roster().apply(id, change).await.unwrap();
    let entry = PrivateEntry {
        name: "storage".into(),
        ns: "storage:bookmarks".into(),
        xml: "<storage xmlns='storage:bookmarks'><mine/></storage>".into(),
    };
    bed.store.private().put(id, vec![entry], PrivateLimits::default()).await.unwrap();
    bed.store.privacy().remove(id, "work").await.unwrap();
    bed.store.vcards().put(id, "<vCard xmlns='vcard-temp'><FN>Me</FN></vCard>".into()).await.unwrap();
    bed.store.offline().delete(id, &[state.messages[0].id]).await.unwrap();
    let keys = auth::new_keys(&*bed.runtime.random, &[storage::Hash::Sha1], 4096, "mine").unwrap();
    bed.store.accounts().set_keys(id, &keys).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_here_is_a_conflict_and_stays() {
    let (bed, order) = (Bed::new().await, order());
    import(&bed, vec![jack()], &order).await;
    change(&bed).await;
    let report = import(&bed, vec![jack()], &order).await;
    assert_eq!(written(&report), 0, "{:#?}", report.tally.counts);
    for (kind, rows) in
        [(Kind::Account, 1), (Kind::Roster, 2), (Kind::Private, 1), (Kind::Privacy, 2), (Kind::VCard, 1)]
    {
        assert_eq!(skipped(&report, kind, Reason::Kept), rows, "{kind}");
    }
    assert_eq!(skipped(&report, Kind::Offline, Reason::Delivered), 1);
    let state = state(&bed).await;
    assert_eq!(names(&state), ["My Anna"]);
    assert!(matches!(&state.kept, Kept::Keys(keys) if verify_plain("mine", keys)));
    assert_eq!(state.messages.len(), 1, "a message that was delivered does not come back");
    assert!(import(&bed, vec![jack()], &Order { mode: Mode::Verify, ..order }).await.differences() >= 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_wins_if_it_is_to() {
    let (bed, order) = (Bed::new().await, Order { on_conflict: OnConflict::Replace, ..order() });
    import(&bed, vec![jack()], &order).await;
    let before = state(&bed).await;
    change(&bed).await;
    import(&bed, vec![jack()], &order).await;
    let after = state(&bed).await;
    assert_eq!(names(&after), ["Anna", "Bert"]);
    assert_eq!((before.private, before.lists, before.vcard), (after.private, after.lists, after.vcard));
    assert_eq!(before.default_list, after.default_list);
    assert!(matches!(&after.kept, Kept::Keys(keys) if verify_plain("pw jack", keys)));
    assert_eq!(after.messages.len(), 1);
    assert_eq!(written(&import(&bed, vec![jack()], &order).await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn or_the_import_ends() {
    let (bed, order) = (Bed::new().await, Order { on_conflict: OnConflict::Fail, ..order() });
    import(&bed, vec![jack()], &order).await;
    change(&bed).await;
    let Err((report, error)) = bed.try_import(Script(vec![jack()]), &order).await else {
        panic!("no conflict")
    };
    assert!(
        matches!(&error, MigrateError::Conflict(what) if what.starts_with("jack@chess.example: ")),
        "{error}"
    );
    assert!(!report.complete);
    assert_eq!(names(&state(&bed).await), ["My Anna"]);
}

/// More of them than are read ahead.
#[tokio::test(flavor = "multi_thread")]
async fn and_does_not_wait_for_the_users_behind() {
    let order = Order { on_conflict: OnConflict::Fail, secrets: Secrets::Keep, ..order() };
    let bed = Bed::new().await;
    import(&bed, vec![jack()], &order).await;
    change(&bed).await;
    let users = std::iter::once(jack()).chain((0..2000).map(|number| user(&format!("u{number}"))));
    let Err((report, error)) = bed.try_import(Script(users.collect()), &order).await else {
        panic!("no conflict")
    };
    assert!(matches!(error, MigrateError::Conflict(_)) && !report.complete, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_here_before_is_kept() {
    let bed = Bed::new().await;
    let keys = auth::new_keys(&*bed.runtime.random, &[storage::Hash::Sha1], 4096, "mine").unwrap();
    let id = bed.store.accounts().create("chess.example", "jack", &keys, 1).await.unwrap();
    bed.store.vcards().put(id, "<vCard xmlns='vcard-temp'><FN>Me</FN></vCard>".into()).await.unwrap();
    let report = import(&bed, vec![jack()], &order()).await;
    assert_eq!(skipped(&report, Kind::Account, Reason::Kept), 1);
    assert_eq!(skipped(&report, Kind::VCard, Reason::Kept), 1);
    let state = state(&bed).await;
    assert_eq!((state.account.id, names(&state).len()), (id, 2), "and what is missing is added");
    assert!(matches!(&state.kept, Kept::Keys(keys) if verify_plain("mine", keys)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_gone_there_goes_here_unless_somebody_uses_it() {
    let (bed, order) = (Bed::new().await, order());
    import(&bed, vec![jack(), user("also"), user("gone"), user("used")], &order).await;
    let used = bed.state(&order, "used@chess.example").await.unwrap().account.id;
    bed.store.vcards().put(used, "<vCard xmlns='vcard-temp'><FN>Me</FN></vCard>".into()).await.unwrap();
    bed.store.accounts().create("chess.example", "ours", &[], 1).await.unwrap();
    let report = import(&bed, vec![jack(), user("also")], &order).await;
    assert_eq!(report.tally.counts["chess.example"][&Kind::Account].removed, 1);
    let named: Vec<_> = report.tally.listed.iter().map(|one| (one.user.as_str(), one.reason)).collect();
    assert_eq!(named, [("gone", Reason::Gone), ("used", Reason::Kept)]);
    assert!(bed.state(&order, "gone@chess.example").await.is_none());
    for left in ["used@chess.example", "ours@chess.example", JACK] {
        assert!(bed.state(&order, left).await.is_some(), "{left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_source_deletes_nobody() {
    let (bed, order) = (Bed::new().await, order());
    import(&bed, (0..30).map(|number| user(&format!("u{number}"))).collect(), &order).await;
    let Err((_, error)) = bed.try_import(Script(vec![user("u1")]), &order).await else {
        panic!("not refused")
    };
    let said = error.to_string();
    assert!(said.contains("29 of the 30 accounts of chess.example") && said.contains("--force"), "{said}");
    assert!(bed.state(&order, "u2@chess.example").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_replaces_a_hash_is_no_change() {
    let (bed, order) = (Bed::new().await, Order { secrets: Secrets::Keep, ..order() });
    let mut hashed = user("hashed");
    let text = "$2y$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK".to_owned();
    hashed.accounts[0].password = RawPassword::Unknown { text, realm: None };
    let users = vec![jack(), hashed.clone()];
    import(&bed, users.clone(), &order).await;
    for jid in [JACK, "hashed@chess.example"] {
        let state = bed.state(&order, jid).await.unwrap();
        let Kept::Secret(secret) = state.kept else { panic!("keys") };
        let keys = auth::new_keys(&*bed.runtime.random, &[storage::Hash::Sha1], 4096, "pw jack").unwrap();
        assert!(bed.store.accounts().replace_secret(state.account.id, secret, &keys).await.unwrap());
    }
    let again = import(&bed, users, &order).await;
    assert_eq!(skipped(&again, Kind::Account, Reason::Unchanged), 2, "{:#?}", again.tally);
    hashed.accounts[0].password = RawPassword::Plain("new".into());
    import(&bed, vec![jack(), hashed], &order).await;
    let state = bed.state(&order, "hashed@chess.example").await.unwrap();
    assert!(
        matches!(state.kept, Kept::Secret(secret) if secret.text == "new"),
        "and it still follows the source"
    );
}

/// An account that was here before the first import is not the import's to delete.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_here_before_stays() {
    let (bed, order) = (Bed::new().await, order());
    let keys = auth::new_keys(&*bed.runtime.random, &[storage::Hash::Sha1], 4096, "mine").unwrap();
    bed.store.accounts().create("chess.example", "before", &keys, 1).await.unwrap();
    import(&bed, vec![jack(), user("other"), user("before")], &order).await;
    import(&bed, vec![jack(), user("other")], &order).await;
    assert!(bed.state(&order, "before@chess.example").await.is_some());
}

/// A source that has no password says nothing of the one that is here.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_password_here_only_stays() {
    let (bed, order) = (Bed::new().await, order());
    let mut without = user("without");
    without.accounts[0].password = RawPassword::None;
    import(&bed, vec![jack(), user("other"), without.clone()], &order).await;
    let id = bed.state(&order, "without@chess.example").await.unwrap().account.id;
    let keys = auth::new_keys(&*bed.runtime.random, &[storage::Hash::Sha1], 4096, "mine").unwrap();
    bed.store.accounts().set_keys(id, &keys).await.unwrap();
    import(&bed, vec![jack(), user("other"), without], &order).await;
    import(&bed, vec![jack(), user("other")], &order).await;
    assert!(bed.state(&order, "without@chess.example").await.is_some());
}
