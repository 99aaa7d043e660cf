//! XMPP streams over a transport: negotiation (STARTTLS, SASL, bind, resumption) and the life of a bound
//! session.
//!
//! One state machine serves every transport: only the [`Pipe`], which turns bytes into stream events and
//! back, differs between TCP, WebSocket and BOSH.

mod acknowledging;
mod bind;
mod bosh;
mod c2s;
mod early;
mod established;
mod features;
mod goodbye;
mod handshake;
mod listener;
mod negotiate;
mod pipe;
mod sasl;
mod sm;
mod tcp;
pub mod web;
mod websocket;

pub use c2s::{C2s, C2sLimits, C2sOptions};
pub use listener::{Security, serve};
pub use pipe::{Input, Pipe, PipeError};

#[cfg(test)]
mod tests;
