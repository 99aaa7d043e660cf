//! What streams of one kind have in common.

use runtime::Runtime;
use xmpp::{StreamError, StreamHeader};

use crate::pipe::Pipe;

/// A kind of streams: those of clients, of servers, of components.
pub(crate) trait Purpose: Sync {
    /// The namespace of its stanzas, which is that of the stream's content (RFC 6120 section 4.8.2).
    const NAMESPACE: &'static str;
    /// Whether it negotiates features, as streams of version 1.0 do (RFC 6120 section 4.7.5).
    const HAS_FEATURES: bool = true;

    /// Whom a stream is for, here.
    type Local: Clone + Send;

    fn runtime(&self) -> &Runtime;

    /// Whom a stream with this header is for; puts in force on the pipe what holds for it from now on.
    fn admit<P: Pipe>(&self, header: &StreamHeader, pipe: &mut P) -> Result<Self::Local, Refusal>;

    /// Whether both are the same. A stream that has proved something cannot go on as another's.
    fn is_same(one: &Self::Local, other: &Self::Local) -> bool;
}

/// Why a stream is not served.
pub(crate) enum Refusal {
    Error(StreamError),
    /// The peer has been sent elsewhere.
    Redirected,
}

impl From<StreamError> for Refusal {
    fn from(error: StreamError) -> Self {
        Self::Error(error)
    }
}
