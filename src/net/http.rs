//! HTTP: requests in, responses out, over HTTP/1.1 and HTTP/2 (RFC 9110, 9112, 9113).
//!
//! - [`serve`] takes a [`Listener`](crate::Listener) and answers requests with the [`Route`]s of a [`Routes`]
//!   table.
//! - A [`Request`] knows the [`Client`] behind trusted [`Networks`], and reads its body only when a route
//!   needs it.
//! - A held answer is a pending future of a route. When the client disconnects, the future is dropped.

mod answer;
mod body;
mod client;
mod connection;
mod cors;
mod first_bytes;
mod forwarded;
mod networks;
mod options;
mod proxy_line;
mod request;
mod routes;
mod serve;
mod socket;

pub use answer::{Response, not_allowed, text};
pub use body::{Body, BodyError};
pub use client::Client;
pub use cors::Cors;
pub use networks::{BadNetwork, Networks, ProxySettings, network};
pub use options::HttpOptions;
pub use request::Request;
pub use routes::{Answer, Route, Routes};
pub use serve::serve;

pub(crate) use connection::Busy;
pub(crate) use socket::Socket;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
