//! Tests wait for the client, which is async; they are not.

use std::future::Future;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::fixture::PATIENCE;

/// Drives the connections of all clients. With threads of its own, it also does so while a test does something else:
/// HTTP/2 has to answer its peer at any time.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// What comes of it; `None` if that takes longer than a test waits.
pub fn patiently<F: Future>(work: F) -> Option<F::Output> {
    RUNTIME.block_on(async { timeout(PATIENCE, work).await.ok() })
}

/// What comes of it. It panics if that takes longer than a test waits.
pub fn wait<F: Future>(work: F) -> F::Output {
    patiently(work).unwrap_or_else(|| panic!("{}", too_long()))
}

pub fn too_long() -> String {
    format!("nothing came within {} seconds", PATIENCE.as_secs())
}
