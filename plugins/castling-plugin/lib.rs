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
mod duration;
mod settings;
mod stanza;

pub use bindings::before_offline::exports::castling::plugin::before_offline::Storing;
pub use bindings::castling::plugin::types::{
    Change, Child, ChildName, Contact, Denied, Kind, NewText, StanzaError, StanzaType, Subscription, Verdict,
};
pub use bindings::castling::plugin::{call, config, log, metrics, rates, sessions};
pub use bindings::lifecycle::exports::castling::plugin::lifecycle::Why;
#[doc(hidden)]
pub use bindings::{before_offline, client_in, lifecycle};
pub use duration::Duration;
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

impl<P: BeforeOffline> before_offline::exports::castling::plugin::before_offline::Guest for Adapter<P> {
    fn filter(head: Head, text: String) -> Storing {
        P::filter(&Stanza::new(head, text))
    }
}

/// Exports a plugin: its type, and the hooks it implements (`lifecycle`, `client_in`, `before_offline`).
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
    (before_offline, $plugin:ident) => {
        $crate::before_offline::export_before_offline!($plugin with_types_in $crate::before_offline);
    };
}
