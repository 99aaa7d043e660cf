//! The TLS handshake before the stream proper: direct, or by STARTTLS.

use std::net::SocketAddr;

use net::{Connection, TlsAcceptError};
use tokio::net::TcpStream;
use xmpp::{Element, StreamCondition, StreamError, StreamEvent, ns};

use crate::c2s::C2s;
use crate::features;
use crate::listener::Security;
use crate::negotiate::{fail, open};
use crate::pipe::{self, Pipe, PipeError};
use crate::sm;
use crate::tcp::Tcp;

/// Elements before `<starttls/>`.
const ATTEMPTS: usize = 5;

/// A connection as secure as its listener demands; `None` if it ended during the handshake.
pub(crate) async fn secure(
    c2s: &C2s,
    socket: TcpStream,
    peer: SocketAddr,
    security: Security,
) -> Option<Box<Tcp>> {
    let limits = c2s.limits().host.stream.before_login();
    match security {
        Security::None => Some(boxed(Connection::plain(socket, peer, limits))),
        Security::Direct => {
            let accepted = Connection::accept_tls(socket, peer, c2s.tls.direct(), limits).await;
            accepted.map(boxed).map_err(|error| refused(peer, &error)).ok()
        }
        Security::StartTls => starttls(c2s, boxed(Connection::plain(socket, peer, limits))).await,
    }
}

fn boxed(connection: Connection) -> Box<Tcp> {
    Box::new(Tcp::new(connection))
}

fn refused(peer: SocketAddr, error: &TlsAcceptError) {
    tracing::debug!(%peer, %error, "TLS handshake failed");
}

/// Waits for `<starttls/>`; `false` if the peer has left. Stream management is answered as it is before log-in.
async fn wants_tls(tcp: &mut Tcp) -> Result<bool, PipeError> {
    for _ in 0..ATTEMPTS {
        let element = match pipe::event(tcp).await? {
            Some(StreamEvent::Element(element)) => element,
            Some(StreamEvent::Open(_) | StreamEvent::Close) => {
                tcp.close();
                crate::goodbye::goodbye(tcp).await;
                return Ok(false);
            }
            None => return Ok(false),
        };
        if element.root().is("starttls", ns::TLS) {
            return Ok(true);
        }
        if sm::read(element.root()).is_none() {
            break;
        }
        tcp.element(&sm::too_early(tcp.confirms()));
    }
    Err(StreamError::new(StreamCondition::PolicyViolation).text("STARTTLS is required").into())
}

/// The first stream, which allows only STARTTLS (RFC 6120 section 5.4).
async fn starttls(c2s: &C2s, mut tcp: Box<Tcp>) -> Option<Box<Tcp>> {
    let (host, _) = open(c2s, &mut *tcp, false).await?;
    tcp.element(&features::starttls());
    match wants_tls(&mut tcp).await {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return fail(c2s, &mut *tcp, error).await,
    }
    let Some(config) = c2s.tls.for_domain(host.name()) else {
        tcp.element(&Element::new("failure", ns::TLS));
        tcp.close();
        crate::goodbye::goodbye(&mut *tcp).await;
        return None;
    };
    let peer = tcp.connection.peer();
    tcp.element(&Element::new("proceed", ns::TLS));
    let upgraded = tcp.connection.starttls(config).await;
    upgraded.map(boxed).map_err(|error| refused(peer, &error)).ok()
}
