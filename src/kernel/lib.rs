//! What every feature meets: hosts, accounts, sessions, packets, hooks, the IQ table, the router, and the
//! `Module` trait through which built-in modules and plugins alike take part.
//!
//! A stanza's way through this crate: `process` (hooks *Send*) → `router` (looks only at `to`) → `deliver`
//! (hooks *Receive*, RFC 6121 section 8, hooks *Undelivered*) → a session's `mailbox`.

mod account;
mod accounts;
mod backlog;
mod binding;
mod cascade;
mod counters;
mod deliver;
mod gate;
mod hooks;
mod host;
mod intake;
mod iq;
mod item;
mod kernel;
mod limits;
mod mailbox;
mod packet;
mod presence;
mod process;
mod redeliver;
mod registrar;
mod resume;
mod roster;
mod router;
mod session;
mod sessions;
mod tables;

pub use account::Account;
pub use backlog::Backlog;
pub use binding::{BindError, BindRequest, Conflict, Hold};
pub use cascade::Cascade;
pub use counters::{Counters, DropReason};
pub use hooks::{Interest, Moment, Order, SessionHandler, Stage, StageTable, Verdict};
pub use host::{Brand, Host, HostOptions, Web};
pub use iq::{IqRequest, IqResult, Target};
pub use item::{Item, Receipt};
pub use kernel::{Kernel, KernelOptions, Served};
pub use limits::Limits;
pub use mailbox::{Batch, Mailbox, PushError, TooHigh};
pub use packet::{Notes, Origin, Packet, Settling};
pub use registrar::{About, Identity, IqKind, Module, Registrar};
pub use resume::ResumeError;
pub use roster::{Roster, RosterChange};
pub use session::{Attachment, Session, SessionAbout, Transport};
pub use sessions::SessionInfo;
pub use tables::{HostTable, Tables};

/// A boxed future, as handlers that may wait return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
