//! Accounts that another provider has: what a login asks it, and what it leaves here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth::{
    AccountKeys, BoxFuture, Chain, Decoys, Hash, LogIn, Lookup, Outcome, Provider, ProviderError, derive_keys,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use storage::Account;

use super::scripted::Client;

pub const PASSWORD: &str = "pencil";
const SALT: &[u8] = b"salt";

/// Has jack, and counts what it is asked.
#[derive(Default)]
pub struct Elsewhere {
    exists: AtomicUsize,
    verified: AtomicUsize,
}

impl Elsewhere {
    pub fn chained(self: &Arc<Self>) -> Chain {
        Chain::new(vec![self.clone()], Decoys::new(vec![0; 32], 4096))
    }

    /// How often it was asked whether an account exists, and for what verifies a password.
    fn asked(&self) -> (usize, usize) {
        (self.exists.load(Ordering::SeqCst), self.verified.load(Ordering::SeqCst))
    }
}

impl Provider for Elsewhere {
    fn name(&self) -> &str {
        "elsewhere"
    }

    fn keys<'a>(&'a self, log_in: LogIn<'a>, hash: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            Ok(match log_in.local {
                "jack" => Lookup::Keys(AccountKeys::Stored(derive_keys(hash, PASSWORD, SALT, 1).unwrap())),
                _ => Lookup::NoSuchAccount,
            })
        })
    }

    fn verify_plain<'a>(
        &'a self,
        log_in: LogIn<'a>,
        password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            Ok(match (log_in.local, password) {
                ("jack", PASSWORD) => Outcome::Accept,
                ("jack", _) => Outcome::Refuse,
                _ => Outcome::NoSuchAccount,
            })
        })
    }

    fn exists<'a>(&'a self, _domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        self.exists.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(local == "jack") })
    }

    fn hashes_offered<'a>(&'a self, _domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        Box::pin(async { Ok(vec![Hash::Sha256]) })
    }
}

impl Client {
    pub fn says(&self, name: &str, attributes: &str, bytes: &[u8]) {
        let text = STANDARD.encode(bytes);
        self.write(&format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'{attributes}>{text}</{name}>"));
    }

    pub async fn plain(&mut self, local: &str, password: &str) -> String {
        self.says("auth", " mechanism='PLAIN'", format!("\0{local}\0{password}").as_bytes());
        self.reads().await
    }

    pub async fn scram(&mut self, local: &str, password: &str) -> String {
        self.scram_over("SCRAM-SHA-256", "n", b"", local, password).await
    }

    /// With this mechanism, and this flag and data of the channel.
    pub async fn scram_over(
        &mut self,
        mechanism: &str,
        flag: &str,
        channel: &[u8],
        local: &str,
        password: &str,
    ) -> String {
        let first = format!("n={local},r=client");
        self.says("auth", &format!(" mechanism='{mechanism}'"), format!("{flag},,{first}").as_bytes());
        let challenge = self.reads().await;
        if !challenge.starts_with("<challenge") {
            return challenge;
        }
        let text = challenge.split(['<', '>']).nth(2).unwrap_or_default();
        let challenge = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
        let nonce = challenge.split(',').next().unwrap();
        let binding = [format!("{flag},,").as_bytes(), channel].concat();
        let without_proof = format!("c={},{nonce}", STANDARD.encode(binding));
        let proof = proof(password, &format!("{first},{challenge},{without_proof}"));
        self.says("response", "", format!("{without_proof},p={}", STANDARD.encode(proof)).as_bytes());
        self.reads().await
    }

    async fn binds(&mut self) -> String {
        self.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        self.reads().await
    }

    async fn row(&self, local: &str) -> Option<Account> {
        self.kernel().store().accounts().lookup("chess.example", local).await.unwrap()
    }
}

/// RFC 2104, of a key not longer than a block.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new_with_prefix(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// RFC 5802 section 3, with one iteration and a fixed salt.
fn proof(password: &str, message: &str) -> Vec<u8> {
    let salted = hmac(password.as_bytes(), &[SALT, &[0, 0, 0, 1]].concat());
    let client_key = hmac(&salted, b"Client Key");
    let signature = hmac(&Sha256::digest(&client_key), message.as_bytes());
    client_key.iter().zip(signature).map(|(key, byte)| key ^ byte).collect()
}

#[tokio::test]
async fn a_first_login_adopts_the_account_and_asks_once() {
    for scram in [false, true] {
        let elsewhere = Arc::new(Elsewhere::default());
        let mut client = Client::connected(elsewhere.chained()).await;
        client.opens("chess.example").await;
        let answer = match scram {
            false => client.plain("jack", PASSWORD).await,
            true => client.scram("jack", PASSWORD).await,
        };
        assert!(answer.starts_with("<success"), "{answer}");
        let jack = client.row("jack").await.unwrap();
        assert_eq!(jack.provider.as_deref(), Some("elsewhere"));
        client.opens("chess.example").await;
        let bound = client.binds().await;
        assert!(bound.contains("jack@chess.example/"), "{bound}");
        assert_eq!(elsewhere.asked(), (0, 1), "scram={scram}");
        assert_eq!(client.row("jack").await, Some(jack));
    }
}

#[tokio::test]
async fn a_wrong_password_adopts_nothing() {
    let elsewhere = Arc::new(Elsewhere::default());
    let mut client = Client::connected(elsewhere.chained()).await;
    client.opens("chess.example").await;
    for answer in [
        client.plain("jack", "pen").await,
        client.scram("jack", "pen").await,
        client.plain("jill", PASSWORD).await,
    ] {
        assert!(answer.contains("not-authorized"), "{answer}");
    }
    assert_eq!((client.row("jack").await, client.row("jill").await), (None, None));
    assert_eq!(elsewhere.asked().0, 0);
}
