//! From a domain's name to a stream on which it has proved what it is, and we have.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::Host;
use net::dial::{DialError, connect, dial};
use net::dns::{Candidate, DnsError, Security};
use net::{Connection, PeerFault, TlsAcceptError};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use xmpp::{Condition, Jid, StanzaError, ns};

use super::dialback::{self, BIDI, BIDI_FEATURE, Between, DIALBACK_FEATURE, Dialback, Outcome};
use super::figures::Facts;
use super::policy::{Policy, Verify};
use super::registry::S2s;
use crate::opening::{Attempted, Initiated, Initiating, OpenError};
use crate::pipe::Pipe;
use crate::tcp::Tcp;

/// Why a domain could not be reached.
#[derive(Debug)]
pub(super) enum Failure {
    Dns(DnsError),
    /// Each place that was tried, and why in vain.
    Places(Vec<String>),
    Certificate(PeerFault),
    /// Neither its certificate nor dialback proves what we are.
    NotAuthenticated(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(error) => error.fmt(f),
            Self::Places(places) => f.write_str(&places.join("; ")),
            Self::Certificate(fault) => write!(f, "its certificate is not valid: {fault}"),
            Self::NotAuthenticated(why) => write!(f, "it does not accept us: {why}"),
        }
    }
}

impl Failure {
    /// What the sender of a stanza is told (RFC 6120 section 8.3.3).
    pub fn error(&self) -> StanzaError {
        let condition = match self {
            Self::Dns(error) if !error.is_temporary() => Condition::RemoteServerNotFound,
            _ => Condition::RemoteServerTimeout,
        };
        StanzaError::new(condition).text(format!("the other server cannot be reached: {self}"))
    }
}

/// A stream that is open and encrypted; nothing is proved on it yet but what the peer's certificate proves.
pub(super) struct Reached {
    pub stream: Initiated<Tcp>,
    /// The domain, if the certificate is valid for it.
    pub certified: Result<Jid, PeerFault>,
    pub facts: Facts,
}

/// Opens an encrypted stream for these domains. `home`: whose certificate we show. `tell`: what is done, in words.
pub(super) async fn reach(
    s2s: &Arc<S2s>,
    policy: &Policy,
    home: &Host,
    between: &Between,
    tell: &mut (dyn FnMut(String) + Send),
) -> Result<Reached, Failure> {
    let until = Instant::now() + s2s.connect_seconds();
    let remote = between.to.domain();
    let mut places = Vec::new();
    if let Some(address) = policy.connect.get(remote) {
        tell(format!("the configuration says that {remote} is at {address}"));
        let socket = connect(*address, until.saturating_duration_since(Instant::now()), &|_| true).await;
        let socket = socket.map(|socket| (socket, *address));
        match secured(s2s, home, between, socket, Security::StartTls, until).await {
            Ok(stream) => return Ok(judged(s2s, policy, stream, between)),
            Err(why) => places.push(why),
        }
        return Err(Failure::Places(places));
    }
    let candidates = policy.resolver.candidates(remote).await.map_err(Failure::Dns)?;
    for candidate in candidates {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        tell(described(&candidate));
        let allowed = |address: SocketAddr| !s2s.is_own(address);
        let socket = dial(&policy.resolver, &candidate, left, &allowed).await;
        match secured(s2s, home, between, socket, candidate.security, until).await {
            Ok(stream) => return Ok(judged(s2s, policy, stream, between)),
            Err(why) => {
                tell(format!("in vain: {why}"));
                places.push(why);
            }
        }
    }
    Err(Failure::Places(places))
}

fn described(candidate: &Candidate) -> String {
    let how = match candidate.security {
        Security::StartTls => "STARTTLS",
        Security::Direct => "direct TLS",
    };
    format!("trying {}:{} with {how}", candidate.host, candidate.port)
}

/// A stream over a connection that may have been made.
async fn secured(
    s2s: &Arc<S2s>,
    home: &Host,
    between: &Between,
    socket: Result<(TcpStream, SocketAddr), DialError>,
    security: Security,
    until: Instant,
) -> Result<Initiated<Tcp>, String> {
    let (socket, peer) = socket.map_err(|error| error.to_string())?;
    s2s.connections().watch(&socket);
    let limits = net::StreamLimits::default().before_login();
    let config = s2s.tls().client(home.name()).map_err(|error| error.to_string())?;
    let (from, to) = (&between.from, &between.to);
    let opened = match security {
        Security::StartTls => {
            let tcp = Box::new(Tcp::new(Connection::plain(socket, peer, limits)));
            match Initiating::between_servers(tcp, from, to, until).open().await {
                Ok(stream) => stream.encrypt(config, to.domain()).await,
                Err(error) => Err(error),
            }
        }
        Security::Direct => {
            let connection = Connection::connect_tls(socket, peer, config, to.domain(), limits);
            match timeout_at(until, Box::pin(connection)).await {
                Ok(Ok(connection)) => {
                    let tcp = Box::new(Tcp::new(connection));
                    Initiating::between_servers(tcp, from, to, until).open().await
                }
                Ok(Err(error)) => Err(tls(&error)),
                Err(_) => Err(OpenError::TimedOut),
            }
        }
    };
    opened.map_err(|error| format!("{peer}: {}", words(&error)))
}

fn tls(error: &TlsAcceptError) -> OpenError {
    OpenError::Tls(error.to_string())
}

pub(super) fn words(error: &OpenError) -> String {
    match error {
        OpenError::Lost => "it has closed the connection".into(),
        OpenError::TimedOut => "it does not answer".into(),
        OpenError::Theirs(error) => format!("it has ended the stream: {error}"),
        OpenError::Ours(error) => format!("what it sends is no stream between servers: {error}"),
        OpenError::Refused(why) => (*why).into(),
        OpenError::Tls(why) => format!("TLS: {why}"),
    }
}

fn judged(s2s: &S2s, policy: &Policy, stream: Initiated<Tcp>, between: &Between) -> Reached {
    let certified = match stream.line.pipe.certificate() {
        Some(certificate) => certificate
            .verify(between.to.domain(), &policy.roots, s2s.kernel().now_us())
            .map(|()| between.to.clone()),
        None => Err(PeerFault::Malformed),
    };
    let facts = s2s.facts(&*stream.line.pipe);
    Reached { stream, certified, facts }
}

/// What was agreed on with a server that has accepted us.
pub(super) struct Accepted {
    pub stream: Initiated<Tcp>,
    pub facts: Facts,
    /// Whether it may send on this stream, too (XEP-0288).
    pub both_ways: bool,
    /// Whether it takes dialback for other domains of ours on this stream.
    pub takes_more: bool,
    /// How we have proved what we are: `certificate`, `dialback`.
    pub by: &'static str,
}

/// Proves what we are, after the peer has proved what it is as the policy demands.
pub(super) async fn accepted(
    s2s: &Arc<S2s>,
    policy: &Policy,
    between: &Between,
    reached: Reached,
    tell: &mut (dyn FnMut(String) + Send),
) -> Result<Accepted, Failure> {
    let Reached { mut stream, certified, facts } = reached;
    match (&certified, policy.verify) {
        (Ok(_), _) => tell(format!("its certificate is valid for {}", between.to)),
        (Err(fault), Verify::Dialback) => {
            tell(format!("its certificate is not valid: {fault}; dialback may do"))
        }
        (Err(_), Verify::Certificate) => {}
    }
    if let (Err(fault), Verify::Certificate) = (certified, policy.verify) {
        return Err(Failure::Certificate(fault));
    }
    let both_ways = stream.offers("bidi", BIDI_FEATURE);
    if both_ways {
        stream.line.pipe.element(&xmpp::Element::new("bidi", BIDI));
    }
    let refused = |error: OpenError| Failure::NotAuthenticated(words(&error));
    let mut why = String::from("it offers neither EXTERNAL nor dialback");
    if stream.offers_mechanism("EXTERNAL") {
        let identity = STANDARD.encode(between.from.as_str());
        match stream.authenticate("EXTERNAL", identity).await.map_err(refused)? {
            Attempted::Done(stream) => {
                tell("it accepts our certificate".into());
                let takes_more = offers_dialback(&stream);
                return Ok(Accepted { stream, facts, both_ways, takes_more, by: "certificate" });
            }
            Attempted::Failed(again, condition) => {
                why = format!("it refuses our certificate ({condition})");
                tell(why.clone());
                stream = again;
            }
        }
    }
    // Some do not announce it: to ask costs nothing.
    let key = s2s.keys().key(between.from.domain(), between.to.domain(), &stream.id);
    stream.line.pipe.element(&dialback::prove(between, &key));
    match answer(&mut stream, between).await.map_err(refused)? {
        Outcome::Valid => {
            tell("it has called back, and accepts us".into());
            let takes_more = offers_dialback(&stream);
            Ok(Accepted { stream, facts, both_ways, takes_more, by: "dialback" })
        }
        Outcome::Invalid => Err(Failure::NotAuthenticated(format!("{why}, and dialback has failed"))),
        Outcome::Error(error) => {
            let text = error.text.clone().unwrap_or_default();
            Err(Failure::NotAuthenticated(format!(
                "{why}, and dialback has failed: {} {text}",
                error.condition.as_str()
            )))
        }
    }
}

fn offers_dialback(stream: &Initiated<Tcp>) -> bool {
    let feature = stream.features.root().child("dialback", DIALBACK_FEATURE);
    feature.is_some_and(|feature| feature.child("errors", DIALBACK_FEATURE).is_some())
}

/// The answer to our proof.
async fn answer(stream: &mut Initiated<Tcp>, between: &Between) -> Result<Outcome, OpenError> {
    loop {
        let element = stream.line.element().await?;
        match dialback::read(&element) {
            Some(Dialback::Proved(whose, outcome)) if whose == between.turned() => return Ok(outcome),
            // Features that some send once more.
            _ if element.root().is("features", ns::STREAM) => {}
            _ => return Err(OpenError::Refused("it answers dialback with something else")),
        }
    }
}

/// Asks the server of a domain whether a key is its own: on a stream of our own (XEP-0220 section 2.3).
pub(super) async fn ask(
    s2s: &Arc<S2s>,
    policy: &Policy,
    home: &Host,
    between: &Between,
    (id, key): (&str, &str),
) -> Result<Outcome, Failure> {
    let Reached { mut stream, .. } = reach(s2s, policy, home, between, &mut |_| {}).await?;
    stream.line.pipe.element(&dialback::ask(between, id, key));
    let refused = |error: OpenError| Failure::NotAuthenticated(words(&error));
    let outcome = loop {
        let element = stream.line.element().await.map_err(refused)?;
        match dialback::read(&element) {
            Some(Dialback::Answered { between: whose, id: of, outcome })
                if whose == between.turned() && of == id =>
            {
                break outcome;
            }
            _ if element.root().is("features", ns::STREAM) => {}
            _ => return Err(refused(OpenError::Refused("it answers dialback with something else"))),
        }
    };
    stream.line.pipe.close();
    crate::goodbye::goodbye(&mut *stream.line.pipe).await;
    Ok(outcome)
}
