//! The log, on standard error. Whoever logs waits for nobody: lines go through a queue to a thread that writes them.
//!
//! Not `tracing-appender`: when it cannot hand over its last lines it uses `println!`, which panics if standard output is
//! closed.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal, Result as IoResult, Write, stderr};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::LogFormat;
use crate::output;

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

/// The filter of the log that was started.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Whether each line is an object.
static JSON: AtomicBool = AtomicBool::new(false);

/// Waits for the last lines when it is dropped, unless they do not get written.
pub struct Flush;

/// Sends the log to standard error, filtered by `level` (`[log] level`), or by `RUST_LOG` if that is set.
/// Only the first call counts.
///
/// # Errors
/// The filter is invalid, or there can be no more threads.
pub fn start(level: &str, format: LogFormat) -> Result<Flush, String> {
    let filter = filter(variable().as_deref().unwrap_or(level))?;
    let (entries, receiver) = sync_channel(QUEUE);
    if ENTRIES.set(entries).is_ok() {
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || write_all(&receiver));
        thread.map_err(|error| format!("cannot start the log: {error}"))?;
    }
    let (filter, handle) = reload::Layer::new(filter);
    let lines = fmt::layer().with_writer(|| Queue);
    let lines = lines.log_internal_errors(false); // else to standard error, with a panic on failure
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Readable => Box::new(lines.with_ansi(stderr().is_terminal())),
        LogFormat::Json => {
            Box::new(lines.json().flatten_event(true).with_current_span(false).with_span_list(false))
        }
    };
    // Both fail only if there is a logger already.
    JSON.store(format == LogFormat::Json, Ordering::Relaxed);
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    std::panic::set_hook(Box::new(panicked)); // the standard one writes to standard error itself
    Ok(Flush)
}

/// Warns of what is not in order at the start.
pub fn warn(text: &str) {
    match JSON.load(Ordering::Relaxed) {
        // Whoever reads objects cannot read anything else.
        true => tracing::warn!("{text}"),
        false => output::error(text),
    }
}

/// What decides instead of the configuration.
fn variable() -> Option<String> {
    std::env::var("RUST_LOG").ok().filter(|set| !set.is_empty())
}

fn filter(level: &str) -> Result<EnvFilter, String> {
    let filter = EnvFilter::builder().parse(format!("{QUIET},{level}"));
    filter.map_err(|error| format!("invalid log level: {error}"))
}

/// Filters by this level from now on. The answer is a note if `RUST_LOG` decides instead.
///
/// # Errors
/// The level is invalid, or the log was not started; the old one stays.
pub fn set_level(level: &str) -> Result<Option<String>, String> {
    if variable().is_some() {
        return Ok(Some("log.level: the environment variable RUST_LOG decides instead".to_owned()));
    }
    let handle = FILTER.get().ok_or("the log was not started")?;
    handle.reload(filter(level)?).map_err(|error| error.to_string())?;
    Ok(None)
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
