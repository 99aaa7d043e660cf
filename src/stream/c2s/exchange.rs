//! The exchanges by which clients log in.

use std::net::IpAddr;
use std::sync::Arc;

use auth::{Accepted, Found, LogIn, Mechanism, Offer, SaslError, ScramServer};
use kernel::{Host, Login, log_failure};
use xmpp::Jid;

use super::C2s;
use crate::sasl::{Exchange, Step};

/// An account's bare JID, and the log-in that ends when its password changes.
pub(crate) type LoggedIn = (Jid, Login);

/// Who tries to log in, where, and with what.
#[derive(Clone)]
pub(crate) struct Attempt<'a> {
    pub c2s: &'a C2s,
    pub host: &'a Arc<Host>,
    pub address: IpAddr,
    pub offer: Arc<Offer>,
    /// The accounts that its certificate proves (XEP-0178).
    pub certified: Arc<[Jid]>,
}

pub(crate) struct ClientExchange<'a> {
    attempt: Attempt<'a>,
    state: State,
}

enum State {
    External,
    Plain,
    Scram(ScramServer),
    /// The challenge was sent.
    Proving(Box<Proving>),
    Ended,
}

struct Proving {
    exchange: ScramServer,
    jid: Jid,
    login: Login,
    found: Found,
}

impl<'a> Attempt<'a> {
    /// The exchange of a mechanism.
    pub fn begin(self, mechanism: Mechanism) -> ClientExchange<'a> {
        let state = match mechanism {
            Mechanism::External => State::External,
            Mechanism::Plain => State::Plain,
            Mechanism::Scram { hash, bound } => {
                let nonce = self.c2s.kernel.runtime().random.token(128);
                State::Scram(ScramServer::new(hash, bound, nonce, self.offer.clone()))
            }
        };
        ClientExchange { attempt: self, state }
    }

    fn log_in<'b>(&'b self, local: &'b str) -> LogIn<'b> {
        LogIn { domain: self.host.name(), local, address: Some(self.address) }
    }

    /// The account's bare JID; an authorization identity of another account is refused (RFC 6120 section 6.3.8).
    fn user(&self, name: &str, authzid: Option<&str>) -> Result<Jid, SaslError> {
        let jid =
            Jid::from_parts(Some(name), self.host.name(), None).map_err(|_| SaslError::NotAuthorized)?;
        match authzid.map(Jid::parse) {
            None => Ok(jid),
            Some(Ok(other)) if other == jid => Ok(jid),
            Some(_) => Err(SaslError::InvalidAuthzid),
        }
    }

    /// The one account that the certificate proves, or of several the one that is asked for (XEP-0178 section 2).
    async fn external(&self, message: &[u8]) -> Result<LoggedIn, SaslError> {
        let jid = match (auth::parse_external(message)?, &*self.certified) {
            (None, [only]) => only.clone(),
            (None, _) => return Err(SaslError::InvalidAuthzid),
            (Some(asked), certified) => {
                let asked = Jid::parse(asked).map_err(|_| SaslError::InvalidAuthzid)?;
                certified.iter().find(|jid| **jid == asked).cloned().ok_or(SaslError::InvalidAuthzid)?
            }
        };
        let local = jid.local().ok_or(SaslError::NotAuthorized)?;
        let login = self.host.begin_login(local);
        let accepted = self.host.options().auth.admit(self.log_in(local)).await?;
        self.accepted(local, &login, accepted).await?;
        Ok((jid, login))
    }

    async fn plain(&self, message: &[u8]) -> Result<LoggedIn, SaslError> {
        let credentials = auth::parse_plain(message)?;
        let jid = self.user(&credentials.authcid, credentials.authzid.as_deref())?;
        let local = jid.local().ok_or(SaslError::NotAuthorized)?;
        let login = self.host.begin_login(local);
        let accepted =
            self.host.options().auth.verify_plain(self.log_in(local), &credentials.password).await?;
        self.accepted(local, &login, accepted).await?;
        Ok((jid, login))
    }

    async fn accepted(&self, local: &str, login: &Login, accepted: Accepted) -> Result<(), SaslError> {
        if login.is_revoked() {
            return Err(SaslError::NotAuthorized);
        }
        self.adopt(local, accepted.provider.as_deref()).await
    }

    /// The account of another provider gets its row before it is bound: so that provider is not asked again whether it exists.
    async fn adopt(&self, local: &str, provider: Option<&str>) -> Result<(), SaslError> {
        let Some(provider) = provider else { return Ok(()) };
        let adopted = self.c2s.kernel.adopt(self.host, local, provider).await;
        adopted.map(drop).map_err(|error| {
            log_failure(&error, "cannot create the account of another auth provider");
            SaslError::TemporaryAuthFailure
        })
    }

    /// Takes the client-first-message; the challenge.
    async fn challenge(
        &self,
        mut exchange: ScramServer,
        message: &[u8],
    ) -> Result<(Proving, Vec<u8>), SaslError> {
        let client = exchange.client_first(message)?;
        let jid = self.user(&client.username, client.authzid.as_deref())?;
        let local = jid.local().ok_or(SaslError::NotAuthorized)?;
        let login = self.host.begin_login(local);
        let found = self.host.options().auth.keys(self.log_in(local), exchange.hash()).await?;
        let challenge = found.challenge(&mut exchange);
        Ok((Proving { exchange, jid, login, found }, challenge))
    }

    /// Takes the client-final-message; the server-final-message.
    async fn prove(&self, proving: Proving, message: &[u8]) -> Result<(LoggedIn, Vec<u8>), SaslError> {
        let Proving { mut exchange, jid, login, mut found } = proving;
        let (refuse, provider) = (found.refuse.take(), found.provider.take());
        let signature = found.prove(&mut exchange, message).await?;
        if let Some(refuse) = refuse {
            return Err(refuse);
        }
        // Proved with keys that are no longer the account's.
        if login.is_revoked() {
            return Err(SaslError::NotAuthorized);
        }
        self.adopt(jid.local().unwrap_or_default(), provider.as_deref()).await?;
        Ok(((jid, login), signature))
    }
}

impl Exchange for ClientExchange<'_> {
    type Who = LoggedIn;

    async fn step(&mut self, message: &[u8]) -> Step<LoggedIn> {
        let attempt = &self.attempt;
        let done = match std::mem::replace(&mut self.state, State::Ended) {
            State::External => attempt.external(message).await.map(|who| (who, None)),
            State::Plain => attempt.plain(message).await.map(|who| (who, None)),
            State::Scram(exchange) => match attempt.challenge(exchange, message).await {
                Ok((proving, challenge)) => {
                    self.state = State::Proving(Box::new(proving));
                    return Step::Challenge(challenge);
                }
                Err(error) => Err(error),
            },
            State::Proving(proving) => {
                attempt.prove(*proving, message).await.map(|(who, signature)| (who, Some(signature)))
            }
            State::Ended => Err(SaslError::MalformedRequest),
        };
        match done {
            Ok((who, last)) => Step::Done(who, last),
            Err(error) => Step::Failed(error),
        }
    }
}
