//! Each kernel interface, with a feature that needs it and is not part of the server.

mod account;
mod later;
mod link;
mod once;
mod outlet;
mod room;
mod state;
mod stored;
