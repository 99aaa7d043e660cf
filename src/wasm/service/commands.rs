//! Ad-hoc commands (XEP-0050) of a plugin.

use std::sync::Arc;

use kernel::{
    Command, CommandAction, CommandActions, CommandAnswer, CommandNote, CommandRequest, CommandResult,
    Permission, Registrar, Severity,
};
use xmpp::StanzaError;
use xmpp::form::{Field, FieldType, Form, FormType};

use crate::bindings::waiting::exports::castling::plugin::commands::{
    Action, Answer, Field as WitField, FieldKind, Form as WitForm, Next, Step,
};
use crate::deployment::Deployment;
use crate::hook::Hook;
use crate::manifest::{CommandManifest, Executors};
use crate::service::requests::refused;
use crate::service::{self, About, Asked, Budget, Caller};
use crate::verdict;

/// Bytes that a step may keep for the next.
const STATE: usize = 4_096;
/// Fields of a form.
const FIELDS: usize = 200;

impl Deployment {
    pub(super) fn register_commands(
        self: &Arc<Self>,
        registrar: &mut Registrar<'_>,
        commands: &[CommandManifest],
        domain: u32,
    ) {
        for command in commands {
            let who = match command.by {
                Executors::Admins => Permission::Admins,
                Executors::Users => Permission::Anyone,
            };
            let (this, node) = (self.clone(), command.node.clone());
            let run = move |request| this.clone().execute(node.clone(), request, domain);
            registrar.command(Command::new(&command.node, &command.name, who, run));
        }
    }

    async fn execute(self: Arc<Self>, node: String, request: CommandRequest, domain: u32) -> CommandResult {
        let client = &request.resource;
        let step = Step {
            command: node,
            domain,
            from: client.jid().to_string(),
            session: client.id(),
            action: match request.action {
                None => Action::Execute,
                Some(CommandAction::Next) => Action::Next,
                Some(CommandAction::Prev) => Action::Prev,
                Some(CommandAction::Complete) => Action::Complete,
            },
            values: request.form.as_ref().map(values).unwrap_or_default(),
            state: request.state.clone(),
        };
        let asked = Asked {
            hook: Hook::Commands,
            about: About { domain, call: None },
            caller: Caller {
                sender: Some(client.account().jid().clone()),
                session: client.id(),
                ..Caller::default()
            },
            budget: Budget::WORK,
            alone: false,
        };
        let said = self.serve(asked, move |store, guests| {
            Box::pin(async move {
                let guest = service::exported(&guests.commands, Hook::Commands)?;
                guest.call_execute(store, &step).await
            })
        });
        let said = said.await.map_err(|failure| refused(&failure))?;
        let counters = self.scope.memory.stats.hook(Hook::Commands, domain);
        counters.verdict(match &said {
            Ok(Answer::Next(_)) => 0,
            Ok(Answer::Done(_)) => 1,
            Err(_) => 2,
        });
        match said {
            Ok(Answer::Next(next)) => waiting(next).ok_or_else(StanzaError::internal_server_error),
            Ok(Answer::Done(done)) => {
                let form = done
                    .form
                    .map(|form| made(FormType::Result, form).ok_or_else(StanzaError::internal_server_error));
                Ok(CommandAnswer::Done {
                    form: form.transpose()?,
                    notes: done.note.map(note).into_iter().collect(),
                })
            }
            Err(error) => {
                Err(verdict::stanza_error(&error).unwrap_or_else(|_| StanzaError::internal_server_error()))
            }
        }
    }
}

/// `None`: it keeps too much, or has too many fields.
fn waiting(next: Next) -> Option<CommandAnswer> {
    let mut allowed = next.actions.iter().filter_map(|action| match action {
        Action::Execute => None,
        Action::Next => Some(CommandAction::Next),
        Action::Prev => Some(CommandAction::Prev),
        Action::Complete => Some(CommandAction::Complete),
    });
    let first = allowed.next().unwrap_or(CommandAction::Complete);
    let actions = allowed.fold(CommandActions::only(first), CommandActions::and);
    let form = made(FormType::Form, next.form)?;
    let notes = next.note.map(note).into_iter().collect();
    (next.state.len() <= STATE).then_some(CommandAnswer::Form { form, actions, state: next.state, notes })
}

fn note(text: String) -> CommandNote {
    CommandNote::new(Severity::Info, clean(&text))
}

/// A text of the plugin's, without what XML cannot hold.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(4_096).collect()
}

fn made(kind: FormType, form: WitForm) -> Option<Form> {
    if form.fields.len() > FIELDS {
        return None;
    }
    let mut made = Form::new(kind);
    if !form.title.is_empty() {
        made = made.title(clean(&form.title));
    }
    if !form.instructions.is_empty() {
        made = made.instructions(clean(&form.instructions));
    }
    Some(form.fields.into_iter().fold(made, |form, one| form.field(field(one))))
}

fn field(one: WitField) -> Field {
    let kind = match one.kind {
        FieldKind::Boolean => FieldType::Boolean,
        FieldKind::Fixed => FieldType::Fixed,
        FieldKind::Hidden => FieldType::Hidden,
        FieldKind::JidMulti => FieldType::JidMulti,
        FieldKind::JidSingle => FieldType::JidSingle,
        FieldKind::ListMulti => FieldType::ListMulti,
        FieldKind::ListSingle => FieldType::ListSingle,
        FieldKind::TextMulti => FieldType::TextMulti,
        FieldKind::TextPrivate => FieldType::TextPrivate,
        FieldKind::TextSingle => FieldType::TextSingle,
    };
    let mut field = Field::new(kind, &clean(&one.name));
    if !one.label.is_empty() {
        field = field.label(clean(&one.label));
    }
    if one.required {
        field = field.required();
    }
    let field =
        one.options.iter().fold(field, |field, (label, value)| field.choice(clean(label), clean(value)));
    one.values.iter().fold(field, |field, value| field.value(clean(value)))
}

/// What was filled in, by the names of the fields.
fn values(form: &Form) -> Vec<(String, Vec<String>)> {
    form.fields.iter().filter_map(|field| Some((field.var.clone()?, field.values.clone()))).collect()
}
