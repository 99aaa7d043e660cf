//! Features on a kernel without a network: what clients send, and what waits for them.

mod backlog;
mod bench;
mod blocking;
mod disco;
mod iq;
mod offline;
mod presence;
mod register;
mod roster;
mod sessions;
mod subscriptions;
mod words;
