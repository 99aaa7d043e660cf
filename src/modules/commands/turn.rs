//! One request and its answer in the course of a command.

use std::sync::Arc;
use std::time::Duration;

use kernel::{
    Command, CommandAction, CommandAnswer, CommandError, CommandRequest, CommandResult, Host, IqRequest,
    IqResult, Kernel, Registrar, Resource, State,
};
use xmpp::form::Form;
use xmpp::{ErrorType, StanzaError};

use super::answer::Answer;
use super::asked::{Asked, Wish};
use super::stages::{Begun, PATIENCE, Stage, Stages};

/// Where commands are kept that wait for their clients.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    stages: State<Host, Stages>,
    begun: State<Resource, Begun>,
}

impl Kept {
    pub fn new(registrar: &Registrar<'_>) -> Self {
        Self { stages: registrar.state(), begun: registrar.state() }
    }

    /// A session has ended. Its commands may be those of any host, since it may belong to an administrator of several.
    pub fn forget(self, kernel: &Kernel, client: &Resource) {
        if self.begun.peek(client).is_none() {
            return;
        }
        for host in kernel.hosts() {
            if let Some(stages) = self.stages.peek(&host) {
                stages.forget(client.id());
            }
        }
    }
}

/// A request that the command's handler is to answer.
pub(super) struct Turn {
    id: Arc<str>,
    lang: Option<Arc<str>>,
    action: Option<CommandAction>,
    state: Vec<u8>,
}

impl Turn {
    /// The command begins.
    pub fn begin(
        request: &IqRequest,
        client: &Resource,
        asked: &Asked,
        kept: Kept,
    ) -> Result<Self, CommandError> {
        if asked.wish != Wish::Execute {
            return Err(CommandError::BadAction);
        }
        let id: Arc<str> = request.kernel.runtime().random.token(128).into();
        kept.begun.of(client).add(id.clone());
        Ok(Self { id, lang: asked.lang.clone(), action: None, state: Vec::new() })
    }

    /// The command goes on; `None` if the client has cancelled it.
    pub fn next(
        request: &IqRequest,
        client: &Resource,
        asked: &Asked,
        id: &str,
        kept: Kept,
    ) -> Result<Option<Self>, CommandError> {
        let now = request.kernel.runtime().clock.monotonic();
        let stages = kept.stages.of(&request.host);
        let Some(stage) = stages.get(client.id(), id, now) else {
            let begun = kept.begun.peek(client).is_some_and(|begun| begun.contains(id));
            return Err(if begun { CommandError::SessionExpired } else { CommandError::BadSessionId });
        };
        if stage.node != asked.node {
            return Err(CommandError::BadSessionId);
        }
        if asked.wish == Wish::Cancel {
            stages.remove(client.id(), id);
            return Ok(None);
        }
        let action = stage.action(asked.wish, asked.form.as_ref())?;
        Ok(Some(Self { id: stage.id, lang: stage.lang, action: Some(action), state: stage.state }))
    }

    /// What the handler is asked.
    pub fn request(&mut self, request: &IqRequest, client: &Resource, form: Option<Form>) -> CommandRequest {
        CommandRequest {
            kernel: request.kernel.clone(),
            host: request.host.clone(),
            resource: client.clone(),
            action: self.action,
            form,
            state: std::mem::take(&mut self.state),
            lang: self.lang.clone(),
        }
    }

    /// The handler has answered.
    pub fn end(
        self,
        request: &IqRequest,
        client: &Resource,
        node: Arc<str>,
        answer: CommandResult,
        kept: Kept,
    ) -> IqResult {
        let stages = kept.stages.of(&request.host);
        match answer {
            Ok(CommandAnswer::Form { form, actions, state, notes }) => {
                let answer = Answer { actions: Some(actions), form: Some(&form), notes: &notes };
                let answer = answer.to_element(&node, &self.id);
                let now = request.kernel.runtime().clock.monotonic();
                let required = form.required().map(Into::into).collect();
                let Self { id, lang, .. } = self;
                let account = client.account().jid().clone();
                let stage =
                    Stage { id, account, node, lang, actions, required, state, until: now + PATIENCE };
                keep(stages, client, stage, now)?;
                Ok(Some(answer))
            }
            Ok(CommandAnswer::Done { form, notes }) => {
                stages.remove(client.id(), &self.id);
                let answer = Answer { actions: None, form: form.as_ref(), notes: &notes };
                Ok(Some(answer.to_element(&node, &self.id)))
            }
            Err(error) => {
                if !matches!(error.kind, ErrorType::Modify | ErrorType::Wait) {
                    stages.remove(client.id(), &self.id);
                }
                Err(error)
            }
        }
    }
}

/// Keeps a command that waits for its client.
fn keep(stages: &Stages, client: &Resource, stage: Stage, now: Duration) -> Result<(), StanzaError> {
    if stage.state.len() > Command::STATE_BYTES {
        tracing::error!(node = &*stage.node, bytes = stage.state.len(), "a command keeps too much");
        stages.remove(client.id(), &stage.id);
        return Err(StanzaError::internal_server_error());
    }
    stages.put(client.id(), stage, now);
    if client.is_closed() {
        stages.forget(client.id()); // it has ended meanwhile
    }
    Ok(())
}
