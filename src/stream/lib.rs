//! XMPP streams over a transport: negotiation (STARTTLS, SASL, bind, resumption) and the life of a bound
//! session.
//!
//! One state machine serves every transport: only the [`Pipe`], which turns bytes into stream events and
//! back, differs between TCP, WebSocket and BOSH.

mod acknowledging;
mod bosh;
mod c2s;
pub mod component;
mod established;
mod features;
mod goodbye;
mod link;
mod listener;
mod opening;
mod pipe;
pub mod s2s;
mod sasl;
mod sm;
mod tcp;
pub mod web;
mod websocket;

pub use c2s::{C2s, C2sLimits, C2sOptions, serve};
pub use listener::Security;
pub use pipe::{Input, Pipe, PipeError};

#[cfg(test)]
mod tests;
