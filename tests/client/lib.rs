//! An XMPP client, in layers: what a test or a measurement does not need, it leaves out.
//!
//! [`Place`] says where and how to connect; [`Wire`] carries a stream's bytes over any transport. Below are the
//! transports themselves ([`WebSocket`], [`bosh::Session`], [`http::Connection`]), which keep messages and bodies apart,
//! and the parts that they share. XML is only cut into stanzas ([`framer`]), since a load generator has to be cheap; a
//! test brings a strict parser. All waiting is tokio's, in the runtime of the caller; errors are for people to read.

pub mod bosh;
pub mod duplex;
pub mod frame;
pub mod framer;
pub mod http;
pub mod http2;
mod place;
mod scram;
mod starttls;
pub mod stream;
pub mod tls;
mod transport;
mod websocket;
mod wire;

pub use duplex::Io;
pub use place::{Place, connect};
pub use scram::{Scram, decode, plain};
pub use transport::Transport;
pub use websocket::{Message, WebSocket};
pub use wire::Wire;
