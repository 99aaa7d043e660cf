//! Streams that other servers open.

use std::net::SocketAddr;
use std::sync::Arc;

use auth::{Mechanism, Offer, SaslError};
use net::{Connection, Connections, Listener, PeerCertificate};
use runtime::Runtime;
use tokio::net::TcpStream;
use tokio::time::Instant;
use xmpp::{Document, Element, Jid, StreamCondition, StreamError, StreamHeader, ns};

use super::dialback::{self, BIDI, BIDI_FEATURE, Between};
use super::policy::Verify;
use super::registry::{LocalDomain, S2s};
use super::stream;
use super::traffic::ServerStream;
use crate::features;
use crate::listener::{self, Security};
use crate::opening::{Authenticated, Ended, Line, Opened, Purpose, Refusal, Secured};
use crate::pipe::Pipe;
use crate::sasl::{self, Exchange, Step};
use crate::tcp::Tcp;

/// Attempts to authenticate on one stream.
const ATTEMPTS: usize = 3;

impl Purpose for S2s {
    const NAMESPACE: &'static str = ns::SERVER;
    type Local = LocalDomain;

    fn runtime(&self) -> &Runtime {
        self.kernel().runtime()
    }

    fn admit<P: Pipe>(&self, header: &StreamHeader, _pipe: &mut P) -> Result<LocalDomain, Refusal> {
        let local = header.to.as_ref().filter(|to| to.is_domain()).and_then(|to| self.local(to));
        let local = local.ok_or_else(|| StreamError::new(StreamCondition::HostUnknown))?;
        if let Some(from) = header.from.as_ref().filter(|from| !local.policy.admits(from.domain())) {
            let error = StreamError::new(StreamCondition::PolicyViolation);
            return Err(error.text(format!("{} exchanges nothing with {}", local.jid, from.domain())).into());
        }
        Ok(local)
    }

    fn is_same(one: &LocalDomain, other: &LocalDomain) -> bool {
        one.jid == other.jid
    }
}

/// Accepts streams of other servers until shutdown begins.
pub async fn serve(s2s: Arc<S2s>, connections: Arc<Connections>, listener: Listener, security: Security) {
    let each = |socket, peer, admission| {
        let s2s = s2s.clone();
        async move {
            if let Ok((pipe, stream, first)) = Box::pin(accept(&s2s, socket, peer, security)).await {
                stream::run_theirs(s2s, pipe, stream, first).await;
            }
            drop(admission);
        }
    };
    listener::accept(s2s.kernel().runtime(), &listener, &connections, "s2s in", each).await;
}

/// A stream on which the peer is authenticated, or begins to prove what it is by dialback with this element.
type Begun = (Box<Tcp>, Arc<ServerStream>, Option<Document>);

async fn accept(
    s2s: &Arc<S2s>,
    socket: TcpStream,
    peer: SocketAddr,
    security: Security,
) -> Result<Begun, Ended> {
    let until = Instant::now() + s2s.connect_seconds();
    let limits = net::StreamLimits::default().before_login();
    let secured = match security {
        Security::Direct => {
            let accepted = Connection::accept_tls(socket, peer, s2s.tls().direct_servers(), limits);
            let connection = listener::in_time(s2s.kernel().runtime(), peer, until, accepted).await?;
            Secured(Line::new(Box::new(Tcp::new(connection)), &**s2s, until).open().await?)
        }
        Security::StartTls | Security::None => {
            let tcp = Box::new(Tcp::new(Connection::plain(socket, peer, limits)));
            let opened = Line::new(tcp, &**s2s, until).open().await?;
            let config = s2s.tls().servers_of_domain(opened.local.home.name());
            opened.encrypt(config).await?
        }
    };
    authenticated(s2s, secured).await
}

/// Whether the certificate is valid for the domain that the peer says that it is.
fn certified(s2s: &S2s, opened: &Opened<'_, Tcp, S2s>) -> Option<Jid> {
    let from = opened.from.as_ref().filter(|from| from.is_domain())?;
    let certificate = opened.line.pipe.certificate()?;
    match certificate.verify(from.domain(), &opened.local.policy.roots, s2s.kernel().now_us()) {
        Ok(()) => Some(from.clone()),
        Err(fault) => {
            tracing::debug!(remote = %from, %fault, "another server's certificate is not valid");
            None
        }
    }
}

/// EXTERNAL, or the first element of dialback.
async fn authenticated(s2s: &Arc<S2s>, mut secured: Secured<'_, Tcp, S2s>) -> Result<Begun, Ended> {
    let certified = certified(s2s, &secured.0);
    let local = secured.0.local.clone();
    let dialback = local.policy.verify == Verify::Dialback || certified.is_some();
    let mechanisms = certified.iter().map(|_| Mechanism::External);
    let offer = Offer::new(mechanisms, Vec::new());
    secured.0.offer(&features(&offer, dialback, true, false));
    let mut both_ways = false;
    for _ in 0..ATTEMPTS {
        let element = secured.0.line.element().await?;
        if element.root().is("bidi", BIDI) {
            both_ways = true;
            continue;
        }
        if !element.root().is("auth", ns::SASL) {
            let certificate = secured.0.line.pipe.certificate();
            let Opened { line, id, .. } = secured.0;
            return Ok(begun(s2s, line.pipe, id, certificate, both_ways, None, Some(element)));
        }
        let exchange = External { certified: certified.clone() };
        let attempt = sasl::attempt(&mut secured.0.line, &element, exchange);
        match attempt.await? {
            Ok((remote, last)) => {
                secured.0.line.pipe.element(&sasl::success(last.as_deref()));
                let Authenticated { mut opened, who } = secured.authenticated(remote).await?;
                opened.offer(&features(&Offer::default(), true, false, true));
                let between = Between { from: who, to: local.jid };
                let certificate = opened.line.pipe.certificate();
                let Opened { line, id, .. } = opened;
                return Ok(begun(s2s, line.pipe, id, certificate, both_ways, Some(between), None));
            }
            Err(error) => secured.0.line.pipe.element(&sasl::failure(error, None)),
        }
    }
    let error = StreamError::new(StreamCondition::PolicyViolation).text("too many attempts to authenticate");
    Err(secured.0.line.fail(error).await)
}

fn begun(
    s2s: &Arc<S2s>,
    mut pipe: Box<Tcp>,
    id: String,
    certificate: Option<PeerCertificate>,
    both_ways: bool,
    proved: Option<Between>,
    first: Option<Document>,
) -> Begun {
    stream::set_limits(s2s, &mut pipe);
    let facts = s2s.facts(&*pipe);
    let stream = ServerStream::new(s2s.clone(), id, false, facts);
    stream.set_certificate(certificate);
    if both_ways {
        stream.set_both_ways();
    }
    if let Some(between) = proved {
        stream.set_by("certificate");
        s2s.has_come(&stream, between);
    }
    s2s.streams.lock().push(Arc::downgrade(&stream));
    (pipe, stream, first)
}

/// `both_ways`: before authentication (XEP-0288 section 2.1). `managed`: after it.
fn features(offer: &Offer, dialback: bool, both_ways: bool, managed: bool) -> Element {
    Element::new("features", ns::STREAM)
        .with_children((!offer.mechanisms().is_empty()).then(|| features::mechanisms(offer)))
        .with_children(dialback.then(dialback::feature))
        .with_children(both_ways.then(|| Element::new("bidi", BIDI_FEATURE)))
        .with_children(managed.then(|| Element::new("sm", ns::SM)))
}

/// EXTERNAL by a certificate that is valid for the domain (XEP-0178 section 3).
struct External {
    certified: Option<Jid>,
}

impl Exchange for External {
    type Who = Jid;

    async fn step(&mut self, message: &[u8]) -> Step<Jid> {
        let asked = match auth::parse_external(message) {
            Ok(asked) => asked.map(Jid::parse).transpose(),
            Err(error) => return Step::Failed(error),
        };
        match (asked, &self.certified) {
            (Ok(None), Some(domain)) => Step::Done(domain.clone(), None),
            (Ok(Some(asked)), Some(domain)) if asked == *domain => Step::Done(asked, None),
            (Ok(Some(_)) | Err(_), Some(_)) => Step::Failed(SaslError::InvalidAuthzid),
            (_, None) => Step::Failed(SaslError::InvalidMechanism),
        }
    }
}
