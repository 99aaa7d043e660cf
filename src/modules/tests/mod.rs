//! Features on a kernel without a network: what clients send, and what waits for them.

mod backlog;
mod bench;
mod carbons;
mod disco;
mod iq;
mod offline;
mod presence;
mod roster;
mod sessions;
mod subscriptions;
