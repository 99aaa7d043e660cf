//! XEP-0050: Ad-Hoc Commands. Speaks the protocol for the commands that features offer
//! ([`Registrar::command`]), and keeps what a command needs from one request to the next.

mod answer;
mod asked;
mod stages;
mod turn;

use std::sync::Arc;

use kernel::{
    About, Announced, Command, DiscoItem, Identity, IqKind, IqRequest, IqResult, Module, NodeRequest,
    NodeResult, Registrar, SessionEventKind, Target,
};
use serde_json::Value;
use xmpp::{StanzaError, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};
use answer::Answer;
use asked::Asked;
use turn::{Kept, Turn};

struct Commands;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Commands))
}

impl Module for Commands {
    fn about(&self) -> About {
        let specifications = vec![("XEP-0050", "1.3.0"), ("XEP-0004", "2.13.2")];
        About { name: "commands".into(), specifications }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let kept = Kept::new(registrar);
        registrar.feature_of_commands(Target::Host, ns::COMMANDS);
        registrar.nodes(Target::Host, node);
        registrar
            .iq(Target::Host, IqKind::Set, "command", ns::COMMANDS, move |request| command(request, kept));
        registrar.session(SessionEventKind::Closed, move |kernel, event| {
            kept.forget(kernel, &event.resource);
            Box::pin(std::future::ready(()))
        });
    }
}

/// What the sender may see of a node: the list of commands, or one of them.
async fn node(request: NodeRequest) -> NodeResult {
    let Some(table) = request.kernel.table(&request.host) else { return Ok(None) };
    let may = |command: &&Command| {
        request.resource.as_ref().is_some_and(|one| command.who.allows(&request.host, one))
    };
    if *request.node == *ns::COMMANDS && table.commands().next().is_some() {
        let items = table.commands().filter(may).map(|command| DiscoItem {
            jid: request.host.jid().clone(),
            node: Some(command.node.clone()),
            name: Some(command.name.to_string()),
        });
        let identities = vec![Identity::new("automation", "command-list")];
        return Ok(Some(Announced { identities, items: items.collect(), ..Announced::default() }));
    }
    let Some(command) = table.command(&request.node) else { return Ok(None) };
    if !may(&command) {
        return Err(StanzaError::forbidden());
    }
    let identities = vec![Identity::new("automation", "command-node").named(&command.name)];
    let features = vec![ns::COMMANDS.into(), ns::DATA_FORMS.into()];
    Ok(Some(Announced { identities, features, ..Announced::default() }))
}

/// A client runs a command, or goes on with it.
async fn command(request: IqRequest, kept: Kept) -> IqResult {
    let client = request.resource.clone().ok_or_else(StanzaError::forbidden)?;
    let asked = Asked::read(&request.stanza)?;
    let table = request.kernel.table(&request.host).ok_or_else(StanzaError::service_unavailable)?;
    let command = table.command(&asked.node).cloned().ok_or_else(StanzaError::item_not_found)?;
    drop(table);
    if !command.who.allows(&request.host, &client) {
        return Err(StanzaError::forbidden());
    }
    let mut turn = match &asked.session_id {
        None => Turn::begin(&request, &client, &asked, kept)?,
        Some(id) => match Turn::next(&request, &client, &asked, id, kept)? {
            Some(turn) => turn,
            None => return Ok(Some(Answer::canceled(&asked.node, id))),
        },
    };
    let answer = command.run(turn.request(&request, &client, asked.form)).await;
    turn.end(&request, &client, command.node, answer, kept)
}
