//! One HTTP connection.

mod http1;
mod http2;
mod service;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runtime::Tasks;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::Client;
use super::options::HttpOptions;
use super::proxy_line;
use super::routes::Routes;
use super::socket::Socket;
use crate::Admission;
use crate::connection::TlsAcceptError;
use crate::connection::io::Io;
use crate::tls::TlsStore;

pub(crate) use http2::Busy;

/// How long requests may still be answered once the connection is closing.
const LAST: Duration = Duration::from_secs(5);

/// State shared by a listener's connections.
pub(super) struct Shared {
    pub(super) tls: Option<TlsStore>,
    pub(super) routes: Arc<Routes>,
    pub(super) options: Arc<HttpOptions>,
    pub(super) tasks: Tasks,
}

/// A connection from its first byte to its last.
pub(super) async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    admission: Admission,
    shared: Arc<Shared>,
) {
    // Boxed: a handshake's state must not enlarge the connection's.
    let Some((socket, client, version)) = Box::pin(begun(stream, peer, admission, &shared)).await else {
        return;
    };
    // Boxed separately: an HTTP/1.1 connection must not take the room that HTTP/2 needs.
    match version {
        Version::Http1 => Box::pin(http1::run(socket, client, shared)).await,
        Version::Http2 => Box::pin(http2::run(socket, client, shared)).await,
    }
}

enum Version {
    Http1,
    Http2,
}

/// A connection ready for HTTP; `None` if it has ended, timed out, or shutdown begins.
async fn begun(
    stream: TcpStream,
    peer: SocketAddr,
    admission: Admission,
    shared: &Shared,
) -> Option<(Socket, Client, Version)> {
    let begun = tokio::select! {
        begun = timeout(shared.options.idle, begin(stream, peer, admission, shared)) => begun,
        () = shared.tasks.drained_signal() => return None,
    };
    match begun {
        Ok(Ok(begun)) => return Some(begun),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "HTTP connection failed"),
        Err(_) => tracing::debug!(%peer, "no request within the time limit"),
    }
    None
}

/// What precedes HTTP: the PROXY header, TLS, and detection of the HTTP version.
async fn begin(
    mut stream: TcpStream,
    peer: SocketAddr,
    mut admission: Admission,
    shared: &Shared,
) -> Result<(Socket, Client, Version), TlsAcceptError> {
    let address = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let mut client = Client { address, secure: shared.tls.is_some() };
    if shared.options.trusted_proxies.contains(address.ip()) {
        client = proxy_line::read(&mut stream, client).await?;
        if client.address != address && !admission.is_for(client.address.ip()) {
            return Err(io::Error::from(io::ErrorKind::ConnectionRefused).into());
        }
    }
    let (io, second) = match &shared.tls {
        Some(tls) => {
            let io = Io::plain(stream).accept(tls.https()).await?;
            let second = io.about().is_some_and(|about| about.alpn.as_deref() == Some("h2"));
            (io, second)
        }
        None => {
            let second = proxy_line::begins_with(&stream, b"PRI ").await?;
            (Io::plain(stream), second)
        }
    };
    let version = if second { Version::Http2 } else { Version::Http1 };
    Ok((Socket::new(io, shared.options.stall, admission), client, version))
}

/// Drives a connection to its end; after `until` it takes no more requests and has little time left.
async fn drive<C, E>(mut connection: Pin<&mut C>, stop: fn(Pin<&mut C>), until: impl Future<Output = ()>)
where
    C: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = until => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            stop(connection.as_mut());
            match Box::pin(timeout(LAST, connection)).await {
                Ok(ended) => ended,
                Err(_) => return tracing::debug!("HTTP connection closed during shutdown"),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "HTTP connection closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each connection holds these for as long as it lives, even if its handshake was short, and whatever
    /// HTTP/2 needs.
    #[test]
    fn the_state_of_a_connection_is_small() {
        let task = |(stream, peer), admission, shared| connection(stream, peer, admission, shared);
        let (task, http1) = (size(task), size(http1::run));
        assert!(task <= 384, "{task} bytes");
        assert!(http1 <= 1280, "{http1} bytes");
    }
}
