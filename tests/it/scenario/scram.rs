//! SCRAM-SHA-256 (RFC 7677), the client's side, by the letter of RFC 5802.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// An exchange that has been begun.
pub struct Scram {
    bare: String,
    password: String,
}

impl Scram {
    /// Begins; the nonce need not be a secret in a test.
    pub fn new(user: &str, password: &str) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self { bare: format!("n={user},r=scenario"), password: password.to_owned() }
    }

    /// The client's first message, encoded.
    pub fn first(&self) -> String {
        encode(format!("n,,{}", self.bare).as_bytes())
    }

    /// The client's final message for the server's first one, both encoded.
    pub fn last(&self, challenge: &str) -> String {
        let server = String::from_utf8(decode(challenge)).unwrap();
        let field = |name: &str| server.split(',').find_map(|field| field.strip_prefix(name)).unwrap();
        let salted = pbkdf2(self.password.as_bytes(), &decode(field("s=")), field("i=").parse().unwrap());
        let without_proof = format!("c=biws,r={}", field("r="));
        let signed = format!("{},{server},{without_proof}", self.bare);
        let client_key = hmac(&salted, b"Client Key");
        let signature = hmac(&Sha256::digest(client_key), signed.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
        encode(format!("{without_proof},p={}", encode(&proof)).as_bytes())
    }
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key); // no key here is longer than a block
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(data).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &1u32.to_be_bytes()].concat());
    let mut sum = last;
    for _ in 1..iterations {
        last = hmac(password, &last);
        sum.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// Base64 (RFC 4648 section 4).
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = (0..3).fold(0u32, |n, at| n << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let index = (number >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

/// The bytes of a base64 text that the server has written.
pub fn decode(text: &str) -> Vec<u8> {
    let digits = text.bytes().filter(|byte| *byte != b'=');
    let digits: Vec<u32> =
        digits.map(|byte| ALPHABET.iter().position(|a| *a == byte).unwrap() as u32).collect();
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let number = (0..4).fold(0u32, |n, at| n << 6 | chunk.get(at).copied().unwrap_or(0));
        bytes.extend_from_slice(&number.to_be_bytes()[1..chunk.len()]);
    }
    bytes
}

#[test]
fn the_example_of_rfc_7677() {
    let scram = Scram { bare: "n=user,r=rOprNGfwEbeRWgbNEkqO".into(), password: "pencil".into() };
    let first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let last = String::from_utf8(decode(&scram.last(&encode(first.as_bytes())))).unwrap();
    assert!(last.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), "{last}");
}
