//! Answers as they are sent (section 4.1).

use kernel::{CommandAction, CommandActions, CommandNote};
use xmpp::form::Form;
use xmpp::{Element, ns};

/// What is in an answer.
pub(super) struct Answer<'a> {
    /// Present while the command is executing.
    pub actions: Option<CommandActions>,
    pub form: Option<&'a Form>,
    pub notes: &'a [CommandNote],
}

impl Answer<'_> {
    /// The answer to a client that has cancelled a command.
    pub fn canceled(node: &str, session_id: &str) -> Element {
        command(node, session_id, "canceled")
    }

    /// The answer of a command.
    pub fn to_element(&self, node: &str, session_id: &str) -> Element {
        let status = if self.actions.is_some() { "executing" } else { "completed" };
        let notes = self.notes.iter().map(|note| {
            Element::new("note", ns::COMMANDS).attr("type", note.severity.as_str()).text(&note.text)
        });
        command(node, session_id, status)
            .with_children(self.actions.map(actions))
            .with_children(self.form.map(Form::to_element))
            .with_children(notes)
    }
}

fn command(node: &str, session_id: &str, status: &'static str) -> Element {
    Element::new("command", ns::COMMANDS)
        .attr("node", node)
        .attr("sessionid", session_id)
        .attr("status", status)
}

fn actions(actions: CommandActions) -> Element {
    let possible = CommandAction::ALL.into_iter().filter(|action| actions.allow(*action));
    Element::new("actions", ns::COMMANDS)
        .attr("execute", actions.execute().as_str())
        .with_children(possible.map(|action| Element::new(action.as_str(), ns::COMMANDS)))
}
