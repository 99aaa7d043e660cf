//! The accounts of the loop, what they do in a round, and what has to be there after it.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use xmpp::{Element, ns};

use super::ledger::Ledger;
use super::letters::{Letters, by_sender};
use super::subject::Subject;
use super::writer::{Course, change, talk};
use crate::fixture::{Server, until};
use crate::raw::Raw;

const JACK: &str = "jack@chess.example";
const CAROL: &str = "carol@chess.example";
/// Never online while others write.
const AWAY: &str = "away@chess.example";
/// Has a session that waits to be resumed while others write.
const ANNA: &str = "anna@chess.example";

pub const USERS: [&str; 4] = [JACK, CAROL, AWAY, ANNA];
const SENDERS: [&str; 2] = [JACK, CAROL];

/// After how many acknowledgements the end comes, at most.
const ACKNOWLEDGEMENTS: u64 = 120;

/// What was done so far.
#[derive(Default)]
pub struct Stage {
    ledgers: [Ledger; 4],
    letters: [Letters; 2],
}

/// What is going on while clients write.
pub struct Action<'a> {
    progress: Receiver<()>,
    enough: &'a AtomicBool,
}

impl Action<'_> {
    /// Waits for a random number of acknowledgements.
    pub fn until_some_time(&self) {
        let after = 1 + RandomState::new().hash_one(()) % ACKNOWLEDGEMENTS;
        (0..after).for_each(|_| self.progress.recv().expect("writers go on"));
    }

    /// What is under way is still answered.
    pub fn enough(&self) {
        self.enough.store(true, Relaxed);
    }
}

impl Stage {
    /// Clients write, and `meanwhile` runs. `refuses`: the server may refuse what they write; the session of anna that
    /// waits is there.
    pub fn write(&mut self, server: &Server, refuses: bool, meanwhile: impl FnOnce(&Action<'_>)) {
        let (told, progress) = mpsc::channel();
        let enough = AtomicBool::new(false);
        let course = || Course { told: told.clone(), enough: &enough, refuses };
        let address = server.address("c2s_plain");
        thread::scope(|scope| {
            for (subject, ledger) in Subject::ALL.into_iter().zip(&mut self.ledgers) {
                let (course, raw) = (course(), Raw::bound(address, &format!("{JACK}/{subject:?}")));
                scope.spawn(move || change(raw, subject, ledger, &course));
            }
            for (sender, letters) in SENDERS.into_iter().zip(&mut self.letters) {
                let (course, mut raw) = (course(), Raw::bound(address, &format!("{sender}/letters")));
                raw.manage();
                scope.spawn(move || talk(raw, &[AWAY, ANNA], letters, &course));
            }
            meanwhile(&Action { progress, enough: &enough });
        });
    }

    /// Everything that was acknowledged is there, and nothing that was not sent. Anna has a session that waits afterwards.
    pub fn compare(&mut self, server: &Server) {
        let mut jack = Raw::bound(server.address("c2s_plain"), &format!("{JACK}/reader"));
        for (subject, ledger) in Subject::ALL.into_iter().zip(&mut self.ledgers) {
            ledger.compare(&format!("{subject:?}"), subject.read(&mut jack));
        }
        self.read(server, ANNA);
    }

    /// Reads the messages of an account, acknowledges them, and leaves a session behind that waits to be resumed.
    fn read(&mut self, server: &Server, recipient: &str) {
        let mut raw = Raw::bound(server.address("c2s_plain"), &format!("{recipient}/phone"));
        raw.manage();
        let before = server.statement("offline.delete", "rows");
        let came = read_back(&mut raw);
        let found = by_sender(&came);
        for (sender, letters) in SENDERS.into_iter().zip(&mut self.letters) {
            letters.compare(sender, recipient, found.get(sender).map_or(&[][..], Vec::as_slice));
        }
        raw.ping();
        until("what was read is deleted", || {
            server.statement("offline.delete", "rows") >= before + came.len() as u64
        });
        drop(raw);
        until("the lost connection is seen", || {
            let list = server.ok(&["session", "list"]);
            list.lines().any(|line| line.contains(recipient) && line.contains("detached"))
        });
    }

    /// The end of all rounds: also what lay in the store all the time.
    pub fn close(&mut self, server: &Server, rounds: u64) {
        self.read(server, AWAY);
        let changes = self.ledgers.each_ref().map(|ledger| ledger.acknowledged);
        let letters = self.letters.each_ref().map(|letters| letters.count);
        eprintln!("{rounds} rounds; acknowledged: changes {changes:?}, messages {letters:?}");
        let least = usize::try_from(rounds).unwrap();
        assert!(changes.into_iter().chain(letters).all(|count| count > least), "too few to say anything");
    }
}

/// Comes online, reads what is stored, and acknowledges it.
fn read_back(raw: &mut Raw) -> Vec<Element> {
    let jid = raw.jid.clone();
    // What is sent while stored messages are on their way comes behind them.
    raw.send(&format!("<presence/><message to='{jid}' type='headline' id='end-of-store'/>"));
    let (mut messages, mut stanzas, mut over) = (Vec::new(), 0, false);
    while !over {
        let element = raw.next();
        if element.ns() != ns::SM {
            stanzas += 1;
            over = element.get("id") == Some("end-of-store");
            if element.is("message", ns::CLIENT) && !over {
                messages.push(element);
            }
        }
        raw.send(&format!("<a xmlns='{}' h='{stanzas}'/>", ns::SM));
    }
    messages
}
