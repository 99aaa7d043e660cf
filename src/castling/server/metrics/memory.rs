//! Memory, and what each session makes of it.

use std::sync::OnceLock;

use admin::metrics::{Description, Family, Sample};
use kernel::SessionFigures;

use super::super::Server;
use super::{bytes, gauge};

const RESIDENT: Description = bytes(gauge("process_resident_memory", "Memory of the process that is in RAM"));
const BASELINE: Description = bytes(gauge(
    "castling_memory_without_sessions",
    "The same when the server had started, before the first session",
));
const PER_SESSION: Description = bytes(gauge(
    "castling_memory_per_session",
    "What was added since then, divided by the number of sessions",
));

/// The resident memory when the server had started.
#[derive(Default)]
pub struct Baseline(OnceLock<u64>);

impl Baseline {
    /// Everything is loaded, and nobody has connected.
    pub fn take(&self) {
        if let Some(bytes) = resident() {
            // Only the first time counts.
            let _ = self.0.set(bytes);
        }
    }
}

pub fn families(server: &Server, figures: &SessionFigures) -> Vec<Family> {
    let resident = resident();
    let baseline = server.baseline.0.get().copied();
    let sessions: u64 = figures.sessions.values().sum();
    let per_session = resident.zip(baseline).filter(|_| sessions > 0);
    let per_session =
        per_session.map(|(resident, baseline)| resident.saturating_sub(baseline) as f64 / sessions as f64);
    vec![
        RESIDENT.with(resident.map(Sample::of)),
        BASELINE.with(baseline.map(Sample::of)),
        PER_SESSION.with(per_session.map(Sample::of)),
    ]
}

/// Bytes; `None` where the system does not tell.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
