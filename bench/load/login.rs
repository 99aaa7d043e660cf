//! Log-ins: a new connection, TLS handshake, SCRAM, bind, roster and presence each time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::Value;
use tokio::time::timeout;

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, figures};

/// Lets `at_once` workers log in and out until the window has passed.
pub async fn run(place: &Arc<Place>, plan: &Plan, accounts: usize) -> Result<Value> {
    for worker in 0..plan.at_once {
        let (place, plan) = (place.clone(), plan.clone());
        tokio::spawn(async move {
            for number in (worker..).step_by(plan.at_once) {
                if figures::is_over() {
                    return;
                }
                one(&place, &plan.user(number % accounts), number).await;
            }
        });
    }
    figures::window(plan).await
}

async fn one(place: &Arc<Place>, user: &str, number: usize) {
    let start = figures::now();
    match timeout(Duration::from_secs(30), Client::log_in(place, user, number)).await {
        Ok(Ok(client)) => {
            figures::arrived(start);
            tokio::spawn(client.close());
        }
        Ok(Err(error)) => figures::dropped(user, &error),
        Err(_) => figures::dropped(user, &anyhow!("no end after 30 s")),
    }
}
