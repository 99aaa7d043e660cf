//! When the client's `<r/>` is answered (XEP-0198 section 4): once what was read before it has met its fate. After a second
//! it is told what has, and once more when the rest has.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use kernel::Hold;
use tokio::time::{Instant, sleep_until};

/// How long a client waits for an answer at most.
const PATIENCE: Duration = Duration::from_secs(1);
/// Requests that wait, each for its own answer; one more is answered together with the last.
const WAITING: usize = 64;

/// Requests for acknowledgement that wait for an answer; nothing while there is none.
#[derive(Default)]
pub(crate) struct Acknowledging(Option<Box<Waiting>>);

struct Waiting {
    /// For each request, how many stanzas had been read before it.
    asked: VecDeque<u64>,
    /// When the client is told what is settled by then; `None` once it has been.
    patience: Option<Instant>,
}

impl Acknowledging {
    /// The client has asked.
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

    /// How many answers are due now.
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

    /// Resolves when an answer may be due; `None` while nothing waits. Boxed, so that an idle session holds nothing for it.
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
