//! What a deployment's services register with the kernel.

use std::sync::Arc;

use kernel::{Interest, Registrar};

use crate::deployment::Deployment;
use crate::hook::Hook;

impl Deployment {
    /// Registers one hook on a domain.
    pub(crate) fn register_service(
        self: &Arc<Self>,
        registrar: &mut Registrar<'_>,
        hook: Hook,
        interest: Option<Interest>,
        domain: u32,
    ) {
        let Some(about) = self.plugin.manifest().hook(hook) else { return };
        match hook {
            Hook::IqHandler => self.register_requests(registrar, &about.requests, domain),
            Hook::SessionEvents => self.register_session_events(registrar, domain),
            Hook::PresenceChange => self.register_presence(registrar, interest, domain),
            Hook::SessionGate => self.register_gate(registrar, domain),
            Hook::ScreeningEvents => self.register_screening_events(registrar, domain),
            Hook::Service => self.register_address(registrar, domain),
            Hook::Commands => self.register_commands(registrar, &about.commands, domain),
            Hook::Timers => self.register_timers(registrar, &about.timers, domain),
            _ => {}
        }
    }
}
