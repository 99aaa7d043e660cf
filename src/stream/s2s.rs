//! Streams between servers (RFC 6120, XEP-0220): the link to all domains that are not served here.

mod dialback;
mod figures;
mod incoming;
mod limits;
mod outgoing;
mod pair;
mod policy;
mod registry;
mod sharing;
mod shown;
mod stream;
mod traffic;
mod verify;

pub use figures::{S2sStream, StreamState};
pub use incoming::serve;
pub use limits::S2sLimits;
pub use policy::{Pattern, Policy, Verify};
pub use registry::{S2s, S2sOptions};
