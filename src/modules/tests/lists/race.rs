//! Two sessions change lists at once.

use std::collections::BTreeSet;
use std::task::Poll;

use super::told::pushes;
use super::*;

fn command(name: &str, jid: &str) -> String {
    format!("<iq type='set' id='s'><{name} xmlns='urn:xmpp:blocking'><item jid='{jid}'/></{name}></iq>")
}

fn blocked(kernel: &PrivacyList) -> BTreeSet<String> {
    let denied = kernel.items.iter().filter(|item| !item.allow && item.kinds == Kinds::ALL);
    denied
        .filter_map(|item| match &item.subject {
            Subject::Jid(jid) => Some(jid.as_str().to_owned()),
            _ => None,
        })
        .collect()
}

/// What a client that has seen these pushes takes for blocked.
fn replayed(pushes: &[String]) -> BTreeSet<String> {
    let mut jids = BTreeSet::new();
    for push in pushes {
        let mut words = push.split(' ');
        match words.next() {
            Some("block") => jids.extend(words.map(str::to_owned)),
            Some("unblock") => words.for_each(|jid| assert!(jids.remove(jid), "{jid} was blocked")),
            _ => {}
        }
    }
    jids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_push_is_of_its_change_and_the_store_has_the_last() {
    let (bench, pushing) = pushing().await;
    let (desk, phone) = (bench.bind(ANNA).await, bench.bind(PHONE).await);
    let watcher = bench.bind("anna@chess.example/watcher").await;
    let (kernel, account) = (&bench.kernel, desk.resource().account());
    watcher.ask("<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>").await;
    for client in [&desk, &phone, &watcher] {
        put(&bench, account, "none", &[allow(1, "x")]).await;
        kernel.set_active_list(client.resource(), Some("none")).await.unwrap(); // so that no default list conflicts
        client.received();
    }
    pushing.told();
    let blocking = async {
        for n in 0..60 {
            let name = if n % 4 == 3 { "unblock" } else { "block" };
            desk.send(&command(name, &format!("b{}", n % 5))).await;
            desk.received(); // else its requests wait
        }
    };
    let by = Some(phone.resource());
    let listing = async {
        for n in 0..60 {
            let items =
                [deny(n, &format!("p{}", n % 3)), deny(n + 1, &format!("b{}", n % 2)), allow(n + 2, "x")];
            let name = if n % 2 == 0 { "blocklist" } else { "other" };
            kernel.put_list(account, by, list(name, &items), &LIMITS).await.or_else(full).unwrap();
            let name = [Some("blocklist"), Some("other"), None][n as usize % 3];
            match kernel.set_default_list(account, by, name).await {
                Ok(_) | Err(kernel::ListError::NotFound) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    tokio::join!(blocking, listing);
    kernel.default_list(account).await.unwrap();
    let privacy = kernel.store().privacy();
    let stored = privacy.default_list(account.id()).await.unwrap();
    assert_eq!(account.screen().map(|screen| PrivacyList::clone(screen.list())), stored);
    for name in kernel.list_names(account).await.unwrap() {
        let stored = privacy.list(account.id(), &name).await.unwrap().unwrap();
        assert_eq!(*kernel.list(account, &name).await.unwrap().unwrap(), stored);
        let orders: BTreeSet<u32> = stored.items.iter().map(|item| item.order).collect();
        assert_eq!(orders.len(), stored.items.len());
    }
    let seen = pushes(&watcher.received());
    assert_eq!(replayed(&seen), stored.as_ref().map(blocked).unwrap_or_default(), "{seen:#?}");
    let told = pushing.told();
    let defaults = told.iter().map(|line| line.split(' ').next_back().unwrap().split_once('>').unwrap());
    let (before, after): (Vec<_>, Vec<_>) = defaults.unzip();
    assert_eq!(before[1..], after[..after.len() - 1], "each begins where the last one ended");
}

/// The blocking command makes lists of its own.
fn full(error: kernel::ListError) -> Result<bool, kernel::ListError> {
    if matches!(error, kernel::ListError::TooMany(_)) { Ok(false) } else { Err(error) }
}

/// The name of a new block list is found in its turn: it is not that of a list made meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_block_list_is_no_list_of_another() {
    for _ in 0..20 {
        let bench = Bench::new().await;
        let (desk, phone) = (bench.bind(ANNA).await, bench.bind(PHONE).await);
        let account = desk.resource().account();
        let mine = [allow(1, "x"), deny(7, "y")];
        let request = command("block", "b");
        tokio::join!(desk.send(&request), put(&bench, phone.resource().account(), "blocklist", &mine));
        let default = account.screen().unwrap().list().clone();
        let names = bench.kernel.list_names(account).await.unwrap();
        match default.name.as_str() {
            // The block list was there first, and has been replaced as a whole.
            "blocklist" => assert!(names == ["blocklist"] && default.items == mine, "{default:?}"),
            name => {
                assert!(name == "blocklist-2" && names.len() == 2 && default.items.len() == 1, "{default:?}")
            }
        }
    }
}

/// A caller that does not wait leaves nothing half done.
#[tokio::test]
async fn a_change_whose_caller_is_gone_is_carried_out() {
    let (bench, pushing) = pushing().await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    put(&bench, account, "a", &[deny(1, "x")]).await;
    default(&bench, account, "a").await;
    pushing.told();
    {
        let next = list("a", &[deny(1, "y")]);
        let mut put = std::pin::pin!(kernel.put_list(account, None, next, &LIMITS));
        let once = std::future::poll_fn(|context| Poll::Ready(put.as_mut().poll(context).is_pending()));
        assert!(once.await, "it waits");
    }
    kernel.set_active_list(anna.resource(), Some("a")).await.unwrap(); // after it
    assert!(!admits(kernel, anna.resource(), "y") && admits(kernel, anna.resource(), "x"));
    assert_eq!(pushing.told(), ["-: a 1>1 a>a"]);
}
