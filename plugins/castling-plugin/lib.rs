//! Write plugins for Castling in Rust: the host's interfaces, a typed [`Stanza`], and one trait for each hook.
//!
//! A plugin implements [`Lifecycle`] and the hooks it wants, and names them once:
//!
//! ```text
//! castling_plugin::plugin!(Sunshine: lifecycle, client_in);
//! castling_plugin::manifest!("manifest.json");
//! ```
//!
//! The host calls a hook only for the stanzas that the manifest's interests name. What has to be remembered
//! belongs to the host (`rates`, slots): an instance may be thrown away after any call.

mod bindings;
pub mod disco;
mod duration;
mod element;
pub mod form;
mod incoming;
mod services;
mod settings;
mod stanza;
pub mod xml;

pub use bindings::before_deliver::exports::castling::plugin::before_deliver::Ruling;
pub use bindings::before_offline::exports::castling::plugin::before_offline::Storing;
pub use bindings::castling::plugin::types::{
    AccountName, Change, Child, ChildName, Contact, Denied, Kind, NewText, Outcome, StanzaError, StanzaType,
    Subscription, Verdict,
};
pub use bindings::castling::plugin::{
    accounts, ask, call, config, kv, log, metrics, rates, routing, screening, sessions, sql,
};
pub use bindings::lifecycle::exports::castling::plugin::lifecycle::Why;
#[doc(hidden)]
pub use bindings::{
    before_deliver, before_offline, client_in, commands, component_in, credentials, iq_handler, lifecycle,
    password_check, presence_change, screening_events, server_in, service, session_events, session_gate,
    timers,
};
pub use duration::Duration;
pub use element::Element;
pub use incoming::Incoming;
pub use services::{
    Action, Answer, Client, Commands, Credentials, Description, Done, Field, FieldKind, Form, IqHandler,
    Next, PasswordCheck, PresenceChange, ScreeningEvents, Service, SessionEvents, SessionGate, Step, Timers,
};
pub use settings::Settings;
pub use stanza::{Stanza, facts};

use bindings::castling::plugin::types::Head;

/// Implemented by every plugin: called when an instance starts and when settings are available.
pub trait Lifecycle {
    /// An instance starts. An error is shown to the operator, and the instance is not used.
    fn init(_why: Why) -> Result<(), String> {
        Ok(())
    }

    /// The settings of a domain can be read (`config::get`). An error is shown to the operator; the previous
    /// configuration stays in force.
    fn configure(domain: u32) -> Result<(), String>;
}

/// Judges what clients send, after the server has stamped `from`.
pub trait ClientIn {
    /// Returns the verdict on a stanza.
    fn filter(stanza: &Stanza) -> Verdict;
}

/// Judges what other servers send.
pub trait ServerIn {
    /// Returns the verdict on a stanza.
    fn filter(stanza: &Stanza) -> Verdict;
}

/// Judges what components send.
pub trait ComponentIn {
    /// Returns the verdict on a stanza.
    fn filter(stanza: &Stanza) -> Verdict;
}

/// Judges stanzas that are about to be delivered.
pub trait BeforeDeliver {
    /// Returns the ruling for each recipient, in order; `recipients` are the facts of each.
    fn filter(stanza: &Stanza, recipients: &[u32]) -> Vec<Ruling>;
}

/// Judges stanzas that no online session takes, before they are stored.
pub trait BeforeOffline {
    /// Returns the verdict on a stanza.
    fn filter(stanza: &Stanza) -> Storing;
}

#[doc(hidden)]
pub struct Adapter<P>(std::marker::PhantomData<P>);

impl<P: Lifecycle> lifecycle::exports::castling::plugin::lifecycle::Guest for Adapter<P> {
    fn init(why: Why) -> Result<(), String> {
        P::init(why)
    }

    fn configure(domain: u32) -> Result<(), String> {
        P::configure(domain)
    }
}

impl<P: ClientIn> client_in::exports::castling::plugin::client_in::Guest for Adapter<P> {
    fn filter(head: Head, text: String) -> Verdict {
        P::filter(&Stanza::new(head, text))
    }
}

impl<P: ServerIn> server_in::exports::castling::plugin::server_in::Guest for Adapter<P> {
    fn filter(head: Head, text: String) -> Verdict {
        P::filter(&Stanza::new(head, text))
    }
}

impl<P: ComponentIn> component_in::exports::castling::plugin::component_in::Guest for Adapter<P> {
    fn filter(head: Head, text: String) -> Verdict {
        P::filter(&Stanza::new(head, text))
    }
}

impl<P: BeforeDeliver> before_deliver::exports::castling::plugin::before_deliver::Guest for Adapter<P> {
    fn filter(head: Head, text: String, recipients: Vec<u32>) -> Vec<Ruling> {
        P::filter(&Stanza::new(head, text), &recipients)
    }
}

impl<P: BeforeOffline> before_offline::exports::castling::plugin::before_offline::Guest for Adapter<P> {
    fn filter(head: Head, text: String) -> Storing {
        P::filter(&Stanza::new(head, text))
    }
}

/// Exports a plugin: its type, and the hooks it implements (`lifecycle`, `client_in`, `iq_handler` and so on).
#[macro_export]
macro_rules! plugin {
    ($plugin:ident: $($hook:ident),+ $(,)?) => {
        $(const _: () = {
            type Plugin = $crate::Adapter<$plugin>;
            $crate::export_hook!($hook, Plugin);
        };)+
    };
}

/// Puts the manifest, a file beside the source file, into the component.
#[macro_export]
macro_rules! manifest {
    ($file:literal) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            #[used]
            #[unsafe(link_section = "castling:plugin")]
            static MANIFEST: [u8; include_bytes!($file).len()] = *include_bytes!($file);
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! export_hook {
    (lifecycle, $plugin:ident) => { $crate::lifecycle::export_lifecycle!($plugin with_types_in $crate::lifecycle); };
    (client_in, $plugin:ident) => { $crate::client_in::export_client_in!($plugin with_types_in $crate::client_in); };
    (server_in, $plugin:ident) => { $crate::server_in::export_server_in!($plugin with_types_in $crate::server_in); };
    (component_in, $plugin:ident) => {
        $crate::component_in::export_component_in!($plugin with_types_in $crate::component_in);
    };
    (service, $plugin:ident) => { $crate::service::export_service!($plugin with_types_in $crate::service); };
    (before_deliver, $plugin:ident) => {
        $crate::before_deliver::export_before_deliver!($plugin with_types_in $crate::before_deliver);
    };
    (before_offline, $plugin:ident) => {
        $crate::before_offline::export_before_offline!($plugin with_types_in $crate::before_offline);
    };
    (iq_handler, $plugin:ident) => {
        $crate::iq_handler::export_iq_handler!($plugin with_types_in $crate::iq_handler);
    };
    (presence_change, $plugin:ident) => {
        $crate::presence_change::export_presence_change!($plugin with_types_in $crate::presence_change);
    };
    (session_events, $plugin:ident) => {
        $crate::session_events::export_session_events!($plugin with_types_in $crate::session_events);
    };
    (session_gate, $plugin:ident) => {
        $crate::session_gate::export_session_gate!($plugin with_types_in $crate::session_gate);
    };
    (screening_events, $plugin:ident) => {
        $crate::screening_events::export_screening_events!($plugin with_types_in $crate::screening_events);
    };
    (timers, $plugin:ident) => {
        $crate::timers::export_timers!($plugin with_types_in $crate::timers);
    };
    (commands, $plugin:ident) => {
        $crate::commands::export_commands!($plugin with_types_in $crate::commands);
    };
    (credentials, $plugin:ident) => {
        $crate::credentials::export_credentials!($plugin with_types_in $crate::credentials);
    };
    (password_check, $plugin:ident) => {
        $crate::password_check::export_password_check!($plugin with_types_in $crate::password_check);
    };
}
