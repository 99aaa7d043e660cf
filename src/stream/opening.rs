//! How a stream is opened: one road for clients, servers and components, in both directions.
//!
//! Each state is consumed by the step that leads to the next, so that no step can be left out or taken twice:
//! [`Line`] (a connection) → [`Opened`] (headers exchanged) → [`Secured`] (as encrypted as it must be) →
//! [`Authenticated`] (the peer has proved who it is). What follows is the matter of each kind: a client binds a
//! resource; a server's stream stays secured while it proves ever more pairs of domains; a component neither
//! encrypts nor binds.
//!
//! A step that fails has told the peer why, and ends with [`Ended`].

mod initiating;
mod line;
mod purpose;
mod receiving;
mod starttls;

pub(crate) use initiating::{Attempted, Initiated, Initiating, OpenError};
pub(crate) use line::{Ended, Line};
pub(crate) use purpose::{Purpose, Refusal};
pub(crate) use receiving::{Authenticated, Opened, Secured};
