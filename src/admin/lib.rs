//! The admin socket that the command line talks to.
//!
//! A server holds the [`Lock`] of its data directory and listens on `admin.sock` there ([`Server`]), which only
//! its own user can open. Requests and replies are JSON, one a line ([`Request`], [`CommandError`]). The
//! command line is the [`Client`]. What the commands do is the [`Commands`] of whoever builds the server.

mod client;
mod lock;
mod protocol;
mod server;
mod socket;

#[cfg(test)]
mod tests;

pub use client::{CallError, Client};
pub use lock::{Lock, LockError};
pub use protocol::{BoxFuture, CommandError, Commands, MAX_REQUEST, Request};
pub use server::Server;
