//! Reads a source to its end.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::{Leftover, MigrateError, RawUser, Source as _, Survey};

use crate::xep0227::Xep0227Source;

/// All that a source has.
pub(super) struct All {
    pub(super) survey: Survey,
    pub(super) users: Vec<RawUser>,
    pub(super) leftovers: Vec<Leftover>,
}

/// The source never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

pub(super) fn read(from: &Path) -> Result<All, MigrateError> {
    let mut source = Xep0227Source::new(from.to_owned());
    let survey = now(source.survey())?;
    let mut users = Vec::new();
    while let Some(user) = now(source.next())? {
        users.push(user);
    }
    Ok(All { survey, users, leftovers: source.leftovers() })
}

/// Reads a document.
pub(super) fn read_text(xml: impl AsRef<[u8]>) -> Result<All, MigrateError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.xml");
    std::fs::write(&path, xml).unwrap();
    read(&path)
}

/// Reads what is in the element of a user.
pub(super) fn read_user(xml: &str) -> RawUser {
    let xml = format!(
        "<server-data xmlns='urn:xmpp:pie:0'><host jid='h.example'><user name='u'>{xml}</user></host></server-data>"
    );
    let mut all = read_text(xml).unwrap();
    assert!(all.leftovers.is_empty(), "{:?}", all.leftovers);
    assert_eq!((all.users.len(), all.survey.users), (1, Some(1)));
    all.users.remove(0)
}

impl All {
    pub(super) fn user(&self, jid: &str) -> &RawUser {
        let mut found = self.users.iter().filter(|user| format!("{}@{}", user.local, user.host) == jid);
        let user = found.next().unwrap_or_else(|| panic!("no {jid}"));
        assert!(found.next().is_none(), "{jid} twice");
        user
    }
}
