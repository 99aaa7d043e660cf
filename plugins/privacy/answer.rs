//! Answers to requests.

use castling_plugin::screening::{self, ListLimits, Refusal};
use castling_plugin::{Stanza, StanzaError, StanzaType};

use crate::{Fault, Get, List, Privacy, Set, get, list, names, rules, set};

type Answer = Result<Option<String>, StanzaError>;

/// The payload of the result, or the error.
pub fn answer(stanza: &Stanza, xml: &str, limits: Privacy) -> Answer {
    let account = stanza.from().split('/').next().unwrap_or_default();
    match stanza.stanza_type() {
        StanzaType::Get => read(get(xml).map_err(|fault| error(&fault, limits))?, account, stanza.session()),
        _ => change(
            set(xml, limits.items as usize).map_err(|fault| error(&fault, limits))?,
            account,
            stanza.session(),
            limits,
        ),
    }
}

fn read(request: Get, account: &str, session: u64) -> Answer {
    match request {
        Get::Names => {
            let all = screening::lists(account).map_err(refused)?;
            let active = screening::active(session).map_err(refused)?;
            let all_names = all.names.iter().map(String::as_str);
            Ok(Some(names(active.as_deref(), all.default.as_deref(), all_names)))
        }
        Get::List(name) => {
            let rules = screening::get(account, &name).map_err(refused)?;
            Ok(Some(list(&List { name, items: rules.into_iter().map(rules::item).collect() })))
        }
    }
}

fn change(request: Set, account: &str, session: u64, limits: Privacy) -> Answer {
    let limits = ListLimits { lists: limits.lists, items: limits.items };
    let changed = match request {
        Set::Put(List { name, items }) => {
            let rules: Vec<_> = items.into_iter().map(rules::rule).collect();
            screening::put(account, session, &name, &rules, limits)
        }
        Set::Remove(name) => screening::remove(account, session, &name),
        Set::Default(name) => screening::set_default(account, session, name.as_deref()),
        Set::Active(name) => screening::set_active(session, name.as_deref()),
    };
    changed.map(|()| None).map_err(refused)
}

fn error(fault: &Fault, limits: Privacy) -> StanzaError {
    let (condition, text) = match fault {
        Fault::BadRequest(text) => ("bad-request", (*text).to_owned()),
        Fault::TooManyItems => {
            ("resource-constraint", format!("a privacy list may have {} items", limits.items))
        }
    };
    StanzaError { condition: condition.to_owned(), text: Some(text), app: None }
}

fn refused(why: Refusal) -> StanzaError {
    match why {
        Refusal::Refused(error) => error,
        Refusal::Denied(_) => {
            StanzaError { condition: "internal-server-error".into(), text: None, app: None }
        }
    }
}
