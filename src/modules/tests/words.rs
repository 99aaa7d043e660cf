//! Each kernel interface, with a feature that needs it and is not part of the server.

mod account;
pub mod command;
mod gate;
mod inflow;
mod later;
mod link;
mod nodes;
mod once;
mod outlet;
mod presence;
mod room;
mod state;
mod stored;
