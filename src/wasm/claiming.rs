//! What a plugin answers, without the plugin: to find out whether anything else answers the same.

use std::future::ready;
use std::sync::Arc;

use kernel::{About, Command, Module, Permission, Registrar};
use xmpp::StanzaError;

use crate::manifest::HookManifest;

/// Registers requests and commands.
pub(crate) struct Claiming {
    name: Arc<str>,
    hooks: Vec<HookManifest>,
}

impl Claiming {
    pub fn new(name: Arc<str>, hooks: Vec<HookManifest>) -> Self {
        Self { name, hooks }
    }
}

impl Module for Claiming {
    fn about(&self) -> About {
        About { name: self.name.clone(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        for request in self.hooks.iter().flat_map(|hook| &hook.requests) {
            for kind in request.kinds() {
                registrar.iq(request.target(), kind, &request.name, &request.ns, |_| ready(Ok(None)));
            }
        }
        for command in self.hooks.iter().flat_map(|hook| &hook.commands) {
            let nobody = |_| ready(Err(StanzaError::service_unavailable()));
            registrar.command(Command::new(&command.node, &command.name, Permission::Admins, nobody));
        }
    }
}
