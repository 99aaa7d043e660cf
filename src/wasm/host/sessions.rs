//! `sessions`: querying and closing sessions.

use std::sync::Arc;

use wasmtime::Result;
use xmpp::{Jid, StreamCondition, StreamError};

use crate::bindings::castling::plugin::sessions::{Host, SessionInfo};
use crate::bindings::castling::plugin::types::Denied;
use crate::directory::{Directory, SessionFacts};
use crate::state::StoreData;
use crate::verdict;

/// Maximum characters of a stream error's text.
const TEXT: usize = 4096;

impl Host for StoreData {
    fn info(&mut self, id: u64) -> Result<Option<SessionInfo>> {
        let facts = self.scope.directory().and_then(|directory| directory.session(id));
        Ok(facts.and_then(|facts| self.seen(facts)))
    }

    fn of_account(&mut self, bare_jid: String) -> Result<Result<Vec<SessionInfo>, Denied>> {
        if !self.allows("sessions", "of-account") {
            return Ok(Err(Denied::NotGranted));
        }
        let Ok(jid) = Jid::parse(&bare_jid) else { return Ok(Err(Denied::BadArgument)) };
        if self.scope.serves(jid.domain()).is_none() {
            return Ok(Err(Denied::OutOfScope));
        }
        if !self.allows_for("sessions", "of-account", jid.domain()) {
            return Ok(Err(Denied::OutOfScope));
        }
        let Some(directory) = self.scope.directory() else { return Ok(Err(Denied::Unavailable)) };
        let facts = directory.of_account(&jid);
        Ok(Ok(facts.into_iter().filter_map(|facts| self.seen(facts)).collect()))
    }

    fn close(&mut self, id: u64, condition: String, text: Option<String>) -> Result<Result<(), Denied>> {
        let Some(condition) = StreamCondition::from_name(&condition) else {
            return Ok(Err(Denied::BadArgument));
        };
        let directory = match self.reaches(id, "close") {
            Ok(directory) => directory,
            Err(denied) => return Ok(Err(denied)),
        };
        let text = text.map(|text| text.chars().filter(|c| !c.is_control()).take(TEXT).collect());
        let closed = directory.close(id, StreamError { condition, text, application: None });
        Ok(if closed { Ok(()) } else { Err(Denied::BadArgument) })
    }

    fn push(&mut self, id: u64, payload: String) -> Result<Result<(), Denied>> {
        if !self.is_service || self.about.is_none() {
            return Ok(Err(self.unavailable("sessions", "push")));
        }
        let directory = match self.reaches(id, "push") {
            Ok(directory) => directory,
            Err(denied) => return Ok(Err(denied)),
        };
        let Ok(payload) = verdict::element(&payload) else { return Ok(Err(Denied::BadArgument)) };
        Ok(if directory.push(id, &payload) { Ok(()) } else { Err(Denied::BadArgument) })
    }
}

impl StoreData {
    /// The sessions, if the plugin may do this to the one of that number.
    fn reaches(&self, id: u64, function: &'static str) -> std::result::Result<Arc<dyn Directory>, Denied> {
        if !self.allows("sessions", function) {
            return Err(Denied::NotGranted);
        }
        let directory = self.scope.directory().ok_or(Denied::Unavailable)?;
        let facts = directory.session(id).ok_or(Denied::BadArgument)?;
        if self.scope.serves(&facts.host).is_none() {
            self.denied("sessions");
            return Err(Denied::OutOfScope);
        }
        match self.allows_for("sessions", function, &facts.host) {
            true => Ok(directory.clone()),
            false => Err(Denied::OutOfScope),
        }
    }

    /// What the plugin may see; `None` for sessions on domains it is not enabled for.
    fn seen(&self, facts: SessionFacts) -> Option<SessionInfo> {
        let domain = self.scope.serves(&facts.host)?;
        Some(SessionInfo {
            id: facts.id,
            jid: facts.jid,
            domain,
            priority: facts.priority.unwrap_or_default(),
            available: facts.priority.is_some(),
            transport: facts.transport.to_owned(),
            ip: Some(facts.ip),
            since_ms: facts.since_ms,
        })
    }
}
