//! BOSH: a stream over HTTP requests that are answered late (XEP-0124, XEP-0206).
//!
//! - `core`, with its parts, is the protocol of one session without I/O: `window` puts requests in order,
//!   `waiting` tracks the unanswered ones, `kept` holds the replies that may be requested again, `key`
//!   follows a key sequence, `terms` is what was negotiated.
//! - A [`Bosh`] is the HTTP endpoint: it answers requests and knows the sessions. A held request is just the
//!   route's future, waiting for its turn in the session.
//! - A [`Connection`] is the other end of a session, used to serve its stream.

mod body;
mod condition;
mod connection;
mod core;
mod creation;
mod ending;
mod fault;
mod held;
mod intake;
mod kept;
mod key;
mod output;
mod receive;
mod registry;
mod reply;
mod respond;
mod route;
mod session;
mod terms;
mod waiting;
mod window;

pub use body::{Attributes, Body, Payload};
pub use condition::Condition;
pub use connection::{Connection, Input};
pub use route::{Allowed, Bosh, Service};
pub use terms::{AddressLimits, BoshLimits};

#[cfg(test)]
#[path = "../../fuzz/bosh/play.rs"]
mod play;
#[cfg(test)]
mod tests;
