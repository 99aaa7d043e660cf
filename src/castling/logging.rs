//! The log, on standard error. Whoever logs waits for nobody: lines go through a queue to a thread that writes them.
//!
//! Not `tracing-appender`: when it cannot hand over its last lines it uses `println!`, which panics if standard output is
//! closed.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal, Result as IoResult, Write, stderr};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::EnvFilter;

/// Suppresses messages that clients could flood the log with; a directive for the same target in `level`
/// overrides it.
const QUIET: &str = "h2=error";

/// Lines that may wait to be written; later ones are dropped and counted.
const QUEUE: usize = 8192;

/// How long the end of the process waits for the last lines.
const FLUSH: Duration = Duration::from_secs(1);

enum Entry {
    Line(Vec<u8>),
    /// Answered when everything before it was written.
    Flush(SyncSender<()>),
}

/// To the thread that writes.
static ENTRIES: OnceLock<SyncSender<Entry>> = OnceLock::new();

/// Log lines that could not be written.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Waits for the last lines when it is dropped, unless they do not get written.
pub struct Flush;

/// Sends the log to standard error, filtered by `level` (`[log] level`), or by `RUST_LOG` if that is set.
/// Only the first call counts.
///
/// # Errors
/// The filter is invalid, or there can be no more threads.
pub fn start(level: &str) -> Result<Flush, String> {
    let set = std::env::var("RUST_LOG").ok().filter(|set| !set.is_empty());
    let filter = EnvFilter::builder().parse(set.unwrap_or_else(|| format!("{QUIET},{level}")));
    let filter = filter.map_err(|error| format!("invalid log level: {error}"))?;
    let (entries, receiver) = sync_channel(QUEUE);
    if ENTRIES.set(entries).is_ok() {
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || write_all(&receiver));
        thread.map_err(|error| format!("cannot start the log: {error}"))?;
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Queue);
    let log = log.log_internal_errors(false); // else to standard error, with a panic on failure
    // It fails only if a logger is set already.
    let _ = log.with_ansi(stderr().is_terminal()).try_init();
    std::panic::set_hook(Box::new(panicked)); // the standard one writes to standard error itself
    Ok(Flush)
}

fn panicked(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => tracing::error!("{panic}\n{backtrace}"),
        _ => tracing::error!("{panic}"),
    }
}

/// How many log lines could not be written.
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

fn write_all(entries: &Receiver<Entry>) {
    for entry in entries {
        match entry {
            // A full disk, or a reader that is gone.
            Entry::Line(line) if stderr().lock().write_all(&line).is_err() => lose(),
            Entry::Line(_) => {}
            Entry::Flush(done) => drop(done.try_send(())),
        }
    }
}

fn lose() {
    LOST.fetch_add(1, Ordering::Relaxed);
}

/// One line, written at once: it is queued, or lost if the reader of the log stands still.
struct Queue;

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> IoResult<usize> {
        let queued = ENTRIES.get().is_some_and(|entries| entries.try_send(Entry::Line(line.into())).is_ok());
        if !queued {
            lose();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        if ENTRIES.get().is_some_and(|entries| entries.try_send(Entry::Flush(done)).is_ok()) {
            let _ = written.recv_timeout(FLUSH);
        }
    }
}
