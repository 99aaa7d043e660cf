//! The integration tests: one binary, against a real server process.
//!
//! `fixture` starts servers; `scenario` plays the scripts of `tests/scenarios/`; each other module is one subject.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on panics and says why"
)]

mod addresses;
mod admin;
mod arena;
mod auth_sql;
mod bosh;
mod budget;
mod channel;
mod clock;
mod component;
mod data_sources;
mod database;
mod descriptors;
mod edges;
mod federation;
mod fixture;
mod hot_load;
mod import;
mod keeping;
mod kill;
mod log;
mod login;
mod main_job;
mod metrics;
mod order;
mod outage;
mod paced;
mod page;
mod patience;
mod privacy;
mod provider;
mod proxy;
mod raw;
mod register;
mod s2s;
mod scenario;
mod services;
mod shares;
mod slow_reader;
mod soak;
mod stream;
mod subscription;
mod tls;
mod versions;
mod waiting;
mod wall;
mod websocket;
