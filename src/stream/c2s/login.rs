//! Log-in of a client: what it is offered, and attempts until one succeeds.

use std::net::IpAddr;
use std::sync::Arc;

use auth::{ChannelBinding, LoginLimiter, Mechanism, Offer, SaslError};
use kernel::Host;
use net::PeerCertificate;
use xmpp::{Document, Jid, StreamCondition, StreamError, ns};

use super::C2s;
use super::early::Early;
use super::exchange::{Attempt, LoggedIn};
use crate::features;
use crate::opening::{Authenticated, Ended, Opened, Secured};
use crate::pipe::Pipe;
use crate::sasl;

/// Attempts on one stream (RFC 6120 section 6.4.5 recommends two to five).
const ATTEMPTS: usize = 5;

/// Whether an attempt has succeeded; else what the client is told.
type Judged = Result<(LoggedIn, Option<Vec<u8>>), (SaslError, Option<String>)>;

impl<'a, P: Pipe> Secured<'a, P, C2s> {
    /// Offers mechanisms and runs attempts until one succeeds.
    pub async fn log_in(mut self) -> Result<Authenticated<'a, P, C2s, LoggedIn>, Ended> {
        let opened = &mut self.0;
        let (c2s, host) = (opened.line.purpose, opened.local.clone());
        let (about, bindings) = (opened.line.pipe.about(), opened.line.pipe.channel_bindings());
        let address = about.address.ip();
        let certified = certified(c2s, &host, opened.line.pipe.certificate());
        let offer = offer(&host, (about.tls, !certified.is_empty()), bindings).await;
        let table = c2s.kernel.table(&host);
        opened.offer(&features::login(table.as_deref(), &offer));
        let attempt = Attempt { c2s, host: &host, address, offer, certified };
        let mut early = Early::new(c2s, &host);
        for _ in 0..ATTEMPTS {
            let first = early.next(&mut opened.line).await?;
            if !first.root().is("auth", ns::SASL) {
                if !opened.line.is_too_early(&first) {
                    return Err(opened.line.fail(StreamError::new(StreamCondition::NotAuthorized)).await);
                }
                continue;
            }
            match judged(opened, &first, &attempt).await? {
                Ok((who, last)) => {
                    opened.line.pipe.element(&sasl::success(last.as_deref()));
                    tracing::debug!(jid = %who.0, "logged in");
                    return self.authenticated(who).await;
                }
                Err((error, text)) => opened.line.pipe.element(&sasl::failure(error, text.as_deref())),
            }
        }
        let error = StreamError::new(StreamCondition::PolicyViolation);
        Err(opened.line.fail(error.text("too many failed login attempts")).await)
    }
}

/// One attempt, unless too many have failed from there. Its outcome is counted.
async fn judged<P: Pipe>(
    opened: &mut Opened<'_, P, C2s>,
    first: &Document,
    attempt: &Attempt<'_>,
) -> Result<Judged, Ended> {
    let (c2s, address) = (attempt.c2s, attempt.address);
    let mechanism = chosen(first);
    let outcome = match (c2s.limiter.check(address), mechanism) {
        (Err(limited), _) => Err((SaslError::TemporaryAuthFailure, Some(limited.to_string()))),
        (Ok(()), Some(mechanism)) if attempt.offer.mechanisms().contains(&mechanism) => {
            let exchange = attempt.clone().begin(mechanism);
            let ended = sasl::attempt(&mut opened.line, first, exchange).await;
            // One that the client gives up has cost as much as one that fails.
            let ended = ended.inspect_err(|_| given_up(&c2s.limiter, address))?;
            limited(&c2s.limiter, address, ended.map_err(|error| (error, None)))
        }
        (Ok(()), _) => Err((SaslError::InvalidMechanism, None)),
    };
    let word = outcome.as_ref().map_or_else(|(error, _)| error.as_str(), |_| "success");
    c2s.kernel.counters().log_ins.count(mechanism.map_or("unknown", Mechanism::name), word);
    Ok(outcome)
}

/// The mechanism that the client has chosen; `None` if it is unknown.
fn chosen(first: &Document) -> Option<Mechanism> {
    first.root().attr("mechanism").and_then(|name| name.parse().ok())
}

/// Refuses even a correct log-in if too many have failed by the time the exchange ends.
fn limited(limiter: &LoginLimiter, address: IpAddr, outcome: Judged) -> Judged {
    let right = match &outcome {
        Ok(_) => true,
        Err((
            SaslError::NotAuthorized
            | SaslError::Aborted
            | SaslError::MalformedRequest
            | SaslError::IncorrectEncoding
            | SaslError::InvalidAuthzid,
            _,
        )) => false,
        Err(_) => return outcome,
    };
    match limiter.judge(address, right) {
        Ok(()) => outcome,
        Err(limited) => Err((SaslError::TemporaryAuthFailure, Some(limited.to_string()))),
    }
}

/// A client has left in the middle of an exchange.
fn given_up(limiter: &LoginLimiter, address: IpAddr) {
    // Whether it is one too many matters to the next.
    let _ = limiter.judge(address, false);
}

/// The accounts of this domain that a client's certificate proves (XEP-0178 section 2); none if the domain does not trust its issuer.
fn certified(c2s: &C2s, host: &Host, certificate: Option<PeerCertificate>) -> Arc<[Jid]> {
    let (Some(certificate), Some(roots)) = (certificate, c2s.tls.client_ca(host.name())) else {
        return Arc::from([]);
    };
    if let Err(fault) = certificate.verify_client(&roots, c2s.kernel.now_us()) {
        tracing::debug!(domain = host.name(), %fault, "a client's certificate is not valid");
        return Arc::from([]);
    }
    let here = |jid: &Jid| jid.domain() == host.name() && jid.local().is_some();
    certificate
        .xmpp_addrs()
        .iter()
        .filter_map(|jid| Jid::parse(jid).ok())
        .map(|jid| jid.bare())
        .filter(here)
        .collect()
}

/// EXTERNAL to who has a certificate for an account here; SCRAM if every account has keys for the hash; PLAIN only under
/// TLS.
async fn offer(host: &Host, (tls, certified): (bool, bool), bindings: Vec<ChannelBinding>) -> Arc<Offer> {
    let hashes = host.options().auth.hashes_offered(host.name()).await;
    let is_offered = |mechanism: &Mechanism| match mechanism {
        Mechanism::External => certified,
        Mechanism::Scram { hash, .. } => hashes.contains(hash),
        Mechanism::Plain => tls,
    };
    Arc::new(Offer::new(Mechanism::all().filter(is_offered), bindings))
}
