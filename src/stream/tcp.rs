//! TCP, plain or with TLS, as a pipe (RFC 6120 section 3).

use std::task::{Context, Poll};

use auth::ChannelBinding;
use kernel::{DomainLimits, SessionAbout, Transport};
use net::{Connection, PeerCertificate, Wire, WireError};
use xmpp::{Element, Framing, Stanza, StreamHeader, ns};

use crate::pipe::{Input, Pipe, PipeError};

pub(crate) struct Tcp {
    pub connection: Connection,
    /// Whether the server's header has been written.
    opened: bool,
}

impl Tcp {
    pub fn new(connection: Connection) -> Self {
        Self { connection, opened: false }
    }
}

impl From<WireError> for PipeError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Stream(error) => PipeError::Stream(error),
            WireError::Io(error) => PipeError::Io(error),
        }
    }
}

impl Pipe for Tcp {
    fn poll_input(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Input, PipeError>> {
        self.connection.poll_event(cx, read).map(|wire| {
            Ok(match wire? {
                Wire::Event(event) => Input::Event(event),
                Wire::Drained => Input::Drained,
                Wire::Eof => Input::Lost,
            })
        })
    }

    fn open(&mut self, header: &StreamHeader) {
        header.write(self.connection.out());
        self.opened = true;
    }

    fn opened(&self) -> bool {
        self.opened
    }

    fn close(&mut self) {
        self.connection.out().extend_from_slice(b"</stream:stream>");
    }

    fn stanza(&mut self, stanza: &Stanza) -> usize {
        stanza.write(self.connection.out(), Framing::Inherit);
        self.connection.pending_out()
    }

    fn element(&mut self, element: &Element) {
        let out = self.connection.out();
        match element.ns() {
            ns::STREAM => element.write_prefixed(out, "stream", ns::CLIENT),
            // Streams of servers have declared it: some of them go by the prefix (XEP-0220 section 2.1).
            ns::DIALBACK => element.write_prefixed(out, "db", ns::CLIENT),
            _ => element.write(out, ns::CLIENT),
        }
    }

    fn pending(&self) -> usize {
        self.connection.pending_out()
    }

    fn restart(&mut self) {
        self.connection.reset_parser();
        self.opened = false;
    }

    fn about(&self) -> SessionAbout {
        SessionAbout {
            transport: Transport::Tcp,
            tls: self.connection.tls().is_some(),
            address: self.connection.peer(),
        }
    }

    fn channel_bindings(&self) -> Vec<ChannelBinding> {
        let bindings =
            [net::ChannelBinding::TlsExporter, net::ChannelBinding::TlsServerEndPoint].map(|kind| {
                let data = self.connection.channel_binding(kind)?;
                Some(ChannelBinding { kind: kind.name(), data })
            });
        bindings.into_iter().flatten().collect()
    }

    fn tls_version(&self) -> Option<&'static str> {
        self.connection.tls().map(|about| about.version)
    }

    fn certificate(&self) -> Option<PeerCertificate> {
        self.connection.peer_certificate()
    }

    fn set_limits(&mut self, limits: &DomainLimits, logged_in: bool) {
        let stream = &limits.stream;
        self.connection.set_limits(if logged_in { stream.parser() } else { stream.before_login() });
        self.connection.set_rate(stream.rate());
    }

    fn set_stream_limits(&mut self, limits: &net::StreamLimits) {
        self.connection.set_limits(limits.parser());
        self.connection.set_rate(limits.rate());
    }

    async fn shut(&mut self) {
        self.connection.shutdown().await;
    }
}
