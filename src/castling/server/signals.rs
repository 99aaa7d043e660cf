//! SIGTERM and SIGINT drain, SIGHUP reads the configuration again.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::Server;
use crate::failure::Failure;

/// Until the server is told to stop.
pub async fn wait(server: &Arc<Server>) -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|e| Failure::Message(format!("cannot listen for signals: {e}")));
    let mut term = listen(SignalKind::terminate())?;
    let mut int = listen(SignalKind::interrupt())?;
    let mut hup = listen(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            _ = hup.recv() => match server.reload().await {
                Ok(notes) => notes.iter().for_each(|note| tracing::info!("{note}")),
                Err(error) => tracing::error!("nothing was changed: {error}"),
            },
        }
    }
}
