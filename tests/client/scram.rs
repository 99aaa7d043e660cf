//! The client's side of SCRAM (RFC 5802, RFC 7677).

mod hash;

use std::collections::HashMap;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};

use anyhow::{Context as _, Result, anyhow};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};

use hash::Hash;

const NS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";

/// An exchange under way.
pub struct Scram {
    hash: Hash,
    first_bare: String,
    password: String,
    /// `n,,`, or `p=tls-exporter,,`.
    gs2: String,
    /// What both ends of the channel know of it.
    channel: Vec<u8>,
}

impl Scram {
    /// SCRAM-SHA-1.
    pub fn sha1(user: &str, password: &str) -> Self {
        Self::new(Hash::Sha1, user, password)
    }

    /// SCRAM-SHA-256.
    pub fn sha256(user: &str, password: &str) -> Self {
        Self::new(Hash::Sha256, user, password)
    }

    /// The nonce is never used twice, and need not be a secret.
    fn new(hash: Hash, user: &str, password: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let (user, number) = (user.replace('=', "=3D").replace(',', "=2C"), NUMBER.fetch_add(1, Relaxed));
        let first_bare = format!("n={user},r=client{}x{number}", process::id());
        Self { hash, first_bare, password: password.to_owned(), gs2: "n,,".into(), channel: Vec::new() }
    }

    /// The same, bound to a channel (the mechanism's `-PLUS` variant).
    #[must_use]
    pub fn bound(self, kind: &str, channel: Vec<u8>) -> Self {
        Self { gs2: format!("p={kind},,"), channel, ..self }
    }

    /// The element that begins the exchange.
    pub fn auth(&self) -> String {
        let first = BASE64.encode(format!("{}{}", self.gs2, self.first_bare));
        let plus = if self.gs2.starts_with('p') { "-PLUS" } else { "" };
        format!("<auth {NS} mechanism='{}{plus}'>{first}</auth>", self.hash.mechanism())
    }

    /// The element that answers a challenge, given as its text.
    pub fn response(&self, challenge: &str) -> Result<String> {
        Ok(format!("<response {NS}>{}</response>", BASE64.encode(self.last(&decode(challenge)?)?)))
    }

    fn last(&self, server_first: &str) -> Result<String> {
        let field = |key: &str| {
            let value = server_first.split(',').find_map(|part| part.strip_prefix(key));
            value.with_context(|| format!("no {key} in the challenge"))
        };
        let binding = BASE64.encode([self.gs2.as_bytes(), &self.channel].concat());
        let without_proof = format!("c={binding},r={}", field("r=")?);
        let salted = self.salted(field("s=")?, field("i=")?.parse()?)?;
        let client_key = self.hash.mac(&salted, b"Client Key")?;
        let signed = format!("{},{server_first},{without_proof}", self.first_bare);
        let signature = self.hash.mac(&self.hash.digest(&client_key), signed.as_bytes())?;
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
        Ok(format!("{without_proof},p={}", BASE64.encode(proof)))
    }

    /// The salted password, remembered: an account that logs in often costs the client only once.
    fn salted(&self, salt: &str, iterations: u32) -> Result<Vec<u8>> {
        type Known = HashMap<(Hash, String, String, u32), Vec<u8>>;
        static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
        let known = || KNOWN.lock().map_err(|_| anyhow!("another log-in panicked"));
        let key = (self.hash, self.password.clone(), salt.to_owned(), iterations);
        if let Some(salted) = known()?.get(&key) {
            return Ok(salted.clone());
        }
        let salted = self.hash.salted(self.password.as_bytes(), &BASE64.decode(salt)?, iterations)?;
        known()?.insert(key, salted.clone());
        Ok(salted)
    }
}

/// The element of PLAIN (RFC 4616).
pub fn plain(user: &str, password: &str) -> String {
    format!("<auth {NS} mechanism='PLAIN'>{}</auth>", BASE64.encode(format!("\0{user}\0{password}")))
}

/// The text of a SASL message.
pub fn decode(message: &str) -> Result<String> {
    Ok(String::from_utf8(BASE64.decode(message)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(hash: Hash, first_bare: &str, server_first: &str) -> Result<String> {
        let (gs2, channel) = ("n,,".into(), Vec::new());
        Scram { hash, first_bare: first_bare.into(), password: "pencil".into(), gs2, channel }
            .last(server_first)
    }

    #[test]
    fn the_example_of_rfc_5802() -> Result<()> {
        let server_first = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let wanted = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        assert_eq!(last(Hash::Sha1, "n=user,r=fyko+d2lbbFgONRv9qkxdawL", server_first)?, wanted);
        Ok(())
    }

    #[test]
    fn the_example_of_rfc_7677() -> Result<()> {
        let server_first =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = last(Hash::Sha256, "n=user,r=rOprNGfwEbeRWgbNEkqO", server_first)?;
        assert!(last.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), "{last}");
        Ok(())
    }
}
