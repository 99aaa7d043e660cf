//! Fills a database for `cargo xtask bench accounts`: accounts `user1`, `user2`, … of a domain with the keys of its `user0`,
//! which exists, and for each of them contacts among its neighbours by number, with both subscriptions.
//!
//! `fill_accounts URL DATA_DIR DOMAIN ACCOUNTS CONTACTS`

#![expect(clippy::print_stdout, reason = "its purpose")]

use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use castling_storage::{AccountId, Kept, NewAccount, Options, RosterChange, RosterItem, Store, Subscription};
use runtime::{Clock, Runtime, SystemClock};
use xmpp::Jid;

/// Accounts created at once.
const ACCOUNTS_AT_ONCE: usize = 20_480;

/// Rosters in one write.
const ROSTERS_AT_ONCE: usize = 64;

/// Writes of rosters that wait at a time.
const AHEAD: usize = 16;

/// How long a write may wait.
const PATIENCE: Duration = Duration::from_secs(600);

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, folder, domain, accounts, contacts] = args.as_slice() else {
        return Err("usage: fill_accounts URL DATA_DIR DOMAIN ACCOUNTS CONTACTS".into());
    };
    let (accounts, contacts) = (accounts.parse::<usize>()?, contacts.parse::<usize>()?);
    if contacts % 2 != 0 || contacts >= accounts {
        return Err("CONTACTS must be even, and less than ACCOUNTS".into());
    }
    let since = SystemClock.monotonic();
    let options = Options { deadline: PATIENCE, ..Options::new(url, Path::new(folder)) };
    let store = Store::open(options, &Runtime::system()).await?;
    let ids = create(&store, domain, accounts).await?;
    println!("{accounts} accounts after {:.1?}", SystemClock.monotonic() - since);
    befriend(&store, domain, &ids, contacts).await?;
    println!("{contacts} contacts each after {:.1?}", SystemClock.monotonic() - since);
    Ok(store.close().await?)
}

/// Creates all but the first; gives the ids of all.
async fn create(store: &Store, domain: &str, accounts: usize) -> Outcome<Vec<AccountId>> {
    let (first, keys) = store.accounts().keys(domain, "user0").await?.ok_or("there is no user0")?;
    let mut ids = vec![first.id];
    let account = |number: usize| NewAccount {
        domain: domain.to_owned(),
        local: format!("user{number}"),
        kept: Kept::Keys(keys.clone()),
        created_us: first.created_us,
    };
    while ids.len() < accounts {
        let step = (ids.len()..accounts).take(ACCOUNTS_AT_ONCE).map(account).collect();
        for created in store.accounts().create_many(step).await {
            ids.push(created?);
        }
    }
    Ok(ids)
}

async fn befriend(store: &Store, domain: &str, ids: &[AccountId], contacts: usize) -> Outcome {
    let mut under_way = VecDeque::with_capacity(AHEAD);
    for first in (0..ids.len()).step_by(ROSTERS_AT_ONCE) {
        let some = (first..ids.len()).take(ROSTERS_AT_ONCE);
        let changes = some.map(|number| Ok((ids[number], roster(domain, number, ids.len(), contacts)?)));
        under_way.push_back(store.roster().apply_many(changes.collect::<Outcome<_>>()?));
        if under_way.len() == AHEAD
            && let Some(oldest) = under_way.pop_front()
        {
            oldest.await?;
        }
    }
    for rest in under_way {
        rest.await?;
    }
    Ok(())
}

/// The neighbours on both sides, half of them each.
fn roster(domain: &str, number: usize, accounts: usize, contacts: usize) -> Outcome<RosterChange> {
    let half = contacts / 2;
    let neighbours = (1..=half).flat_map(|far| [number + far, number + accounts - far]);
    let put = neighbours.map(|neighbour| {
        let jid = Jid::parse(&format!("user{}@{domain}", neighbour % accounts))?;
        Ok(RosterItem {
            name: Some(format!("Player {}", neighbour % accounts)),
            subscription: Subscription::Both,
            groups: vec!["Chess".to_owned()],
            in_roster: true,
            version: 1,
            ..RosterItem::new(jid)
        })
    });
    Ok(RosterChange { version: 1, put: put.collect::<Outcome<_>>()?, remove: Vec::new() })
}
