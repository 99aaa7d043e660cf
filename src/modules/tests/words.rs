//! The kernel's words, each with a feature that needs it and is no part of the server.

mod account;
mod later;
mod link;
mod once;
mod outlet;
mod room;
mod state;
