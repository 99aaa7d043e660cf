//! A request, as its client has written it.

use std::sync::Arc;

use kernel::{CommandAction, CommandError};
use xmpp::form::{Form, FormType};
use xmpp::{Node, Stanza, StanzaError, is_language, ns};

/// The `action` of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Whatever the command takes for it.
    Execute,
    Cancel,
    Do(CommandAction),
}

pub(super) struct Asked {
    pub node: Arc<str>,
    /// `None`: the command begins.
    pub session_id: Option<Arc<str>>,
    pub wish: Wish,
    pub form: Option<Form>,
    pub lang: Option<Arc<str>>,
}

impl Asked {
    /// Reads a `<command/>` (section 4.1).
    pub fn read(stanza: &Stanza) -> Result<Self, StanzaError> {
        let command = stanza.payload().ok_or_else(StanzaError::bad_request)?;
        let node = command.attr("node").filter(|node| !node.is_empty());
        Ok(Self {
            node: node.ok_or_else(|| StanzaError::bad_request().text("'node' is missing"))?.as_ref().into(),
            session_id: command.attr("sessionid").map(|id| id.as_ref().into()),
            wish: wish(command)?,
            form: form(command)?,
            lang: lang(command, stanza)?,
        })
    }
}

fn wish(command: Node<'_>) -> Result<Wish, CommandError> {
    let Some(name) = command.attr("action") else { return Ok(Wish::Execute) };
    match &*name {
        "execute" => Ok(Wish::Execute),
        "cancel" => Ok(Wish::Cancel),
        name => {
            let action = CommandAction::ALL.into_iter().find(|action| action.as_str() == name);
            action.map(Wish::Do).ok_or(CommandError::MalformedAction)
        }
    }
}

/// Section 3.5.1: one that was cancelled counts as submitted.
fn form(command: Node<'_>) -> Result<Option<Form>, CommandError> {
    let Some(x) = command.child("x", ns::DATA_FORMS) else { return Ok(None) };
    match Form::read(x) {
        Some(form) if matches!(form.form_type, FormType::Submit | FormType::Cancel) => {
            Ok(Some(Form { form_type: FormType::Submit, ..form }))
        }
        _ => Err(CommandError::BadPayload),
    }
}

/// Section 3.7: that of the `<command/>`, else that of the stanza or the stream.
fn lang(command: Node<'_>, stanza: &Stanza) -> Result<Option<Arc<str>>, CommandError> {
    let own = command.attr("xml:lang");
    let Some(lang) = own.as_deref().or(stanza.lang()).filter(|lang| !lang.is_empty()) else {
        return Ok(None);
    };
    match is_language(lang) {
        true => Ok(Some(lang.into())),
        false => Err(CommandError::BadLocale),
    }
}
