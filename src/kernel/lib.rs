//! The core that every feature uses: hosts, accounts, sessions, packets, hooks, the IQ table, the router, and
//! the `Module` trait through which built-in modules and plugins alike take part.
//!
//! A stanza's path through this crate: `hooks/process` (hooks *Send*) → `route/router` (looks only at `to`) →
//! `delivery/deliver` (hooks *Receive*, RFC 6121 section 8, hooks *Delivered* and *Undelivered*) → a
//! session's mailbox → its outlet (hooks *Write*).

mod account;
mod counters;
mod delivery;
mod failure;
mod hooks;
mod host;
mod kernel;
mod limits;
mod route;
mod serving;
mod session;
mod state;

pub use account::Account;
pub use account::cascade::AccountDeletion;
pub use account::events::RosterEvent;
pub use account::lists::error::ListError;
pub use account::lists::event::{ListChange, ScreenChange, Screened};
pub use account::lists::limits::ListLimits;
pub use account::login::Login;
pub use account::rewrite::{HeldAccounts, Rewritten};
pub use account::roster::{Roster, RosterChange};
pub use account::roster_change::{Announce, Joint};
pub use account::screen::{Matter, Screen, Way};
pub use account::stored::Stored;
pub use counters::{ByKind, Counters, DropReason, KINDS, LogInCount, LogIns};
pub use delivery::backlog::Backlog;
pub use failure::{failed, log_failure};
pub use hooks::command::{
    Command, CommandAction, CommandActions, CommandAnswer, CommandError, CommandNote, CommandRequest,
    CommandResult, Permission, Severity,
};
pub use hooks::disco::{Announced, DiscoItem, Identity, NodeRequest, NodeResult};
pub use hooks::job::Scope;
pub use hooks::registrar::{About, IqKind, Module, Phase, Registrar};
pub use hooks::stage::{Interest, Order, Stage, StageTable, Verdict};
pub use hooks::tables::{Farewell, HostTable, Tables, conflicts};
pub use host::{Brand, Host, HostOptions, Web};
pub use kernel::{Kernel, KernelOptions};
pub use limits::DomainLimits;
pub use route::address::Destination;
pub use route::early::EarlyRequest;
pub use route::inflow::Inflow;
pub use route::iq::{IqRequest, IqResult, Target};
pub use route::link::{Link, LinkKind, Refused};
pub use route::origin::{Behalf, Cause, Origin};
pub use route::packet::{Notes, Packet, Settling};
pub use route::parked::Parked;
pub use route::recipient::{Recipient, Recipients, Ruling};
pub use route::request::RequestError;
pub use route::service::{Service, ServiceAddress};
pub use route::taken::Taken;
pub use serving::{Links, Served};
pub use session::admission::GateRequest;
pub use session::binding::{BindError, BindRequest, Conflict};
pub use session::directory::SessionInfo;
pub use session::event::{SessionEvent, SessionEventKind, SessionHandler};
pub use session::figures::SessionFigures;
pub use session::hold::{Batch, Hold};
pub use session::intake::Guard;
pub use session::item::Item;
pub use session::lane::Holds;
pub use session::mailbox::{MailboxFigures, PushError, TooHigh};
pub use session::outlet::Release;
pub use session::presence::{Arrival, PresenceTaken};
pub use session::receipt::{Kept, Receipt};
pub use session::resource::Resource;
pub use session::resume::ResumeError;
pub use session::{Attachment, SessionAbout, Transport};
pub use state::{Owner, State};

/// The future of an asynchronous handler.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
