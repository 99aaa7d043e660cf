//! Connections that have said half of something, and never authenticate.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use client::Io;
use client::stream::{DECLARATION, header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use crate::Plan;
use crate::place::Place;
use crate::procfs::sample;

/// How long a connection may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens so many connections, writes a stream header and the beginning of an element on each, and reads the server's memory.
pub async fn run(place: &Arc<Place>, plan: &Plan, connections: usize, bytes: usize) -> Result<Value> {
    let base = sample(&plan.pid).rss_kb;
    let (mut held, mut refused) = (Vec::new(), 0);
    for number in 0..connections {
        match timeout(PATIENCE, begin(place, number, bytes)).await {
            Ok(Ok(io)) => held.push(io),
            Ok(Err(_)) | Err(_) => refused += 1,
        }
    }
    sleep(Duration::from_secs(3)).await;
    let rss = sample(&plan.pid).rss_kb;
    let mut open = 0;
    for io in &mut held {
        open += usize::from(is_open(io).await);
    }
    Ok(json!({
        "connections": connections,
        "refused": refused,
        "closed": held.len() - open,
        "open": open,
        "base_rss_kb": base,
        "rss_kb": rss,
        "kb_each": (rss as f64 - base as f64) / connections as f64,
    }))
}

async fn begin(place: &Place, number: usize, bytes: usize) -> Result<Io> {
    let mut io = place.server.connect(number).await?;
    io.write_all(format!("{DECLARATION}{}", header(&place.domain)).as_bytes()).await?;
    let element =
        format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{}", "A".repeat(bytes));
    io.write_all(element.as_bytes()).await?;
    Ok(io)
}

/// Reads what the server has said; the end of the connection, or a stream error, says that it is not held any more.
async fn is_open(io: &mut Io) -> bool {
    let mut said = [0; 4096];
    loop {
        match timeout(Duration::from_millis(1), io.read(&mut said)).await {
            Err(_) => return true,
            Ok(Ok(0) | Err(_)) => return false,
            Ok(Ok(_)) => {}
        }
    }
}
