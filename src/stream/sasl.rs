//! SASL (RFC 6120 section 6): exchanges, which know nothing of how their messages are framed, and their framing.

mod framing;

use auth::SaslError;

pub(crate) use framing::{attempt, failure, success};

/// What follows from a message of the peer.
pub(crate) enum Step<Who> {
    /// It must answer this.
    Challenge(Vec<u8>),
    /// It has proved who it is; with what it is told beside.
    Done(Who, Option<Vec<u8>>),
    Failed(SaslError),
}

/// One attempt to authenticate, with one mechanism, in which the peer speaks first. Without I/O, but a step may wait for
/// what proves the peer right.
pub(crate) trait Exchange: Send {
    /// Who the peer turns out to be.
    type Who: Send;

    fn step(&mut self, message: &[u8]) -> impl Future<Output = Step<Self::Who>> + Send;
}
