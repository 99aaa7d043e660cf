//! Connections that write until the server is gone, refuses something, or it is enough.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::Sender;

use xmpp::{Element, ns};

use super::ledger::Ledger;
use super::letters::Letters;
use super::subject::Subject;
use crate::raw::Raw;

/// Requests that are under way at most.
const WINDOW: usize = 8;

/// Messages between two requests for an acknowledgement.
const BETWEEN: usize = 4;

/// When writers stop, and who hears of their progress.
pub struct Course<'a> {
    /// Told of each acknowledgement.
    pub told: Sender<()>,
    /// Nothing more is to be written; what is under way is still answered.
    pub enough: &'a AtomicBool,
    /// The server itself is killed: it refuses nothing.
    pub refuses: bool,
}

impl Course<'_> {
    /// A refusal: it has to be temporary, and only a server whose database is gone may refuse anything.
    fn refused(&self, answer: &Element) {
        let kind = answer.find("error", ns::CLIENT).and_then(|error| error.get("type"));
        let temporary = (kind, condition(answer)) == (Some("wait"), Some("resource-constraint"));
        assert!(self.refuses && temporary, "{}", answer.to_xml(""));
    }
}

/// The condition of an error.
fn condition(answer: &Element) -> Option<&str> {
    answer.find("error", ns::CLIENT)?.children().next().map(Element::name)
}

/// Changes one part of an account.
pub fn change(mut raw: Raw, subject: Subject, ledger: &mut Ledger, course: &Course<'_>) {
    let mut going = true;
    loop {
        while going && !course.enough.load(Relaxed) && ledger.open() < WINDOW {
            let (payload, change) = subject.request(ledger.used, ledger.next());
            let id = ledger.send(change);
            going = raw.try_send(&format!("<iq type='set' id='{id}'>{payload}</iq>"));
        }
        if ledger.open() == 0 {
            return;
        }
        let Some(answer) = raw.try_next() else { return };
        let acknowledged = answer.get("type") == Some("result");
        if !acknowledged {
            // What should have been added before was not.
            let cannot_be_removed = !going && condition(&answer) == Some("item-not-found");
            if !cannot_be_removed {
                course.refused(&answer);
            }
            going = false;
        }
        ledger.answer(answer.get("id").unwrap(), acknowledged);
        let _ = course.told.send(());
    }
}

/// Writes messages to these accounts in turn. `raw` has stream management.
pub fn talk(mut raw: Raw, to: &[&str], letters: &mut Letters, course: &Course<'_>) {
    let (mut going, mut sent) = (true, Vec::new());
    let (mut handled, mut refused) = (0, Vec::new());
    let request = format!("<r xmlns='{}'/>", ns::SM);
    while going || handled < sent.len() {
        while going && sent.len() - handled < WINDOW {
            let xml: String = (0..BETWEEN).map(|_| letters.write(to, &mut sent)).collect();
            going = raw.try_send(&format!("{xml}{request}")) && !course.enough.load(Relaxed);
        }
        let Some(element) = raw.try_next() else { break };
        if element.is("a", ns::SM) {
            handled = element.get("h").unwrap().parse().unwrap();
            let _ = course.told.send(());
            // Some are not settled yet: another answer follows, or nothing is under way any more.
        } else if element.is("message", ns::CLIENT) {
            course.refused(&element);
            refused.push(element.get("id").unwrap().parse().unwrap());
            going = false;
        } else {
            assert!(element.is("r", ns::SM), "{}", element.to_xml(""));
        }
    }
    if course.refuses {
        // An error is a stanza, which an acknowledgement may precede.
        for element in raw.ping().into_iter().filter(|element| element.is("message", ns::CLIENT)) {
            course.refused(&element);
            refused.push(element.get("id").unwrap().parse().unwrap());
        }
    }
    letters.acknowledged(&sent[..handled], &refused);
}
