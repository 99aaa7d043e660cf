//! The integration tests: one binary, against a real server process.
//!
//! `fixture` starts servers; `scenario` plays the scripts of `tests/scenarios/`; each other module is one subject.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

mod fixture;
mod scenario;
