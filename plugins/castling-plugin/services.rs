//! One trait for each hook that is called in a service, where a plugin may wait.

use crate::bindings::castling::plugin::sql::Value;
use crate::bindings::castling::plugin::types::{AccountName, Head, Outcome, StanzaError};
use crate::bindings::commands::exports::castling::plugin::commands as command;
use crate::bindings::credentials::exports::castling::plugin::credentials as credential;
use crate::bindings::password_check::exports::castling::plugin::password_check as password;
use crate::bindings::session_gate::exports::castling::plugin::session_gate as gate;
use crate::{Adapter, Incoming, Stanza, bindings};

pub use command::{Action, Answer, Done, Field, FieldKind, Form, Next, Step};
pub use credential::Description;
pub use gate::Client;

/// Answers IQ requests that the manifest names.
pub trait IqHandler {
    /// Returns the payload of the result, or the error. `xml` is the request.
    fn handle(stanza: &Stanza, xml: &str) -> Result<Option<String>, StanzaError>;
}

/// Is told of presence after the server has recorded it.
pub trait PresenceChange {
    /// A session has changed its presence.
    fn changed(stanza: &Stanza);
}

/// Is told of the beginning and end of sessions.
pub trait SessionEvents {
    /// A session has bound its resource.
    fn opened(_session: u64, _jid: &str, _domain: u32) {}
    /// A session has ended.
    fn closed(_session: u64, _jid: &str, _domain: u32) {}
}

/// Decides whether sessions may begin.
pub trait SessionGate {
    /// An error is sent to the client, which may try again.
    fn admit(client: &Client) -> Result<(), StanzaError>;
}

/// Is told of changes of privacy lists.
pub trait ScreeningEvents {
    /// A list of an account (its bare JID) was created, changed or removed.
    fn changed(domain: u32, account: &str, name: &str);
}

/// Owns an address, and every JID at it.
pub trait Service {
    /// A stanza was sent there. An IQ request is answered with [`routing::send`](crate::routing::send), at most once; if the plugin
    /// does not, the server does after 30 seconds.
    fn received(stanza: &Incoming);
}

/// Is called for the timers of the manifest.
pub trait Timers {
    /// One is due on a domain.
    fn fired(name: &str, domain: u32);
}

/// Executes the ad-hoc commands of the manifest.
pub trait Commands {
    /// One step of a command.
    fn execute(step: &Step) -> Result<Answer, StanzaError>;
}

/// Says where accounts are stored.
pub trait Credentials {
    /// How those of a domain are.
    fn describe(domain: u32) -> Result<Description, String>;
    /// The values of the statements' parameters for a name; `None`: it is not one of this plugin's.
    fn values(domain: u32, name: &AccountName) -> Option<Vec<(String, Value)>>;
}

/// Checks passwords.
pub trait PasswordCheck {
    /// Whether the password is the account's.
    fn check(domain: u32, name: &AccountName, password: &str) -> Outcome;
    /// Whether the account exists.
    fn exists(domain: u32, name: &AccountName) -> Outcome;
}

impl<P: IqHandler> bindings::iq_handler::exports::castling::plugin::iq_handler::Guest for Adapter<P> {
    fn handle(head: Head, text: String, xml: String) -> Result<Option<String>, StanzaError> {
        P::handle(&Stanza::new(head, text), &xml)
    }
}

impl<P: PresenceChange> bindings::presence_change::exports::castling::plugin::presence_change::Guest
    for Adapter<P>
{
    fn changed(head: Head, text: String) {
        P::changed(&Stanza::new(head, text));
    }
}

impl<P: SessionEvents> bindings::session_events::exports::castling::plugin::session_events::Guest
    for Adapter<P>
{
    fn opened(session: u64, jid: String, domain: u32) {
        P::opened(session, &jid, domain);
    }

    fn closed(session: u64, jid: String, domain: u32) {
        P::closed(session, &jid, domain);
    }
}

impl<P: SessionGate> gate::Guest for Adapter<P> {
    fn admit(client: Client) -> Result<(), StanzaError> {
        P::admit(&client)
    }
}

impl<P: ScreeningEvents> bindings::screening_events::exports::castling::plugin::screening_events::Guest
    for Adapter<P>
{
    fn changed(domain: u32, account: String, name: String) {
        P::changed(domain, &account, &name);
    }
}

impl<P: Service> bindings::service::exports::castling::plugin::service::Guest for Adapter<P> {
    fn received(head: Head, xml: String) {
        P::received(&Incoming::new(head, xml));
    }
}

impl<P: Timers> bindings::timers::exports::castling::plugin::timers::Guest for Adapter<P> {
    fn fired(name: String, domain: u32) {
        P::fired(&name, domain);
    }
}

impl<P: Commands> command::Guest for Adapter<P> {
    fn execute(step: Step) -> Result<Answer, StanzaError> {
        P::execute(&step)
    }
}

impl<P: Credentials> credential::Guest for Adapter<P> {
    fn describe(domain: u32) -> Result<Description, String> {
        P::describe(domain)
    }

    fn values(domain: u32, name: AccountName) -> Option<Vec<(String, Value)>> {
        P::values(domain, &name)
    }
}

impl<P: PasswordCheck> password::Guest for Adapter<P> {
    fn check(domain: u32, name: AccountName, password: String) -> Outcome {
        P::check(domain, &name, &password)
    }

    fn exists(domain: u32, name: AccountName) -> Outcome {
        P::exists(domain, &name)
    }
}
