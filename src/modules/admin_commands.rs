//! XEP-0133: Service Administration, in part: how many users are online, and the end of users' sessions. The commands are
//! those of the domain's administrators; a domain without administrators has none.

use std::sync::Arc;

use kernel::{
    About, Command, CommandAction, CommandActions, CommandAnswer, CommandError, CommandNote, CommandRequest,
    CommandResult, Host, Module, Permission, Registrar, Resource, Severity,
};
use serde_json::Value;
use xmpp::form::{Field, FieldType, Form, FormType};
use xmpp::{Jid, StanzaError, StreamCondition, StreamError, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};

const ONLINE_USERS: &str = "http://jabber.org/protocol/admin#get-online-users-num";
const END_SESSION: &str = "http://jabber.org/protocol/admin#end-user-session";
/// The field of the accounts whose sessions are to end.
const ACCOUNTS: &str = "accountjids";

struct AdminCommands;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(AdminCommands))
}

impl Module for AdminCommands {
    fn about(&self) -> About {
        About { name: "admin_commands".into(), specifications: vec![("XEP-0133", "1.3.1")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        if registrar.options().admins.is_empty() {
            return;
        }
        let name = "Get Number of Online Users";
        registrar.command(Command::new(ONLINE_USERS, name, Permission::Admins, online_users));
        registrar.command(Command::new(END_SESSION, "End User Session", Permission::Admins, end_sessions));
    }
}

/// Section 4.15: accounts with at least one session.
async fn online_users(request: CommandRequest) -> CommandResult {
    let count = Field::new(FieldType::TextSingle, "onlineusersnum")
        .label("The number of online users")
        .value(request.host.online_accounts().to_string());
    Ok(done(Some(Form::new(FormType::Result).field(count).about(ns::ADMIN)), Vec::new()))
}

fn done(form: Option<Form>, notes: Vec<CommandNote>) -> CommandAnswer {
    CommandAnswer::Done { form, notes }
}

/// Section 4.5: all sessions of an account, or the one of a full JID.
async fn end_sessions(request: CommandRequest) -> CommandResult {
    if request.action.is_none() {
        return Ok(CommandAnswer::Form {
            form: question(),
            actions: CommandActions::only(CommandAction::Complete),
            state: Vec::new(),
            notes: Vec::new(),
        });
    }
    let form = request.form.as_ref().ok_or(CommandError::BadPayload)?;
    let wanted = wanted(&request.host, form)?;
    let (mut ended, mut away) = (0, Vec::new());
    for jid in &wanted {
        let resources = resources(&request, jid);
        if resources.is_empty() {
            away.push(jid);
        }
        ended += resources.len();
        for resource in &resources {
            end(&request, resource).await;
        }
    }
    tracing::info!(by = request.resource.jid().as_str(), ended, "an administrator has ended sessions");
    let severity = if ended == 0 { Severity::Error } else { Severity::Warn };
    let mut notes = vec![CommandNote::new(Severity::Info, format!("sessions ended: {ended}"))];
    notes.extend(away.into_iter().map(|jid| CommandNote::new(severity, format!("{jid} is not online"))));
    Ok(done(None, notes))
}

fn question() -> Form {
    let accounts = Field::new(FieldType::JidMulti, ACCOUNTS)
        .label("The Jabber ID(s) for which to end sessions")
        .required();
    Form::new(FormType::Form)
        .title("Ending a User Session")
        .instructions("Fill out this form to end a user's session.")
        .field(accounts)
        .about(ns::ADMIN)
}

/// The addresses in a form, each once.
fn wanted(host: &Host, form: &Form) -> Result<Vec<Jid>, StanzaError> {
    let bad = |text: String| StanzaError::from(CommandError::BadPayload).text(text);
    let mut wanted = Vec::new();
    for text in form.values(ACCOUNTS).iter().filter(|text| !text.is_empty()) {
        let jid = Jid::parse(text).map_err(|_| bad(format!("{text:?} is not a valid JID")))?;
        if jid.local().is_none() || jid.domain() != host.name() {
            return Err(bad(format!("{jid} is not an account of {}", host.name())));
        }
        wanted.push(jid);
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}

/// The sessions of an account, or the one of a full JID.
fn resources(request: &CommandRequest, jid: &Jid) -> Vec<Resource> {
    let Some(account) = request.kernel.account_in_use(jid) else { return Vec::new() };
    match jid.resource() {
        Some(name) => account.resource(name).into_iter().collect(),
        None => account.resources(),
    }
}

/// The administrator's own session ends once it has its answer.
async fn end(request: &CommandRequest, resource: &Resource) {
    let error = StreamError::new(StreamCondition::PolicyViolation).text("closed by an administrator");
    match *resource == request.resource {
        true => request.kernel.part(resource, error),
        false => request.kernel.kick(resource, error).await,
    }
}
