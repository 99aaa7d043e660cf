//! What a transport is to a session: stream events in, stanzas and stream elements out.

use std::future::poll_fn;
use std::task::{Context, Poll};

use kernel::SessionAbout;
use xmpp::{Element, Stanza, StreamError, StreamEvent, StreamHeader};

/// What comes in.
#[derive(Debug)]
pub enum Input {
    /// A header, an element, or the end of the stream.
    Event(StreamEvent),
    /// Everything written so far has left.
    Drained,
    /// So many stanzas more have arrived; only of a pipe that [confirms](Pipe::confirms).
    Confirmed(usize),
    /// The connection is gone without the stream having ended.
    Lost,
}

/// Why a pipe is of no use any more.
#[derive(Debug)]
pub enum PipeError {
    /// The peer's bytes are not a stream: it is told this error.
    Stream(StreamError),
    /// The connection failed.
    Io(std::io::Error),
}

/// A transport: TCP, WebSocket, BOSH.
pub trait Pipe: Send {
    /// Parses what has come, writes what waits, reads. `Ready` with the next input. With `read` false only writing makes
    /// progress, and nothing that the client sent is told. Cancel-safe.
    fn poll_input(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Input, PipeError>>;
    /// Writes the server's stream header.
    fn open(&mut self, header: &StreamHeader);
    /// Whether that has been written since the connection or the stream began.
    fn opened(&self) -> bool;
    /// Writes the end of the stream.
    fn close(&mut self);
    /// Writes a stanza; returns the bytes that wait.
    fn stanza(&mut self, stanza: &Stanza) -> usize;
    /// Writes an element that is not a stanza.
    fn element(&mut self, element: &Element);
    /// Bytes that wait to be written.
    fn pending(&self) -> usize;
    /// The next input is a new stream's header (RFC 6120 section 4.3.3).
    fn restart(&mut self);
    /// Transport, encryption, address.
    fn about(&self) -> SessionAbout;
    /// The web origin of the page that the client is part of (RFC 6454); none for clients that are no page.
    fn origin(&self) -> Option<&str> {
        None
    }
    /// Ends the stream by sending the client to another address, where the transport has a word for that and the address
    /// is one of its own. True when it has been written.
    fn redirect(&mut self, _uri: &str) -> bool {
        false
    }
    /// Does the transport itself show what has arrived (XEP-0124 section 9)? Then there is no stream management on it.
    fn confirms(&self) -> bool {
        false
    }
    /// A session is bound: stanzas written from now on come from its mailbox, and are those that are confirmed.
    fn bound(&mut self) {}
    /// What was written and what will be goes with the end of the stream: it is confirmed no more.
    fn parting(&mut self) {}
    /// Sets the limits of the host that the stream is for; they are closer until the client has `logged_in`.
    fn set_limits(&mut self, limits: &kernel::Limits, logged_in: bool);
    /// Waits until everything has left, then says goodbye to the peer.
    fn shut(&mut self) -> impl Future<Output = ()> + Send;
}

/// The next input.
pub(crate) async fn input<P: Pipe>(pipe: &mut P) -> Result<Input, PipeError> {
    poll_fn(|cx| pipe.poll_input(cx, true)).await
}

/// The next stream event; what tells of output is passed over, a lost connection is none.
pub(crate) async fn event<P: Pipe>(pipe: &mut P) -> Result<Option<StreamEvent>, PipeError> {
    loop {
        match input(pipe).await? {
            Input::Event(event) => return Ok(Some(event)),
            Input::Drained | Input::Confirmed(_) => {}
            Input::Lost => return Ok(None),
        }
    }
}
