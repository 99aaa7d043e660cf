//! How far an import is, on standard error: a bar on a terminal, else a line now and then.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use runtime::SharedClock;

use crate::{Progress, Survey};

/// How often a line is written where nobody watches a terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// Shows an import's progress.
pub struct Shown {
    clock: SharedClock,
    /// Writes a line.
    say: fn(&str),
    bar: Option<ProgressBar>,
    begun: Duration,
    said: Duration,
    done: u64,
    all: Option<u64>,
}

impl Shown {
    /// Nothing is shown before the import begins. `say` writes a line to standard error.
    pub fn new(clock: SharedClock, say: fn(&str)) -> Self {
        let now = clock.monotonic();
        Self { clock, say, bar: None, begun: now, said: now, done: 0, all: None }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }

    fn line(&self, now: Duration) -> String {
        let seconds = now.saturating_sub(self.begun).as_secs_f64();
        let rate = self.done as f64 / seconds.max(0.001);
        match self.all {
            Some(all) => {
                let left = all.saturating_sub(self.done) as f64 / rate.max(0.001);
                format!("{} of {all} users, {rate:.0}/s, {left:.0} s left", self.done)
            }
            None => format!("{} users, {rate:.0}/s", self.done),
        }
    }
}

impl Progress for Shown {
    fn begins(&mut self, survey: &Survey) {
        self.all = survey.users;
        self.begun = self.clock.monotonic();
        self.said = self.begun;
        if std::io::stderr().is_terminal() {
            let (bar, template) = match survey.users {
                Some(users) => {
                    (ProgressBar::new(users), "{wide_bar} {pos}/{len} users, {per_sec}, {eta} left")
                }
                None => (ProgressBar::new_spinner(), "{spinner} {pos} users, {per_sec}, {elapsed}"),
            };
            self.bar = Some(match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            });
        }
    }

    fn users(&mut self, users: u64) {
        self.done += users;
        if let Some(bar) = &self.bar {
            return bar.inc(users);
        }
        let now = self.clock.monotonic();
        if now.saturating_sub(self.said) >= PAUSE {
            self.said = now;
            (self.say)(&self.line(now));
        }
    }
}
