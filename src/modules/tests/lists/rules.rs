//! Who may change what, and what is refused.

use kernel::ListError;
use storage::{Kinds, PrivacyList, Subject, Subscription};
use xmpp::{Condition, StanzaError};

use super::*;

#[tokio::test]
async fn lists_are_created_replaced_and_removed() {
    let bench = Bench::new().await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    let by = Some(anna.resource());
    assert_eq!(kernel.list_names(account).await.unwrap(), NOTHING);
    assert_eq!(kernel.list(account, "work").await.unwrap(), None);
    let items = [deny(7, "x.example"), allow(2, "a@x.example")];
    assert!(kernel.put_list(account, by, list("work", &items), &LIMITS).await.unwrap());
    let sorted = list("work", &[items[1].clone(), items[0].clone()]);
    assert_eq!(*kernel.list(account, "work").await.unwrap().unwrap(), sorted);
    assert!(!kernel.put_list(account, by, list("work", &items), &LIMITS).await.unwrap(), "nothing is new");
    let next = list("work", &[deny(3, "y.example"), allow(7, "x.example")]);
    assert!(kernel.put_list(account, by, next.clone(), &LIMITS).await.unwrap());
    put(&bench, account, "home", &items).await;
    assert_eq!(kernel.list_names(account).await.unwrap(), ["home", "work"]);
    assert_eq!(*kernel.list(account, "work").await.unwrap().unwrap(), next);
    assert_eq!(kernel.store().privacy().list(account.id(), "work").await.unwrap(), Some(next));
    kernel.remove_list(account, by, "work").await.unwrap();
    assert_eq!(kernel.list_names(account).await.unwrap(), ["home"]);
    assert_eq!(kernel.remove_list(account, by, "work").await, Err(ListError::NotFound));
    assert!(account.screen().is_none() && anna.resource().active_list().is_none());
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let (bench, pushing) = pushing().await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    let five: Vec<_> = (0..5).map(|order| deny(order, "x")).collect();
    for name in ["1", "2", "3"] {
        put(&bench, account, name, &five[..1]).await;
    }
    pushing.told();
    let group = item(1, Subject::Group("friends".into()), false, Kinds::ALL);
    for (list, condition) in [
        (list("1", &[]), Condition::BadRequest),
        (list("", &five[..1]), Condition::BadRequest),
        (list(&"n".repeat(101), &five[..1]), Condition::BadRequest),
        (list("1", &[deny(1, "x"), deny(1, "y")]), Condition::BadRequest),
        (list("1", &five), Condition::ResourceConstraint),
        (list("4", &five[..1]), Condition::ResourceConstraint),
        (list("1", &[group]), Condition::ItemNotFound),
    ] {
        let error = kernel.put_list(account, None, list.clone(), &LIMITS).await.unwrap_err();
        assert_eq!(StanzaError::from(error).condition, condition, "{list:?}");
    }
    let by = Some(anna.resource());
    assert_eq!(kernel.set_default_list(account, by, Some("4")).await, Err(ListError::NotFound));
    assert_eq!(kernel.set_active_list(anna.resource(), Some("4")).await, Err(ListError::NotFound));
    assert_eq!(kernel.set_default_list(account, by, None).await, Ok(false));
    assert_eq!(kernel.set_active_list(anna.resource(), None).await, Ok(false));
    assert_eq!(kernel.list_names(account).await.unwrap(), ["1", "2", "3"]);
    assert_eq!(kernel.list(account, "1").await.unwrap().unwrap().items, five[..1]);
    assert_eq!(pushing.told(), NOTHING);
    assert_eq!(anna.received().len(), 3, "only of the lists that were made");
}

/// Who has which list active (`-`: none), the default list, and whether the desk may remove list `a` and choose `b` as default,
/// or decline any.
#[tokio::test]
async fn what_applies_to_another_resource_is_not_removed_nor_is_the_default_exchanged() {
    for (desk, phone, default, remove, exchange) in [
        ("-", "-", "-", true, true),
        ("a", "-", "-", true, true),
        ("-", "a", "-", false, true),
        ("a", "a", "-", false, true),
        ("-", "-", "a", false, false),
        ("-", "b", "a", true, true),
        ("b", "b", "a", true, true),
        ("b", "-", "a", false, false),
        ("-", "a", "a", false, true),
        ("-", "-", "c", true, false),
        ("-", "a", "c", false, true),
        ("a", "b", "c", true, true),
    ] {
        let case = format!("{desk} {phone} {default}");
        let name = |name: &'static str| (name != "-").then_some(name);
        for act in 0..3 {
            let bench = Bench::new().await;
            let (one, other) = (bench.bind(ANNA).await, bench.bind(PHONE).await);
            let (kernel, account) = (&bench.kernel, one.resource().account());
            for name in ["a", "b", "c"] {
                put(&bench, account, name, &[deny(1, "x")]).await;
            }
            kernel.set_default_list(account, None, name(default)).await.unwrap();
            kernel.set_active_list(one.resource(), name(desk)).await.unwrap();
            kernel.set_active_list(other.resource(), name(phone)).await.unwrap();
            let by = Some(one.resource());
            let (done, may) = match act {
                0 => (kernel.remove_list(account, by, "a").await, remove),
                1 => (kernel.set_default_list(account, by, Some("b")).await.map(drop), exchange),
                _ => (kernel.set_default_list(account, by, None).await.map(drop), exchange),
            };
            let expected = if may { Ok(()) } else { Err(ListError::Conflict) };
            assert_eq!(done, expected, "{case}, act {act}");
            let now = |before: &str, after: Option<&str>| match may {
                true => after.map(str::to_owned),
                false => name_of(before),
            };
            let kept = |before: &'static str| name(before).filter(|name| act != 0 || *name != "a");
            let default_after = [kept(default), Some("b"), None][act];
            assert_eq!(default_name(account), now(default, default_after), "{case}, act {act}");
            assert_eq!(active_name(one.resource()), now(desk, kept(desk)), "{case}, act {act}");
            assert_eq!(active_name(other.resource()), name_of(phone), "{case}, act {act}");
            let names = kernel.list_names(account).await.unwrap();
            assert_eq!(names.len(), if act == 0 && may { 2 } else { 3 }, "{case}, act {act}");
        }
    }
}

fn name_of(name: &str) -> Option<String> {
    (name != "-").then(|| name.to_owned())
}

#[tokio::test]
async fn a_request_of_no_resource_conflicts_with_every_resource() {
    let bench = Bench::new().await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    set_default(&bench, account, "a", &[deny(1, "x")]).await;
    assert_eq!(kernel.remove_list(account, None, "a").await, Err(ListError::Conflict));
    assert_eq!(kernel.set_default_list(account, None, None).await, Err(ListError::Conflict));
    assert_eq!(kernel.set_default_list(account, None, Some("a")).await, Ok(false), "no change at all");
    anna.hold().make_resumable(300);
    anna.hold().detach().await;
    kernel.remove_list(account, None, "a").await.unwrap();
    assert_eq!(default_name(account), None, "a client that is not connected keeps nobody from a change");
}

#[tokio::test]
async fn a_longer_list_of_the_blocking_command_may_be_changed_but_not_grow() {
    let bench = Bench::new().await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    let items: String = (0..6).map(|n| format!("<item jid='x{n}'/>")).collect();
    anna.send(&format!("<iq type='set' id='s'><block xmlns='urn:xmpp:blocking'>{items}</block></iq>")).await;
    let blocked = kernel.list(account, "blocklist").await.unwrap().unwrap();
    let mut six = PrivacyList::clone(&blocked);
    six.items[5].allow = true;
    assert!(kernel.put_list(account, None, six.clone(), &LIMITS).await.unwrap());
    six.items.push(deny(u32::MAX, "y"));
    let error = kernel.put_list(account, None, six, &LIMITS).await.unwrap_err();
    assert!(matches!(error, ListError::TooMany(_)), "{error:?}");
}

#[tokio::test]
async fn the_blocking_command_does_not_make_any_number_of_lists() {
    let bench = Bench::new().await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    let block = "<iq type='set' id='s'><block xmlns='urn:xmpp:blocking'><item jid='x'/></block></iq>";
    for _ in 0..20 {
        assert!(anna.ask(block).await.contains("type='result'"));
        assert!(kernel.set_default_list(account, Some(anna.resource()), None).await.unwrap());
    }
    let answer = anna.ask(block).await;
    assert!(answer.contains("<resource-constraint ") && answer.contains("20 privacy lists"), "{answer}");
    kernel.remove_list(account, None, "blocklist-7").await.unwrap();
    assert!(anna.ask(block).await.contains("type='result'"));
    assert_eq!(default_name(account).as_deref(), Some("blocklist-7"));
}

#[tokio::test]
async fn groups_are_those_of_the_roster() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    let group = |name: &str| item(1, Subject::Group(name.into()), false, Kinds::ALL);
    let rivals = list("a", &[group("rivals")]);
    let error = kernel.put_list(account, None, rivals.clone(), &LIMITS).await;
    assert_eq!(error, Err(ListError::NoSuchGroup));
    let set = "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='bert@chess.example'>\
        <group>rivals</group></item></query></iq>";
    anna.send(set).await;
    assert!(kernel.put_list(account, None, rivals, &LIMITS).await.unwrap());
    default(&bench, account, "a").await;
    assert!(!admits(kernel, anna.resource(), BERT) && admits(kernel, anna.resource(), "carl@chess.example"));
    anna.send(&set.replace("<group>rivals</group>", "")).await;
    assert!(admits(kernel, anna.resource(), BERT), "the roster has changed");
    let strangers = item(2, Subject::Subscription(Subscription::None), false, Kinds::ALL);
    let more = list("a", &[group("rivals"), strangers]);
    assert!(kernel.put_list(account, None, more, &LIMITS).await.unwrap(), "the group was there before");
    assert!(!admits(kernel, anna.resource(), BERT));
}
