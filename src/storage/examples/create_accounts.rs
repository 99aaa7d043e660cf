//! Benchmark of the store: 10,000 accounts with two sets of keys each, offline messages one by one and many
//! at a time, and reads: `cargo run --release -p castling-storage --example create_accounts`.

#![expect(clippy::print_stdout, reason = "its purpose")]

use std::time::Duration;

use castling_storage::{Hash, Kept, NewAccount, OfflineId, Options, ScramKeys, Store};
use runtime::{Clock, Runtime, SystemClock};

const ACCOUNTS: usize = 10_000;
const DOMAIN: &str = "chess.example";

fn keys(hash: Hash, length: usize) -> ScramKeys {
    ScramKeys {
        hash,
        iterations: 4096,
        salt: vec![1; 16],
        stored_key: vec![2; length],
        server_key: vec![3; length],
    }
}

fn accounts() -> Vec<NewAccount> {
    (0..ACCOUNTS)
        .map(|n| NewAccount {
            domain: DOMAIN.to_owned(),
            local: format!("user{n}"),
            kept: Kept::Keys(vec![keys(Hash::Sha1, 20), keys(Hash::Sha256, 32)]),
            created_us: 0,
        })
        .collect()
}

fn report(what: &str, count: usize, since: Duration) {
    let took = SystemClock.monotonic() - since;
    println!("{what:<40} {count:>6} in {:>9.1?}, {:.1?} each", took, took / count.max(1) as u32);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::TempDir::new()?;
    let store = Store::open(Options::new("sqlite:bench.db", folder.path()), &Runtime::system()).await?;

    let since = SystemClock.monotonic();
    let results = store.accounts().create_many(accounts()).await;
    report("accounts created", results.iter().filter(|result| result.is_ok()).count(), since);
    let ids = results.into_iter().collect::<Result<Vec<_>, _>>()?;

    let message = vec![b'x'; 600];
    let since = SystemClock.monotonic();
    for id in ids.iter().take(1000) {
        store.offline().store(*id, &message, 0, None, Some(500)).await?;
    }
    report("offline messages, each awaited", 1000, since);

    let since = SystemClock.monotonic();
    let queued: Vec<_> = (0..ACCOUNTS)
        .filter_map(|n| ids.get(n % 100))
        .map(|id| store.offline().store_later(*id, message.clone().into(), None, 0, None, Some(500)))
        .collect();
    for commit in queued {
        commit.await?;
    }
    report("offline messages, queued together", ACCOUNTS, since);

    let since = SystemClock.monotonic();
    for n in 0..1000 {
        store.accounts().keys(DOMAIN, &format!("user{n}")).await?;
    }
    report("keys looked up", 1000, since);

    let since = SystemClock.monotonic();
    let loaded = store.offline().load(ids[0], OfflineId::default(), 100).await?;
    report("offline messages loaded by one", loaded.len(), since);

    let since = SystemClock.monotonic();
    let purged = store.purge_domain(DOMAIN).await?;
    report("accounts purged", usize::try_from(purged)?, since);
    for stat in store.statement_counts() {
        println!(
            "{:<28} {:>7} calls {:>8} rows {:>10.1?} max {:.1?}",
            stat.name,
            stat.calls,
            stat.rows,
            stat.total(),
            stat.max
        );
    }
    println!("{:?}", store.writer_stat());
    store.close().await?;
    Ok(())
}
