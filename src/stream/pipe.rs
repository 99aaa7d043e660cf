//! The transport as a session sees it: stream events in, stanzas and stream elements out.

use std::future::poll_fn;
use std::task::{Context, Poll};

use auth::ChannelBinding;
use kernel::SessionAbout;
use net::PeerCertificate;
use xmpp::{Element, Stanza, StreamError, StreamEvent, StreamHeader};

#[derive(Debug)]
pub enum Input {
    /// A header, an element, or the end of the stream.
    Event(StreamEvent),
    /// Everything written so far has been sent.
    Drained,
    /// This many more stanzas have arrived; only from a pipe that [confirms](Pipe::confirms).
    Confirmed(usize),
    /// The connection was lost without the stream having been closed.
    Lost,
}

/// Why a pipe has failed.
#[derive(Debug)]
pub enum PipeError {
    /// The peer's bytes are not a valid stream: it is sent this error.
    Stream(StreamError),
    /// The connection failed.
    Io(std::io::Error),
}

impl From<StreamError> for PipeError {
    fn from(error: StreamError) -> Self {
        PipeError::Stream(error)
    }
}

/// A transport: TCP, WebSocket, BOSH.
pub trait Pipe: Send {
    /// Parses received bytes, writes pending output, reads. `Ready` with the next input. With `read` false
    /// only writing makes progress, and nothing the client sent is returned. Cancel-safe.
    fn poll_input(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Input, PipeError>>;
    /// Writes the server's stream header.
    fn open(&mut self, header: &StreamHeader);
    /// Whether the header has been written since the connection or the stream began.
    fn opened(&self) -> bool;
    /// Writes the end of the stream.
    fn close(&mut self);
    /// Writes a stanza; returns the number of bytes pending.
    fn stanza(&mut self, stanza: &Stanza) -> usize;
    /// Writes an element that is not a stanza.
    fn element(&mut self, element: &Element);
    /// The number of bytes waiting to be written.
    fn pending(&self) -> usize;
    /// The next input is a new stream's header (RFC 6120 section 4.3.3).
    fn restart(&mut self);
    /// Transport, encryption, address.
    fn about(&self) -> SessionAbout;
    /// The channel bindings that the connection's TLS has (RFC 5056), the strongest first; empty where it ends elsewhere.
    fn channel_bindings(&self) -> Vec<ChannelBinding> {
        Vec::new()
    }
    /// The version of TLS, if that is on.
    fn tls_version(&self) -> Option<&'static str> {
        None
    }
    /// The certificate that the peer has shown; it is not verified yet.
    fn certificate(&self) -> Option<PeerCertificate> {
        None
    }
    /// The web origin of the client's page (RFC 6454); `None` for clients outside a browser.
    fn origin(&self) -> Option<&str> {
        None
    }
    /// Ends the stream with a redirect to another URL, if the transport supports that and the URL is one of
    /// its own. Returns `true` if it has been written.
    fn redirect(&mut self, _uri: &str) -> bool {
        false
    }
    /// Whether the transport has its own acknowledgements (XEP-0124 section 9); if so, stream management is
    /// not offered.
    fn confirms(&self) -> bool {
        false
    }
    /// A session is bound: stanzas written from now on come from its mailbox, and are the ones to be
    /// confirmed.
    fn bound(&mut self) {}
    /// The stream is ending: what was and will be written goes with its end and is no longer confirmed.
    fn parting(&mut self) {}
    /// Sets the limits of the stream's host; they are stricter until the client has `logged_in`.
    fn set_limits(&mut self, limits: &kernel::DomainLimits, logged_in: bool);
    /// Sets the limits of a stream that carries the stanzas of many senders.
    fn set_stream_limits(&mut self, _limits: &net::StreamLimits) {}
    /// Waits until everything has been sent, then closes the transport cleanly.
    fn shut(&mut self) -> impl Future<Output = ()> + Send;
}

pub(crate) async fn input<P: Pipe>(pipe: &mut P) -> Result<Input, PipeError> {
    poll_fn(|cx| pipe.poll_input(cx, true)).await
}

/// The next stream event, skipping events about output; `None` if the connection is lost.
pub(crate) async fn event<P: Pipe>(pipe: &mut P) -> Result<Option<StreamEvent>, PipeError> {
    loop {
        match input(pipe).await? {
            Input::Event(event) => return Ok(Some(event)),
            Input::Drained | Input::Confirmed(_) => {}
            Input::Lost => return Ok(None),
        }
    }
}
