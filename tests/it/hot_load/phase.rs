//! What all talkers share: which versions may be judging at a moment, and how far they are.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::probe;
use crate::fixture::PATIENCE;
use crate::scenario::transport::Transport;

/// A plugin that is replaced.
pub struct Plugin {
    pub name: &'static str,
    /// Its folder in `plugins/`.
    pub source: &'static str,
    /// The settings by default of its version of a phase.
    pub defaults: fn(u32) -> Value,
}

pub const PLUGINS: [Plugin; 3] = [
    Plugin { name: "sunshine", source: "sunshine", defaults: probe::defaults },
    Plugin { name: "offline-filter", source: "offline-filter", defaults: drops },
    Plugin { name: "mark", source: "tests/mark", defaults: |phase| json!({ "by": phase.to_string() }) },
];

/// Versions of `offline-filter` with an even number store no message.
fn drops(phase: u32) -> Value {
    let kind = if phase.is_multiple_of(2) { "message" } else { "presence" };
    json!({ "drop": [{ "kind": kind }] })
}

/// The phases of one plugin: 0 before it is loaded, then its versions from 1, then one more when it is removed.
pub struct Phase {
    /// The newest whose command has been given.
    begun: AtomicU32,
    /// The newest whose command has returned: nothing is judged by an older one from then on.
    done: AtomicU32,
    /// The last.
    gone: AtomicU32,
}

impl Default for Phase {
    fn default() -> Self {
        Self { begun: AtomicU32::new(0), done: AtomicU32::new(0), gone: AtomicU32::new(u32::MAX) }
    }
}

impl Phase {
    /// For a stanza that is to be sent: it will be judged in this phase or a later one.
    pub fn earliest(&self) -> u32 {
        self.done.load(SeqCst)
    }

    /// For a stanza that has been judged: it was in this phase or an earlier one.
    pub fn latest(&self) -> u32 {
        self.begun.load(SeqCst)
    }

    /// The next phase is the last.
    pub fn removal(&self) {
        self.gone.store(self.latest() + 1, SeqCst);
    }

    /// Is no plugin at work in this phase?
    pub fn idle(&self, phase: u32) -> bool {
        phase == 0 || phase >= self.gone.load(SeqCst)
    }

    /// May a message that is judged in one of these phases be unmarked?
    pub fn leaves_unmarked(&self, phases: RangeInclusive<u32>) -> bool {
        phases.into_iter().any(|phase| self.idle(phase))
    }

    /// Is a message that is judged in this phase kept from the offline store?
    pub fn discards(&self, phase: u32) -> bool {
        !self.idle(phase) && phase.is_multiple_of(2)
    }
}

/// What all talkers share.
#[derive(Default)]
pub struct Shared {
    phases: [Phase; PLUGINS.len()],
    stopped: AtomicBool,
    /// Pages that are to be loaded anew, by transport.
    reloads: [AtomicU32; Transport::ALL.len()],
    state: Mutex<PhaseState>,
    changed: Condvar,
}

#[derive(Default)]
struct PhaseState {
    connected: usize,
    heard: u64,
    failed: Option<String>,
}

impl Shared {
    /// The phases of a plugin.
    pub fn of(&self, name: &str) -> &Phase {
        &self.phases[PLUGINS.iter().position(|one| one.name == name).unwrap()]
    }

    /// A command takes a plugin to its next phase.
    pub fn change(&self, plugin: &Plugin, command: impl FnOnce() -> String) {
        let phase = self.of(plugin.name);
        let next = phase.begun.fetch_add(1, SeqCst) + 1;
        command();
        phase.done.store(next, SeqCst);
    }

    /// So many pages of a transport are to be loaded anew.
    pub fn reload(&self, transport: Transport, pages: u32) {
        self.reloads[transport as usize].fetch_add(pages, SeqCst);
    }

    /// Whoever gets true has to load one.
    pub fn takes_reload(&self, transport: Transport) -> bool {
        let one_less = |pages: u32| pages.checked_sub(1);
        self.reloads[transport as usize].fetch_update(SeqCst, SeqCst, one_less).is_ok()
    }

    pub fn stop(&self) {
        self.stopped.store(true, SeqCst);
    }

    pub fn stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }

    pub fn connected(&self) {
        self.tell(|state| state.connected += 1);
    }

    pub fn heard(&self, messages: u64) {
        self.tell(|state| state.heard += messages);
    }

    pub fn fail(&self, error: &str) {
        self.stop();
        self.tell(|state| {
            state.failed.get_or_insert_with(|| error.to_owned());
        });
    }

    fn tell(&self, what: impl FnOnce(&mut PhaseState)) {
        what(&mut self.state());
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, PhaseState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many are connected.
    pub fn everybody(&self, number: usize) {
        self.wait(|state| state.connected == number);
    }

    /// Waits until so many more messages have been heard.
    pub fn progress(&self, messages: u64) {
        let goal = self.state().heard + messages;
        self.wait(|state| state.heard >= goal);
    }

    fn wait(&self, enough: impl Fn(&PhaseState) -> bool) {
        let mut state = self.state();
        while !enough(&state) {
            if let Some(error) = state.failed.clone() {
                drop(state);
                panic!("{error}");
            }
            let waited = self.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            if waited.1.timed_out() {
                panic!(
                    "nothing happens: {} are connected, {} messages were heard",
                    state.connected, state.heard
                );
            }
        }
    }
}
