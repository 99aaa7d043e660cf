//! SASL on a stream (RFC 6120 section 6).

use std::net::IpAddr;
use std::sync::Arc;

use auth::{Found, Limited, LogIn, LoginLimiter, Mechanism, SaslError, ScramServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::{Host, Login, log_failure};
use xmpp::{Document, Element, Jid, StreamCondition, StreamError, StreamEvent, ns};

use crate::c2s::C2s;
use crate::early::Early;
use crate::features;
use crate::pipe::{self, Pipe, PipeError};
use crate::sm;

/// Attempts on one stream (RFC 6120 section 6.4.5 recommends two to five).
const ATTEMPTS: usize = 5;

/// Offers mechanisms and runs attempts until one succeeds; `None` when the peer has left. Returns the
/// authenticated bare JID.
pub(crate) async fn authenticate<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    host: &Arc<Host>,
) -> Result<Option<(Jid, Login)>, PipeError> {
    let offered = offered(host, pipe.about().tls).await;
    let names: Vec<_> = offered.iter().map(|mechanism| mechanism.name()).collect();
    pipe.element(&features::mechanisms(c2s.kernel.table(host).as_deref(), &names));
    let mut early = Early::new(c2s, host);
    for _ in 0..ATTEMPTS {
        let Some(first) = early.next(pipe).await? else { return Ok(None) };
        if !first.root().is("auth", ns::SASL) {
            if sm::read(first.root()).is_none() {
                return Err(StreamError::new(StreamCondition::NotAuthorized).into());
            }
            pipe.element(&sm::too_early(pipe.confirms()));
            continue;
        }
        let result = match c2s.limiter.check(pipe.about().address.ip()) {
            Ok(()) => {
                let attempt = attempt(c2s, pipe, host, &offered, &first).await;
                attempt.inspect_err(|_| given_up(&c2s.limiter, pipe.about().address.ip()))?
            }
            Err(limited) => Attempt::limited(limited),
        };
        let result = result.judged(&c2s.limiter, pipe.about().address.ip());
        if let Some(word) = result.word() {
            c2s.kernel.counters().log_ins.count(chosen(&first).map_or("unknown", |one| one.name()), word);
        }
        match result {
            Attempt::Done(jid, login, last) => {
                pipe.element(&data("success", last.as_deref()));
                tracing::debug!(%jid, "logged in");
                return Ok(Some((jid, login)));
            }
            Attempt::Left => return Ok(None),
            Attempt::Failed(error, text) => {
                pipe.element(&failure(error, text.as_deref()));
            }
        }
    }
    Err(StreamError::new(StreamCondition::PolicyViolation).text("too many failed login attempts").into())
}

enum Attempt {
    Done(Jid, Login, Option<Vec<u8>>),
    Failed(SaslError, Option<String>),
    Left,
}

impl Attempt {
    fn limited(limited: Limited) -> Self {
        Self::Failed(SaslError::TemporaryAuthFailure, Some(limited.to_string()))
    }

    /// How it ended, for counting; `None` if the peer left before it did.
    fn word(&self) -> Option<&'static str> {
        match self {
            Self::Done(..) => Some("success"),
            Self::Failed(error, _) => Some(error.as_str()),
            Self::Left => None,
        }
    }

    /// Refuses even a correct login if too many have failed by the time the exchange ends. One that the client gives up has cost
    /// as much as one that fails.
    fn judged(self, limiter: &LoginLimiter, address: IpAddr) -> Self {
        let right = match &self {
            Self::Done(..) => true,
            Self::Left => {
                given_up(limiter, address);
                return self;
            }
            Self::Failed(
                SaslError::NotAuthorized
                | SaslError::Aborted
                | SaslError::MalformedRequest
                | SaslError::IncorrectEncoding
                | SaslError::InvalidAuthzid,
                _,
            ) => false,
            Self::Failed(..) => return self,
        };
        limiter.judge(address, right).map_or_else(Self::limited, |()| self)
    }
}

/// A client has left in the middle of an exchange.
fn given_up(limiter: &LoginLimiter, address: IpAddr) {
    // Whether it is one too many matters to the next.
    let _ = limiter.judge(address, false);
}

/// SCRAM if every account has keys for the hash; PLAIN only under TLS.
async fn offered(host: &Host, tls: bool) -> Vec<Mechanism> {
    let hashes = host.options().auth.hashes_offered(host.name()).await;
    Mechanism::ALL
        .into_iter()
        .filter(|mechanism| match mechanism.hash() {
            Some(hash) => hashes.contains(&hash),
            None => tls,
        })
        .collect()
}

pub(crate) async fn element<P: Pipe>(pipe: &mut P) -> Result<Option<Document>, PipeError> {
    match pipe::event(pipe).await? {
        Some(StreamEvent::Element(element)) => Ok(Some(element)),
        Some(StreamEvent::Open(_)) => Err(StreamError::new(StreamCondition::InvalidXml).into()),
        Some(StreamEvent::Close) => {
            pipe.close();
            crate::goodbye::goodbye(pipe).await;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// The mechanism that the client has chosen; `None` if it is unknown.
fn chosen(first: &Document) -> Option<Mechanism> {
    first.root().attr("mechanism").and_then(|name| name.parse().ok())
}

async fn attempt<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    host: &Arc<Host>,
    offered: &[Mechanism],
    first: &Document,
) -> Result<Attempt, PipeError> {
    let Some(mechanism) = chosen(first).filter(|mechanism| offered.contains(mechanism)) else {
        return Ok(Attempt::Failed(SaslError::InvalidMechanism, None));
    };
    let message = match is_absent(first) {
        false => match message(first) {
            Some(message) => message,
            None => return Ok(Attempt::Failed(SaslError::IncorrectEncoding, None)),
        },
        // without an initial response, the server's first challenge is empty (RFC 6120 section 6.4.2)
        true => match challenge(pipe, &[]).await? {
            Answer::Data(message) => message,
            Answer::Refused(error) => return Ok(Attempt::Failed(error, None)),
            Answer::Left => return Ok(Attempt::Left),
        },
    };
    match mechanism.hash() {
        None => Ok(plain(c2s, pipe.about().address.ip(), host, &message).await.map_or_else(
            |error| Attempt::Failed(error, None),
            |(jid, login)| Attempt::Done(jid, login, None),
        )),
        Some(hash) => {
            let nonce = c2s.kernel.runtime().random.token(128);
            scram(c2s, pipe, host, ScramServer::new(hash, nonce), &message).await
        }
    }
}

async fn plain(
    c2s: &C2s,
    address: IpAddr,
    host: &Arc<Host>,
    message: &[u8],
) -> Result<(Jid, Login), SaslError> {
    let credentials = auth::parse_plain(message)?;
    let jid = user(host, &credentials.authcid, credentials.authzid.as_deref())?;
    let local = jid.local().ok_or(SaslError::NotAuthorized)?;
    let login = host.begin_login(local);
    let log_in = LogIn { domain: host.name(), local, address: Some(address) };
    let accepted = host.options().auth.verify_plain(log_in, &credentials.password).await?;
    if login.is_revoked() {
        return Err(SaslError::NotAuthorized);
    }
    adopt(c2s, host, local, accepted.provider.as_deref()).await?;
    Ok((jid, login))
}

/// The account of another provider gets its row before it is bound: so that provider is not asked again whether it exists.
async fn adopt(c2s: &C2s, host: &Arc<Host>, local: &str, provider: Option<&str>) -> Result<(), SaslError> {
    let Some(provider) = provider else { return Ok(()) };
    let adopted = c2s.kernel.adopt(host, local, provider).await;
    adopted.map(drop).map_err(|error| {
        log_failure(&error, "cannot create the account of another auth provider");
        SaslError::TemporaryAuthFailure
    })
}

async fn scram<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    host: &Arc<Host>,
    mut exchange: ScramServer,
    message: &[u8],
) -> Result<Attempt, PipeError> {
    let begun = begin_scram(pipe.about().address.ip(), host, &mut exchange, message).await;
    let Begun { jid, login, mut found, first } = match begun {
        Ok(begun) => begun,
        Err(error) => return Ok(Attempt::Failed(error, None)),
    };
    let last = match challenge(pipe, &first).await? {
        Answer::Data(last) => last,
        Answer::Refused(error) => return Ok(Attempt::Failed(error, None)),
        Answer::Left => return Ok(Attempt::Left),
    };
    let (refuse, provider) = (found.refuse.take(), found.provider.take());
    Ok(match (found.prove(&mut exchange, &last).await, refuse) {
        // proved with keys that are no longer the account's
        (Ok(_), None) if login.is_revoked() => Attempt::Failed(SaslError::NotAuthorized, None),
        (Ok(signature), None) => {
            let local = jid.local().unwrap_or_default();
            match adopt(c2s, host, local, provider.as_deref()).await {
                Ok(()) => Attempt::Done(jid, login, Some(signature)),
                Err(error) => Attempt::Failed(error, None),
            }
        }
        (Ok(_), Some(refuse)) => Attempt::Failed(refuse, None),
        (Err(error), _) => Attempt::Failed(error, None),
    })
}

/// An exchange whose challenge can be sent.
struct Begun {
    jid: Jid,
    login: Login,
    found: Found,
    first: Vec<u8>,
}

async fn begin_scram(
    address: IpAddr,
    host: &Arc<Host>,
    exchange: &mut ScramServer,
    message: &[u8],
) -> Result<Begun, SaslError> {
    let hash = exchange.hash();
    let client = exchange.client_first(message)?;
    let jid = user(host, &client.username, client.authzid.as_deref())?;
    let local = jid.local().ok_or(SaslError::NotAuthorized)?;
    let login = host.begin_login(local);
    let log_in = LogIn { domain: host.name(), local, address: Some(address) };
    let found = host.options().auth.keys(log_in, hash).await?;
    let first = found.challenge(exchange);
    Ok(Begun { jid, login, found, first })
}

/// The account's bare JID; an authorization identity of another account is refused (RFC 6120 section 6.3.8).
fn user(host: &Host, name: &str, authzid: Option<&str>) -> Result<Jid, SaslError> {
    let jid = Jid::from_parts(Some(name), host.name(), None).map_err(|_| SaslError::NotAuthorized)?;
    match authzid.map(Jid::parse) {
        None => Ok(jid),
        Some(Ok(other)) if other == jid => Ok(jid),
        Some(_) => Err(SaslError::InvalidAuthzid),
    }
}

enum Answer {
    Data(Vec<u8>),
    Refused(SaslError),
    Left,
}

/// Sends a challenge and reads the response.
async fn challenge<P: Pipe>(pipe: &mut P, bytes: &[u8]) -> Result<Answer, PipeError> {
    pipe.element(&Element::new("challenge", ns::SASL).text(STANDARD.encode(bytes)));
    let Some(answer) = element(pipe).await? else { return Ok(Answer::Left) };
    let root = answer.root();
    Ok(match (root.ns(), root.name()) {
        (ns::SASL, "response") => match message(&answer) {
            Some(message) => Answer::Data(message),
            None => Answer::Refused(SaslError::IncorrectEncoding),
        },
        (ns::SASL, "abort") => Answer::Refused(SaslError::Aborted),
        _ => Answer::Refused(SaslError::MalformedRequest),
    })
}

/// Without text there is no initial response; an empty one is `=` (RFC 6120 section 6.4.2).
fn is_absent(element: &Document) -> bool {
    element.root().text().trim().is_empty()
}

/// The element's decoded base64 text; `=` stands for empty data (RFC 6120 section 6.4.2).
fn message(element: &Document) -> Option<Vec<u8>> {
    let text = element.root().text();
    match text.trim() {
        "=" => Some(Vec::new()),
        text => STANDARD.decode(text).ok(),
    }
}

fn data(name: &'static str, bytes: Option<&[u8]>) -> Element {
    let element = Element::new(name, ns::SASL);
    match bytes {
        Some(bytes) => element.text(STANDARD.encode(bytes)),
        None => element,
    }
}

fn failure(error: SaslError, text: Option<&str>) -> Element {
    let failure = Element::new("failure", ns::SASL).child(Element::new(error.as_str(), ns::SASL));
    let text = text.or((error == SaslError::InvalidAuthzid).then_some("you may only act as yourself"));
    match text {
        Some(text) => failure.child(Element::new("text", ns::SASL).attr("xml:lang", "en").text(text)),
        None => failure,
    }
}
