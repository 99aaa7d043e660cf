//! Many sessions at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Plan;
use crate::client::Client;
use crate::place::Place;

/// Logs in `count` accounts, starting `first` accounts after the plan's first; `each` takes every session as it comes.
pub async fn log_in<F>(place: &Arc<Place>, plan: &Plan, first: usize, count: usize, each: F) -> Result<()>
where
    F: Fn(usize, Client) + Send + Sync + 'static,
{
    let (gate, each) = (Arc::new(Semaphore::new(plan.at_once)), Arc::new(each));
    let mut set = JoinSet::new();
    for number in 0..count {
        let permit = gate.clone().acquire_owned().await?;
        let (place, each, user) = (place.clone(), each.clone(), plan.user(first + number));
        set.spawn(async move {
            let client = timeout(Duration::from_secs(60), Client::log_in(&place, &user, number)).await;
            drop(permit);
            each(number, client.context("no end after 60 s").flatten().context(user)?);
            anyhow::Ok(())
        });
    }
    while let Some(done) = set.join_next().await {
        done??;
    }
    Ok(())
}

/// The sessions of the same accounts, in order.
pub async fn gather(place: &Arc<Place>, plan: &Plan, first: usize, count: usize) -> Result<Vec<Client>> {
    let all: Arc<Mutex<Vec<(usize, Client)>>> = Arc::default();
    let into = all.clone();
    log_in(place, plan, first, count, move |number, client| {
        if let Ok(mut all) = into.lock() {
            all.push((number, client));
        }
    })
    .await?;
    let mut all = std::mem::take(&mut *all.lock().map_err(|_| anyhow!("a log-in panicked"))?);
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, client)| client).collect())
}
