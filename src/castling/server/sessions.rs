//! The `session` commands and `status`.

use admin::CommandError;
use kernel::{Attachment, SessionInfo};
use serde_json::{Value, json};
use xmpp::{Jid, StreamCondition, StreamError, datetime};

use super::Server;
use crate::accounts::{answer, arguments, unknown};
use crate::api::{OfJid, SessionShown, Status};

impl Server {
    /// Executes a `session` command, given without the `session.` prefix.
    pub(super) async fn session(&self, command: &str, args: Value) -> Result<Value, CommandError> {
        match command {
            "list" => answer(&self.kernel.session_list().iter().map(shown).collect::<Vec<_>>()),
            "kick" => self.kick(&arguments::<OfJid>(args)?.jid).await,
            _ => Err(unknown(&format!("session.{command}"))),
        }
    }

    /// Ends one session, or all of an account.
    async fn kick(&self, jid: &str) -> Result<Value, CommandError> {
        let wanted = Jid::parse(jid)
            .map_err(|error| CommandError::new(format!("{jid:?} is not a valid JID: {error}")))?;
        let meant = |info: &SessionInfo| match wanted.resource() {
            Some(_) => info.jid == wanted,
            None => info.jid.bare_str() == wanted.as_str(),
        };
        let list = self.kernel.session_list();
        let ids: Vec<u64> = list.iter().filter(|info| meant(info)).map(|info| info.id).collect();
        if ids.is_empty() {
            let error = CommandError::new(format!("{jid} has no sessions"));
            return Err(error.remedy("see castling session list"));
        }
        for resource in ids.iter().filter_map(|id| self.kernel.resource(*id)) {
            let error = StreamError::new(StreamCondition::PolicyViolation).text("closed by an administrator");
            self.kernel.kick(&resource, error).await;
        }
        Ok(json!({ "closed": ids.len() }))
    }

    pub(super) async fn status(&self) -> Result<Value, CommandError> {
        answer(&Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            since: datetime::format(self.since_us),
            listen: self.listening.iter().map(copy).collect(),
            domains: self.kernel.hosts().len(),
            sessions: self.kernel.session_count(),
            plugins: self.platform.loaded().len(),
            database_away_seconds: self.kernel.store().away_for().map(|away| away.as_secs()),
        })
    }
}

fn copy(one: &crate::api::Listening) -> crate::api::Listening {
    crate::api::Listening { kind: one.kind.clone(), address: one.address }
}

fn shown(info: &SessionInfo) -> SessionShown {
    SessionShown {
        jid: info.jid.to_string(),
        transport: info.about.transport.name().to_owned(),
        tls: info.about.tls.then(|| "tls".to_owned()),
        address: info.about.address.to_string(),
        since: datetime::format(info.since_us),
        state: match info.attachment {
            Attachment::Attached => "attached",
            Attachment::Detached { .. } => "detached",
            Attachment::Closed => "closed",
        }
        .to_owned(),
    }
}
