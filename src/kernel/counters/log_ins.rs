//! Attempts to log in, by mechanism and result.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Counts attempts. Both words come from fixed lists, never from clients, so there are few pairs.
#[derive(Debug, Default)]
pub struct LogIns(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

/// How many attempts ended like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogInCount {
    /// The mechanism's registered name; `unknown` for one that was not offered.
    pub mechanism: &'static str,
    /// `success`, or the SASL error condition (RFC 6120 section 6.5).
    pub result: &'static str,
    pub count: u64,
}

impl LogIns {
    /// Counts an attempt.
    pub fn count(&self, mechanism: &'static str, result: &'static str) {
        *self.0.lock().entry((mechanism, result)).or_insert(0) += 1;
    }

    /// All pairs that have occurred, in order.
    pub fn list(&self) -> Vec<LogInCount> {
        let log_ins = self.0.lock();
        let one = |(&(mechanism, result), &count)| LogInCount { mechanism, result, count };
        log_ins.iter().map(one).collect()
    }
}
