//! Commands that features offer to users (XEP-0050). The module `commands` speaks the protocol.

mod dialog;
mod error;

use std::sync::Arc;

use crate::hooks::tables::HostTable;
use crate::route::taken::Taken;
use crate::{BoxFuture, Host, Registrar, Resource, Target};

pub use dialog::{
    CommandAction, CommandActions, CommandAnswer, CommandNote, CommandRequest, CommandResult, Severity,
};
pub use error::CommandError;

/// Who may run a command. Clients of other servers may run none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The users of the domain.
    Anyone,
    /// The domain's administrators ([`HostOptions::admins`](crate::HostOptions::admins)).
    Admins,
}

impl Permission {
    /// Whether this client may run a command of the domain.
    pub fn allows(self, host: &Host, client: &Resource) -> bool {
        match self {
            Self::Anyone => client.host().index() == host.index(),
            Self::Admins => host.options().admins.contains(client.account().jid()),
        }
    }
}

type Run = Arc<dyn Fn(CommandRequest) -> BoxFuture<'static, CommandResult> + Send + Sync>;

/// A command of one host.
#[derive(Clone)]
pub struct Command {
    /// Identifies it on its host.
    pub node: Arc<str>,
    /// What users are shown.
    pub name: Arc<str>,
    pub who: Permission,
    run: Run,
}

impl Command {
    /// Bytes that an answer may keep for the next request.
    pub const STATE_BYTES: usize = 16_384;

    /// A command with its handler. A handler may wait; the client's next command waits with it. An error of type `modify` or
    /// `wait` leaves the command where it was, so that the client can try again; every other one ends it.
    pub fn new<F, R>(node: &str, name: &str, who: Permission, run: F) -> Self
    where
        F: Fn(CommandRequest) -> R + Send + Sync + 'static,
        R: Future<Output = CommandResult> + Send + 'static,
    {
        Self {
            node: node.into(),
            name: name.into(),
            who,
            run: Arc::new(move |request| Box::pin(run(request))),
        }
    }

    /// Calls the handler.
    pub fn run(&self, request: CommandRequest) -> BoxFuture<'static, CommandResult> {
        (self.run)(request)
    }
}

impl Registrar<'_> {
    /// Offers a command on the host.
    pub fn command(&mut self, command: Command) {
        let owner = self.owner().clone();
        let node = command.node.clone();
        let registered = self.beyond_hooks();
        if let Some((earlier, _)) = registered.commands.insert(node.clone(), (owner.clone(), command)) {
            registered.taken.push(Taken { what: format!("the command {node}"), owners: [earlier, owner] });
        }
    }

    /// Announces a feature of a target in disco#info, as long as the host has commands.
    pub fn feature_of_commands(&mut self, target: Target, feature: &str) {
        self.beyond_hooks().command_features.push((target, feature.into()));
    }
}

impl HostTable {
    /// The command of this node.
    pub fn command(&self, node: &str) -> Option<&Command> {
        self.registered.commands.get(node).map(|(_, command)| command)
    }

    /// All commands, sorted by node.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.registered.commands.values().map(|(_, command)| command)
    }
}
