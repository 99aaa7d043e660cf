//! The ticker: advances the epoch while calls run, so that one that takes too long is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::thread::{Thread, park, sleep};
use std::time::Duration;

use wasmtime::Engine;

use crate::error::LoadError;

/// An epoch: how often a running guest is checked.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Without a call for so many ticks, it goes to sleep.
const IDLE: u32 = 100;

/// A thread of its own, since a guest in a busy loop would block the runtime's timers. It sleeps while no call is made.
pub(crate) struct Ticker {
    thread: Thread,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    asleep: AtomicBool,
    /// A call was made lately.
    called: AtomicBool,
    /// Instances that start at present.
    starting: AtomicU32,
    ended: AtomicBool,
}

impl Ticker {
    /// Starts the thread. `busy`: whether a call is running.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(engine: &Engine, busy: impl Fn() -> bool + Send + 'static) -> Result<Self, LoadError> {
        let state = Arc::new(State::default());
        let (engine, shared) = (engine.weak(), state.clone());
        let tick = move || engine.upgrade().map(|engine| engine.increment_epoch()).is_some();
        let run = move || shared.run(tick, busy);
        let started = std::thread::Builder::new().name("plugin-ticker".into()).spawn(run);
        let thread = started.map_err(|error| LoadError::engine(&error.into()))?.thread().clone();
        Ok(Self { thread, state })
    }

    /// A call begins; its seat is locked already.
    pub fn call(&self) {
        // While this is set, it goes on for a while at least, or whoever has set it wakes it.
        if self.state.called.load(Ordering::Relaxed) {
            return;
        }
        self.state.called.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst); // with the one in `may_sleep`: either that sees the locked seat, or this sees it asleep
        if self.state.asleep.load(Ordering::Relaxed) {
            self.thread.unpark();
        }
    }

    /// An instance starts, until this is dropped.
    pub fn starting(&self) -> Starting<'_> {
        self.state.starting.fetch_add(1, Ordering::SeqCst);
        self.call();
        Starting(&self.state)
    }
}

/// While it lives, an instance is starting.
pub(crate) struct Starting<'a>(&'a State);

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        self.0.starting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl State {
    fn run(&self, tick: impl Fn() -> bool, busy: impl Fn() -> bool) {
        let mut idle = 0;
        while !self.ended.load(Ordering::SeqCst) && tick() {
            idle = if self.called.swap(false, Ordering::Relaxed) { 0 } else { idle + 1 };
            if idle > IDLE && self.may_sleep(&busy) {
                park();
                self.asleep.store(false, Ordering::SeqCst);
                idle = 0;
            }
            sleep(TICK);
        }
    }

    fn may_sleep(&self, busy: &impl Fn() -> bool) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let quiet =
            !busy() && self.starting.load(Ordering::SeqCst) == 0 && !self.called.load(Ordering::SeqCst);
        if !quiet {
            self.asleep.store(false, Ordering::SeqCst);
        }
        quiet
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn it_sleeps_while_nothing_runs() {
        let state = Arc::new(State::default());
        let (ticks, ticked) = mpsc::channel();
        let busy = Arc::new(AtomicBool::new(true));
        let (shared, is_busy) = (state.clone(), busy.clone());
        let thread = std::thread::spawn(move || {
            shared.run(|| ticks.send(()).is_ok(), || is_busy.load(Ordering::SeqCst));
        });
        for _ in 0..3 * IDLE {
            ticked.recv().unwrap(); // a call runs on
        }
        busy.store(false, Ordering::SeqCst);
        while !state.asleep.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let ticker = Ticker { thread: thread.thread().clone(), state: state.clone() };
        busy.store(true, Ordering::SeqCst);
        while ticked.try_recv().is_ok() {}
        ticker.call();
        ticked.recv().unwrap();
        drop((ticker, ticked));
        thread.join().unwrap();
    }
}
