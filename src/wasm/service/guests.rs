//! The exports of an instance of a service.

use crate::bindings::waiting::exports::castling::plugin::{
    commands, credentials, iq_handler, lifecycle, password_check, presence_change, screening_events, service,
    session_events, session_gate, timers,
};

/// The exports of an instance.
#[derive(Default)]
pub(crate) struct Guests {
    pub lifecycle: Option<lifecycle::Guest>,
    pub iq_handler: Option<iq_handler::Guest>,
    pub presence_change: Option<presence_change::Guest>,
    pub session_events: Option<session_events::Guest>,
    pub session_gate: Option<session_gate::Guest>,
    pub screening_events: Option<screening_events::Guest>,
    pub service: Option<service::Guest>,
    pub timers: Option<timers::Guest>,
    pub commands: Option<commands::Guest>,
    pub credentials: Option<credentials::Guest>,
    pub password_check: Option<password_check::Guest>,
}
