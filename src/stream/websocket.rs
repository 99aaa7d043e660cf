//! WebSocket as a pipe (RFC 7395).

use std::sync::Arc;
use std::task::{Context, Poll};

use kernel::{DomainLimits, SessionAbout, Transport};
use net::http::{Answer, Request, Route};
use net::websocket::Upgrade;
use net::{WebSocket, Wire};
use tokio::time::timeout_at;
use xmpp::{Element, Framing, Stanza, StreamHeader, ns};

use crate::c2s::C2s;
use crate::pipe::{Input, Pipe, PipeError};

/// The subprotocol's name (section 3.1).
const PROTOCOL: &str = "xmpp";

/// The end of a stream, in the spelling that every client accepts: some compare it as text.
const CLOSE: &[u8] = br#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#;

/// Serves WebSocket upgrades as client streams.
pub(crate) struct WebSocketRoute(pub Arc<C2s>);

impl Route for WebSocketRoute {
    fn call(self: Arc<Self>, request: Request) -> Answer {
        let origin = request.origin().map(Box::from);
        let (response, upgrade) = request.websocket(PROTOCOL);
        if let Some(upgrade) = upgrade {
            let tasks = &self.0.kernel.runtime().tasks;
            tasks.spawn("websocket", connection(self.0.clone(), upgrade, origin));
        }
        Box::pin(std::future::ready(response))
    }
}

/// One WebSocket, from its first message to its last.
async fn connection(c2s: Arc<C2s>, upgrade: Upgrade, origin: Option<Box<str>>) {
    let until = c2s.login_deadline();
    let limits = c2s.limits().host.stream.before_login();
    // Boxed: the upgrade's state is needed only until it is done.
    if let Ok(Some(connection)) = Box::pin(timeout_at(until, upgrade.accept(limits))).await {
        let pipe = Box::new(WebSocketPipe { connection, origin, opened: false });
        c2s.serve_web(pipe, until).await;
    }
}

pub(crate) struct WebSocketPipe {
    connection: WebSocket,
    origin: Option<Box<str>>,
    /// Whether the server's `<open/>` has been written.
    opened: bool,
}

impl Pipe for WebSocketPipe {
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
        self.connection.text(|out| header.write_open(out));
        self.opened = true;
    }

    fn opened(&self) -> bool {
        self.opened
    }

    fn close(&mut self) {
        self.connection.text(|out| out.extend_from_slice(CLOSE));
    }

    fn stanza(&mut self, stanza: &Stanza) -> usize {
        self.connection.text(|out| stanza.write(out, Framing::Declare));
        self.connection.pending_out()
    }

    /// Each message is a document by itself: it declares every namespace it uses (section 3.3.3).
    fn element(&mut self, element: &Element) {
        self.connection.text(|out| match element.ns() == ns::STREAM {
            // Some clients look for `stream:features` and `stream:error` by these prefixed names.
            true => element.clone().attr("xmlns:stream", ns::STREAM).write_prefixed(out, "stream", ""),
            false => element.write(out, ""),
        });
    }

    fn pending(&self) -> usize {
        self.connection.pending_out()
    }

    fn restart(&mut self) {
        self.connection.restart();
        self.opened = false;
    }

    fn about(&self) -> SessionAbout {
        let client = self.connection.client();
        SessionAbout { transport: Transport::WebSocket, tls: client.secure, address: client.address }
    }

    fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    fn redirect(&mut self, uri: &str) -> bool {
        let websocket = uri.starts_with("wss://") || uri.starts_with("ws://");
        if websocket {
            let close = Element::new("close", ns::FRAMING).attr("see-other-uri", uri);
            self.connection.text(|out| close.write(out, ""));
        }
        websocket
    }

    fn set_limits(&mut self, limits: &DomainLimits, logged_in: bool) {
        let stream = &limits.stream;
        self.connection.set_limits(if logged_in { stream.parser() } else { stream.before_login() });
        self.connection.set_rate(stream.rate());
        self.connection.set_pings(limits.websocket.web_ping_seconds.seconds());
    }

    async fn shut(&mut self) {
        self.connection.shutdown().await;
    }
}
