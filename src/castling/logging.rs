//! The log, on standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

/// What clients could fill the log with; a directive of the same name in `level` overrides it.
const QUIET: &str = "h2=error";

/// Sends the log to standard error, as far as `level` lets it through (`[log] level`). `RUST_LOG`, if it is set,
/// is used instead. Only the first call counts.
///
/// # Errors
/// One of the two is no filter.
pub fn start(level: &str) -> Result<(), String> {
    let set = std::env::var("RUST_LOG").ok().filter(|set| !set.is_empty());
    let filter = EnvFilter::builder().parse(set.unwrap_or_else(|| format!("{QUIET},{level}")));
    let filter = filter.map_err(|error| format!("not a log level: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    // An error means that there is a log already.
    let _ = log.with_ansi(stderr().is_terminal()).try_init();
    Ok(())
}
