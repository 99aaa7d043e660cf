//! The states of a stream that the peer opens.

use std::sync::Arc;

use xmpp::{Element, Jid, StreamCondition, StreamError, StreamEvent, StreamHeader};

use super::{Ended, Line, Purpose, Refusal};
use crate::goodbye::goodbye;
use crate::pipe::Pipe;

/// Headers have been exchanged.
pub(crate) struct Opened<'a, P, U: Purpose> {
    pub line: Line<'a, P, U>,
    /// Whom it is for.
    pub local: U::Local,
    /// The id in our header.
    pub id: String,
    /// Who the peer says that it is.
    pub from: Option<Jid>,
    /// The language of what follows.
    pub lang: Option<Arc<str>>,
}

/// The connection is as encrypted as it must be.
pub(crate) struct Secured<'a, P, U: Purpose>(pub Opened<'a, P, U>);

/// The peer has proved who it is, and has opened the stream anew.
pub(crate) struct Authenticated<'a, P, U: Purpose, Who> {
    pub opened: Opened<'a, P, U>,
    pub who: Who,
}

impl<'a, P: Pipe, U: Purpose> Line<'a, P, U> {
    /// Reads the peer's header and answers it (RFC 6120 section 4.2).
    pub async fn open(mut self) -> Result<Opened<'a, P, U>, Ended> {
        let header = match self.event().await? {
            StreamEvent::Open(header) => header,
            StreamEvent::Close => return Err(self.close().await),
            StreamEvent::Element(_) => return Err(Ended),
        };
        let id = self.answer(header.to.as_ref().map(Jid::domain_jid), header.from.clone());
        let admitted = match check::<U>(&header) {
            Ok(()) => self.purpose.admit(&header, &mut *self.pipe),
            Err(error) => Err(error.into()),
        };
        match admitted {
            Ok(local) => {
                let lang = header.lang.as_deref().filter(|lang| xmpp::is_language(lang)).map(Arc::from);
                Ok(Opened { line: self, local, id, from: header.from, lang })
            }
            Err(Refusal::Error(error)) => Err(self.fail(error).await),
            Err(Refusal::Redirected) => {
                goodbye(&mut *self.pipe).await;
                Err(Ended)
            }
        }
    }
}

fn check<U: Purpose>(header: &StreamHeader) -> Result<(), StreamError> {
    if header.content_ns != U::NAMESPACE {
        return Err(StreamError::new(StreamCondition::InvalidNamespace));
    }
    match U::HAS_FEATURES && header.version.0 < 1 {
        true => Err(StreamError::new(StreamCondition::UnsupportedVersion)),
        false => Ok(()),
    }
}

impl<'a, P: Pipe, U: Purpose> Opened<'a, P, U> {
    /// The features on offer (RFC 6120 section 4.3.2), after which the peer may go on.
    pub fn offer(&mut self, features: &Element) {
        self.line.pipe.element(features);
    }
}

impl<'a, P: Pipe, U: Purpose> Secured<'a, P, U> {
    /// The peer has proved who it is: the stream begins anew, for whom it was for (RFC 6120 section 6.4.6).
    pub async fn authenticated<Who>(self, who: Who) -> Result<Authenticated<'a, P, U, Who>, Ended> {
        let Opened { mut line, local, .. } = self.0;
        line.pipe.restart();
        let mut opened = line.open().await?;
        if !U::is_same(&opened.local, &local) {
            let error = StreamError::new(StreamCondition::HostUnknown)
                .text("this stream is authenticated for another domain");
            return Err(opened.line.fail(error).await);
        }
        Ok(Authenticated { opened, who })
    }
}
