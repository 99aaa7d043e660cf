//! The session gate: features that may refuse a session before its resource is bound.

use std::sync::Arc;
use std::time::Duration;

use xmpp::{Jid, StanzaError};

use crate::{Account, BindError, BindRequest, BoxFuture, Kernel, Registrar, SessionAbout};

/// How long all gates of a host together may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that has authenticated and wants to bind a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateRequest {
    /// The account's bare JID.
    pub account: Jid,
    /// The resource that it asks for; `None`: the server generates one. It may get another one if this is in use.
    pub resource: Option<String>,
    pub about: SessionAbout,
}

pub(crate) type GateHandler = Arc<
    dyn for<'a> Fn(&'a Arc<Kernel>, &'a GateRequest) -> BoxFuture<'a, Result<(), StanzaError>> + Send + Sync,
>;

impl Registrar<'_> {
    /// Asks a handler before a resource is bound; a session that is resumed passes without it. A client that is refused gets
    /// the error in answer to its bind request, and may try again on the same stream. Handlers are asked in the order of their
    /// registration, until one refuses. They may wait, 30 seconds together; then the client is refused. If it leaves meanwhile,
    /// the handler's future is dropped.
    pub fn gate<F>(&mut self, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a GateRequest) -> BoxFuture<'a, Result<(), StanzaError>>
            + Send
            + Sync
            + 'static,
    {
        let owner = self.owner().clone();
        self.beyond_hooks().gates.push((owner, Arc::new(handler)));
    }
}

impl Kernel {
    /// Asks the gates of the host. Nothing is locked and nothing is bound yet: what binding depends on has to be checked
    /// afterwards.
    pub(super) async fn pass_gates(self: &Arc<Self>, request: &BindRequest) -> Result<(), BindError> {
        let host = request.account.host();
        let Some(table) = self.table(host).filter(|table| !table.registered.gates.is_empty()) else {
            return Ok(());
        };
        check(&request.account, request.login.as_deref())?;
        let jid = request.resource.as_deref().map(|wanted| full(&request.account, wanted)).transpose()?;
        // So that it stays in memory for longer than the gates may take.
        request.account.touch(self.monotonic_us());
        let asked = GateRequest {
            account: request.account.jid().clone(),
            resource: jid.and_then(|jid| jid.resource().map(str::to_owned)),
            about: request.about.clone(),
        };
        let asking = async {
            for (owner, gate) in &table.registered.gates {
                if let Err(error) = gate(self, &asked).await {
                    tracing::debug!(account = asked.account.as_str(), by = &**owner, %error, "session refused");
                    return Err(error);
                }
            }
            Ok(())
        };
        let passed = tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| {
            tracing::warn!(
                account = asked.account.as_str(),
                "session refused: a gate has not answered in time"
            );
            Err(StanzaError::resource_constraint()
                .text("the server cannot admit you at the moment; try again later"))
        });
        passed.map_err(|error| {
            self.counters().refused_binds.inc();
            BindError::Refused(error)
        })
    }
}

/// Whether sessions of the account can be bound, by this log-in.
pub(super) fn check(account: &Account, login: Option<&crate::Login>) -> Result<(), BindError> {
    if !account.host().is_enabled() || account.is_being_deleted() {
        return Err(BindError::Gone);
    }
    match login.is_some_and(crate::Login::is_revoked) {
        true => Err(BindError::Revoked),
        false => Ok(()),
    }
}

/// The full JID with a resource that a client asks for.
pub(super) fn full(account: &Account, resource: &str) -> Result<Jid, BindError> {
    account.jid().with_resource(resource).map_err(|_| BindError::BadResource)
}
