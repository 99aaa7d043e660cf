//! What operators use: the admin socket of the command line, and metrics.
//!
//! A server holds the [`Lock`] of its data directory and listens on `admin.sock` there ([`Server`]), which
//! only its own user can open. Requests and replies are JSON, one per line ([`Request`], [`CommandError`]).
//! The command line uses the [`Client`]. The commands themselves are the [`Commands`] supplied by the
//! server's composition root.

mod client;
mod lock;
pub mod metrics;
mod protocol;
mod server;
mod socket;

#[cfg(test)]
mod tests;

pub use client::{CallError, Client};
pub use lock::{Lock, LockError};
pub use protocol::{BoxFuture, CommandError, Commands, MAX_REQUEST, Request};
pub use server::Server;
