//! When to answer the client's `<r/>` (XEP-0198 section 4): once everything read before it is settled. After
//! a second an interim answer is sent, and a final one when the rest is settled.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use kernel::Hold;
use tokio::time::{Instant, sleep_until};

/// The longest a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pending requests that get an answer each; further ones share the last answer.
const WAITING: usize = 64;

/// The client's pending `<r/>`; `None` while there is none.
#[derive(Default)]
pub(crate) struct Acknowledging(Option<Box<Waiting>>);

struct Waiting {
    /// For each request, the number of stanzas read before it.
    asked: VecDeque<u64>,
    /// When an interim answer is due; `None` once it has been sent.
    patience: Option<Instant>,
}

impl Acknowledging {
    /// Registers an `<r/>`.
    pub fn ask(&mut self, hold: &Hold) {
        let read = hold.read();
        let waiting = self.0.get_or_insert_with(|| {
            Box::new(Waiting { asked: VecDeque::new(), patience: Some(Instant::now() + PATIENCE) })
        });
        if waiting.asked.len() >= WAITING {
            waiting.asked.pop_back();
        }
        waiting.asked.push_back(read);
    }

    /// The number of answers due now.
    pub fn due(&mut self, hold: &Hold) -> usize {
        let Some(waiting) = &mut self.0 else { return 0 };
        let mut due = 0;
        while waiting.asked.front().is_some_and(|read| hold.has_settled(*read)) {
            waiting.asked.pop_front();
            due += 1;
        }
        if waiting.asked.is_empty() {
            self.0 = None;
        } else if waiting.patience.is_some_and(|patience| patience <= Instant::now()) {
            waiting.patience = None;
            due += 1;
        }
        due
    }

    /// Resolves when an answer may be due; `None` while nothing is pending. Boxed, to keep idle sessions
    /// small.
    pub fn ready<'a>(&'a self, hold: &'a Hold) -> Option<Pin<Box<impl Future<Output = ()> + Send + 'a>>> {
        let waiting = self.0.as_deref()?;
        let first = waiting.asked.front().copied().unwrap_or_default();
        let patience = waiting.patience;
        Some(Box::pin(async move {
            match patience {
                None => hold.settled(first).await,
                Some(patience) => tokio::select! {
                    () = hold.settled(first) => {}
                    () = sleep_until(patience) => {}
                },
            }
        }))
    }
}
