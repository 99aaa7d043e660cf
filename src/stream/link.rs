//! Streams that carry stanzas of many senders: those of components and of other servers.

mod carry;
mod queue;

pub(crate) use carry::{End, Output, Traffic, carry};
pub(crate) use queue::{Bounds, Queue};
