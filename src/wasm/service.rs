//! Services: plugins that may wait. A call has an instance for itself, and waits on a fibre of its own; the thread goes on.

mod address;
mod answers;
mod call;
mod code;
mod commands;
mod described;
mod events;
mod gate;
mod guests;
mod inbox;
mod instance;
mod lanes;
mod meter;
mod outbox;
mod pool;
mod provider;
mod register;
mod requests;
mod source;
mod trial;

pub(crate) use address::Vacant;
pub(crate) use answers::Answers;
pub(crate) use call::{Asked, Caller};
pub(crate) use code::{ServiceCode, linker};
pub use described::Described;
pub(crate) use gate::refusal;
pub(crate) use inbox::Inbox;
pub(crate) use instance::{About, Budget, ServiceInstance};
pub(crate) use lanes::Lanes;
pub(crate) use meter::Meter;
pub(crate) use outbox::{Outbox, OutboxFull};
pub(crate) use pool::ServicePool;
pub use provider::PluginProvider;
pub use source::PluginSource;
pub(crate) use trial::Trial;

use crate::hook::Hook;

/// An export of an instance.
///
/// # Errors
/// It has none of that kind, which was looked up when it was loaded.
fn exported<T>(guest: &Option<T>, hook: Hook) -> wasmtime::Result<&T> {
    guest.as_ref().ok_or_else(|| wasmtime::format_err!("{hook} is not exported"))
}
