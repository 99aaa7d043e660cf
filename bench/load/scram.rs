//! The client's side of SCRAM-SHA-1 (RFC 5802), without channel binding.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};

use anyhow::{Context as _, Result, anyhow};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};

/// Salted passwords by salt and iterations.
type Known = HashMap<(String, u32), [u8; 20]>;

/// An exchange under way.
pub struct Exchange {
    client_first_bare: String,
}

impl Exchange {
    pub fn new(user: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        Self { client_first_bare: format!("n={user},r=load{}x{number}", std::process::id()) }
    }

    /// The initial response, base64.
    pub fn client_first(&self) -> String {
        BASE64.encode(format!("n,,{}", self.client_first_bare))
    }

    /// The answer to a challenge, base64.
    pub fn client_final(&self, challenge: &str, password: &str) -> Result<String> {
        let server_first = String::from_utf8(BASE64.decode(challenge)?)?;
        let field = |key: &str| {
            let value = server_first.split(',').find_map(|part| part.strip_prefix(key));
            value.with_context(|| format!("no {key} in the challenge"))
        };
        let without_proof = format!("c=biws,r={}", field("r=")?);
        let salted = salted(password, field("s=")?, field("i=")?.parse()?)?;
        let client_key = mac(&salted, b"Client Key")?;
        let stored_key: [u8; 20] = Sha1::digest(client_key).into();
        let signed = format!("{},{server_first},{without_proof}", self.client_first_bare);
        let signature = mac(&stored_key, signed.as_bytes())?;
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
        Ok(BASE64.encode(format!("{without_proof},p={}", BASE64.encode(proof))))
    }
}

fn mac(key: &[u8], data: &[u8]) -> Result<[u8; 20]> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).map_err(|_| anyhow!("a key of no length"))?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().into())
}

/// PBKDF2, remembered by salt: an account that logs in often costs the generator only once.
fn salted(password: &str, salt: &str, iterations: u32) -> Result<[u8; 20]> {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().map_err(|_| anyhow!("another log-in panicked"))?;
    let key = (salt.to_owned(), iterations);
    if let Some(salted) = known.get(&key) {
        return Ok(*salted);
    }
    let mut out = [0; 20];
    let done = pbkdf2::pbkdf2::<Hmac<Sha1>>(password.as_bytes(), &BASE64.decode(salt)?, iterations, &mut out);
    done.map_err(|error| anyhow!("{error}"))?;
    known.insert(key, out);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_5802() -> Result<()> {
        let exchange = Exchange { client_first_bare: "n=user,r=fyko+d2lbbFgONRv9qkxdawL".into() };
        let server_first = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let answer = exchange.client_final(&BASE64.encode(server_first), "pencil")?;
        let wanted = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        assert_eq!(BASE64.decode(answer)?, wanted.as_bytes());
        Ok(())
    }
}
