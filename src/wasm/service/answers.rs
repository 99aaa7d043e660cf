//! IQ requests to a service that wait for its answer. Each has exactly one: the first that the plugin sends, or the server's.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use xmpp::{Jid, Kind, Stanza, StanzaType};

use crate::service::inbox::Place;

/// The requests to one plugin's address on one domain.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// A client may use an `id` again before it has an answer: the oldest comes first.
    requests: HashMap<Key, VecDeque<Request>>,
    last: u64,
}

/// What an answer has in common with its request (RFC 6120, 8.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Who asks.
    from: Jid,
    /// Who is asked.
    to: Jid,
    id: Box<str>,
}

struct Request {
    number: u64,
    /// Dropped with the request, which ends the wait for its deadline.
    _ends: oneshot::Sender<()>,
    _place: Arc<Place>,
}

/// One request.
pub(crate) struct Ticket {
    answers: Arc<Answers>,
    key: Key,
    number: u64,
}

impl Answers {
    /// Notes a request. `None`: the stanza is none. The receiver resolves when it has been answered.
    pub fn begin(
        self: &Arc<Self>,
        stanza: &Stanza,
        place: &Arc<Place>,
    ) -> Option<(Arc<Ticket>, oneshot::Receiver<()>)> {
        if !stanza.is_request() {
            return None;
        }
        let (from, to, id) = (stanza.from()?, stanza.to()?, stanza.id()?);
        let key = Key { from: from.clone(), to: to.clone(), id: id.into() };
        let (ends, ended) = oneshot::channel();
        let mut waiting = self.0.lock();
        waiting.last += 1;
        let number = waiting.last;
        let request = Request { number, _ends: ends, _place: place.clone() };
        waiting.requests.entry(key.clone()).or_default().push_back(request);
        Some((Arc::new(Ticket { answers: self.clone(), key, number }), ended))
    }

    /// Whether a stanza that a plugin sends is an answer to a request.
    pub fn is_answer(stanza: &Stanza) -> bool {
        stanza.kind() == Kind::Iq && matches!(stanza.stanza_type(), StanzaType::Result | StanzaType::Error)
    }

    /// Sends an answer, if a request waits for it; `None`: none does. If it cannot be sent, the request waits on.
    pub fn answer<E>(&self, answer: &Stanza, send: impl FnOnce() -> Result<(), E>) -> Option<Result<(), E>> {
        let (from, to, id) = (answer.to()?, answer.from()?, answer.id()?);
        let key = Key { from: from.clone(), to: to.clone(), id: id.into() };
        // Held while it is queued, so that no other answer can be sent.
        let mut waiting = self.0.lock();
        let requests = waiting.requests.get_mut(&key)?;
        let sent = send();
        if sent.is_ok() {
            requests.pop_front();
            if requests.is_empty() {
                waiting.requests.remove(&key);
            }
        }
        Some(sent)
    }
}

impl Ticket {
    /// Whether it waits for an answer.
    pub fn is_open(&self) -> bool {
        let waiting = self.answers.0.lock();
        let requests = waiting.requests.get(&self.key);
        requests.is_some_and(|requests| requests.iter().any(|one| one.number == self.number))
    }

    /// Ends the wait; `true` if it was still open: then the caller has to answer it.
    pub fn end(&self) -> bool {
        let mut waiting = self.answers.0.lock();
        let Some(requests) = waiting.requests.get_mut(&self.key) else { return false };
        let before = requests.len();
        requests.retain(|one| one.number != self.number);
        let waited = requests.len() < before;
        if requests.is_empty() {
            waiting.requests.remove(&self.key);
        }
        waited
    }

    /// The address that is asked, who asks, and the `id` of the answer.
    pub fn envelope(&self) -> (&Jid, &Jid, &str) {
        (&self.key.to, &self.key.from, &self.key.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::inbox::Inbox;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse_str(xml).unwrap()
    }

    fn sent() -> Result<(), ()> {
        Ok(())
    }

    #[test]
    fn the_first_answer_is_the_only_one() {
        let (answers, inbox) = (Arc::new(Answers::default()), Arc::new(Inbox::default()));
        let asked = stanza("<iq type='get' id='1' from='a@x/r' to='s'><q xmlns='urn:q'/></iq>");
        let place = || Arc::new(inbox.room(Jid::parse("a@x").unwrap(), None, &asked).unwrap());
        let (ticket, mut ended) = answers.begin(&asked, &place()).unwrap();
        for other in [
            "<iq type='result' id='2' from='s' to='a@x/r'/>",
            "<iq type='result' id='1' from='t@s' to='a@x/r'/>",
            "<iq type='result' id='1' from='s' to='a@x'/>",
        ] {
            assert_eq!(answers.answer(&stanza(other), sent), None, "{other}");
        }
        let answer = stanza("<iq type='result' id='1' from='s' to='a@x/r'/>");
        assert_eq!(answers.answer(&answer, || Err(())), Some(Err(())));
        assert!(ticket.is_open() && ended.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        assert_eq!(answers.answer(&answer, sent), Some(Ok(())));
        assert_eq!(answers.answer(&answer, sent), None, "once");
        assert!(!ticket.is_open() && !ticket.end() && ended.try_recv().is_err());
        assert!(answers.0.lock().requests.is_empty());
    }

    #[test]
    fn an_id_may_be_used_again() {
        let (answers, inbox) = (Arc::new(Answers::default()), Arc::new(Inbox::default()));
        let asked = stanza("<iq type='set' id='1' from='a@x/r' to='s'><q xmlns='urn:q'/></iq>");
        let place = || Arc::new(inbox.room(Jid::parse("a@x").unwrap(), None, &asked).unwrap());
        let (first, second) =
            (answers.begin(&asked, &place()).unwrap(), answers.begin(&asked, &place()).unwrap());
        assert!(first.0.end() && !first.0.is_open() && second.0.is_open());
        let answer = stanza("<iq type='error' id='1' from='s' to='a@x/r'/>");
        assert_eq!(answers.answer(&answer, sent), Some(Ok(())));
        assert!(!second.0.end());
        let message = stanza("<message from='a@x/r' to='s'/>");
        let place = Arc::new(inbox.room(Jid::parse("a@x").unwrap(), None, &message).unwrap());
        assert!(answers.begin(&message, &place).is_none());
    }
}
