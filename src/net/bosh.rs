//! BOSH: a stream over HTTP requests that are answered late (XEP-0124, XEP-0206).
//!
//! - `core`, and what it is made of, is the protocol of one session without I/O: `window` puts requests in order,
//!   `waiting` knows which are unanswered, `kept` has the replies that may be asked for again, `key` follows a key
//!   sequence, `terms` is what was agreed on.
//! - A [`Bosh`] is the address: it answers requests and knows the sessions. A held request is nothing but the route's
//!   future, which waits for its place in the session.
//! - A [`Connection`] is the other end of a session, for whoever serves its stream.

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
pub use terms::{AddressLimits, Limits};

#[cfg(test)]
#[path = "../../fuzz/bosh/play.rs"]
mod play;
#[cfg(test)]
mod tests;
