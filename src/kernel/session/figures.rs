//! What all sessions together hold, for metrics.

use std::collections::BTreeMap;

use crate::session::Session;
use crate::{Attachment, Kernel, MailboxFigures, Transport};

const ATTACHED: &str = "attached";

/// How many sessions there are, and what waits in their mailboxes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFigures {
    /// Sessions by domain (U-labels), transport (`tcp`, `ws`, `bosh`), and whether they are `attached` or `detached`.
    pub sessions: BTreeMap<(String, &'static str, &'static str), u64>,
    pub mailboxes: MailboxFigures,
}

impl Kernel {
    /// Looks at every session, one after another.
    pub fn session_figures(&self) -> SessionFigures {
        let mut figures = SessionFigures::default();
        // A domain without sessions is shown, too.
        for host in self.hosts() {
            let none =
                Transport::ALL.map(|transport| ((host.name().to_owned(), transport.name(), ATTACHED), 0));
            figures.sessions.extend(none);
        }
        for session in self.sessions.all() {
            let Some(state) = state(&session) else { continue };
            let key = (session.host().name().to_owned(), session.about().transport.name(), state);
            *figures.sessions.entry(key).or_default() += 1;
            figures.mailboxes.add(session.mailbox.figures());
        }
        figures
    }
}

fn state(session: &Session) -> Option<&'static str> {
    match session.attachment() {
        Attachment::Attached => Some(ATTACHED),
        Attachment::Detached { .. } => Some("detached"),
        Attachment::Closed => None,
    }
}
