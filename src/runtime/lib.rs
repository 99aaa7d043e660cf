//! What every crate takes as a parameter: clock, randomness, named tasks with a drain signal, counters.
