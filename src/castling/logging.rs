//! The log, on standard error.

use std::io::{IsTerminal, Result as IoResult, Write, stderr};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_subscriber::EnvFilter;

/// Suppresses messages that clients could flood the log with; a directive for the same target in `level`
/// overrides it.
const QUIET: &str = "h2=error";

/// Sends the log to standard error, filtered by `level` (`[log] level`), or by `RUST_LOG` if that is set.
/// Only the first call counts.
///
/// # Errors
/// The filter is invalid.
pub fn start(level: &str) -> Result<(), String> {
    let set = std::env::var("RUST_LOG").ok().filter(|set| !set.is_empty());
    let filter = EnvFilter::builder().parse(set.unwrap_or_else(|| format!("{QUIET},{level}")));
    let filter = filter.map_err(|error| format!("invalid log level: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Lossy);
    let log = log.log_internal_errors(false); // else to standard error, with a panic on failure
    // It fails only if a logger is set already.
    let _ = log.with_ansi(stderr().is_terminal()).try_init();
    Ok(())
}

/// Log lines that could not be written.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many log lines could not be written.
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// Standard error; a line that cannot be written (full disk, closed pipe) is counted and dropped.
struct Lossy;

impl Write for Lossy {
    fn write(&mut self, line: &[u8]) -> IoResult<usize> {
        if stderr().lock().write_all(line).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}
