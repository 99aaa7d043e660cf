//! A source that says what it is told.

use storage::{Kinds, Subscription};

use crate::{
    BoxFuture, Leftover, MigrateError, RawAccount, RawContact, RawLast, RawMessage, RawPassword, RawRequest,
    RawRule, RawUser, Source, Survey,
};

#[derive(Clone, Default)]
pub(super) struct Script(pub Vec<RawUser>);

impl Source for Script {
    fn survey(&mut self) -> BoxFuture<'_, Result<Survey, MigrateError>> {
        let mut hosts: Vec<_> = self.0.iter().map(|user| user.host.clone()).collect();
        hosts.sort();
        hosts.dedup();
        hosts.extend(self.0.is_empty().then(|| "chess.example".to_owned()));
        Box::pin(std::future::ready(Ok(Survey {
            hosts,
            users: Some(self.0.len() as u64),
            ..Survey::default()
        })))
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<RawUser>, MigrateError>> {
        let next = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
        Box::pin(std::future::ready(Ok(next)))
    }

    fn leftovers(&mut self) -> Vec<Leftover> {
        Vec::new()
    }
}

/// `jack@chess.example` with a password and nothing else.
pub(super) fn user(local: &str) -> RawUser {
    let account = RawAccount { password: RawPassword::Plain(format!("pw {local}")), ..RawAccount::default() };
    RawUser {
        local: local.into(),
        host: "chess.example".into(),
        accounts: vec![account],
        ..RawUser::default()
    }
}

pub(super) fn contact(jid: &str, name: &str) -> RawContact {
    RawContact {
        jid: jid.into(),
        name: Some(name.into()),
        subscription: Ok(Subscription::Both),
        ask: false,
        approved: false,
        groups: vec!["Friends".into()],
    }
}

pub(super) fn message(body: &str) -> RawMessage {
    let xml = format!(
        "<message xmlns='jabber:client' from='anna@chess.example/x' type='chat'><body>{body}</body></message>"
    );
    RawMessage { xml, stored_us: Some(1_000_000) }
}

pub(super) fn rule(list: &str, order: i64, jid: &str) -> RawRule {
    RawRule {
        list: list.into(),
        order,
        subject: Some("jid".into()),
        value: Some(jid.into()),
        allow: false,
        kinds: Kinds::ALL,
    }
}

/// `jack` with one of everything.
pub(super) fn jack() -> RawUser {
    RawUser {
        contacts: vec![contact("anna@chess.example", "Anna"), contact("bert@other.example", "Bert")],
        requests: vec![RawRequest { jid: "carl@other.example".into(), ..RawRequest::default() }],
        private: vec!["<storage xmlns='storage:bookmarks'><a/></storage>".into()],
        rules: vec![rule("work", 1, "spam.example")],
        default_lists: vec!["work".into()],
        vcards: vec!["<vCard xmlns='vcard-temp'><FN>Jack</FN></vCard>".into()],
        messages: vec![message("one"), message("two")],
        last: vec![RawLast { at_us: 5_000_000, status: "gone".into() }],
        ..user("jack")
    }
}
