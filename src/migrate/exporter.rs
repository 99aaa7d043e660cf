//! What the store has of users, for an export.

use storage::{AccountState, Kept, PrivacyItem, StorageError, Store, Subject};

use crate::Server;
use crate::export::{ExportContact, ExportMessage, ExportPassword, ExportRule, ExportUser};

/// Users in one page.
const PAGE: u32 = 50;

/// The domain's users in bytewise order of their local parts, from behind `after`: a page, empty at the end. With `only`,
/// that user, if it exists.
///
/// # Errors
/// The database failed.
pub async fn page(
    store: &Store,
    domain: &str,
    after: &str,
    only: Option<&str>,
) -> Result<Vec<ExportUser>, StorageError> {
    if let Some(local) = only {
        return users(store, &[(domain.to_owned(), local.to_owned())]).await;
    }
    let accounts = store.accounts().list(domain, Some(after), PAGE).await?;
    let names: Vec<_> = accounts.into_iter().map(|account| (account.domain, account.local)).collect();
    users(store, &names).await
}

async fn users(store: &Store, names: &[(String, String)]) -> Result<Vec<ExportUser>, StorageError> {
    let found = store.imports().find(Server::Xep0227.number(), names).await?;
    Ok(found.into_iter().flatten().map(user).collect())
}

fn user(state: AccountState) -> ExportUser {
    let password = match state.kept {
        Kept::Keys(keys) if keys.is_empty() => ExportPassword::None,
        Kept::Keys(keys) => ExportPassword::Keys(keys),
        Kept::Secret(secret) if secret.one_way => {
            ExportPassword::Foreign { format: secret.format, text: secret.text, salt: secret.salt }
        }
        Kept::Secret(secret) => ExportPassword::Plain(secret.text),
    };
    let mut items = state.roster.items;
    items.sort_by(|one, other| one.jid.as_str().cmp(other.jid.as_str()));
    let requests = items.iter().filter_map(|item| item.pending_in.clone()).collect();
    let contacts = items.into_iter().map(|item| ExportContact {
        jid: item.jid.as_str().to_owned(),
        name: item.name,
        subscription: item.subscription,
        ask: item.ask,
        approved: item.approved,
        groups: item.groups,
        in_roster: item.in_roster,
    });
    let mut private = state.private;
    private.sort_by(|one, other| (&one.ns, &one.name).cmp(&(&other.ns, &other.name)));
    let mut lists = state.lists;
    lists.sort_by(|one, other| one.name.cmp(&other.name));
    let rules = lists.iter().flat_map(|list| list.items.iter().map(|item| rule(&list.name, item)));
    ExportUser {
        local: state.account.local,
        password,
        created_us: Some(state.account.created_us),
        disabled: !state.account.enabled,
        contacts: contacts.collect(),
        requests,
        private: private.into_iter().map(|entry| entry.xml).collect(),
        rules: rules.collect(),
        default_list: state.default_list,
        vcard: state.vcard,
        messages: state.messages.into_iter().map(message).collect(),
        last: state.last.map(|last| (last.at_us, last.status)),
    }
}

fn message(message: storage::OfflineMessage) -> ExportMessage {
    let xml = String::from_utf8_lossy(&message.xml).into_owned();
    ExportMessage { xml, stored_us: message.stored_us }
}

fn rule(list: &str, item: &PrivacyItem) -> ExportRule {
    let subject = match &item.subject {
        Subject::Anyone => None,
        Subject::Jid(jid) => Some(("jid", jid.as_str().to_owned())),
        Subject::Group(name) => Some(("group", name.clone())),
        Subject::Subscription(subscription) => Some(("subscription", subscription.as_str().to_owned())),
    };
    let subject = subject.map(|(kind, value)| (kind.to_owned(), value));
    ExportRule { list: list.to_owned(), order: item.order, subject, allow: item.allow, kinds: item.kinds }
}
