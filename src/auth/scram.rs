//! SCRAM on the server's side (RFC 5802), with channel binding in its `-PLUS` variants.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use storage::{Hash, ScramKeys};
use subtle::ConstantTimeEq;
use xmpp::saslprep;

use crate::digest::{digest, hmac};
use crate::error::SaslError;
use crate::message::{BindingFlag, First, parse_final, parse_first};
use crate::offer::Offer;

/// The identity the client claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFirst {
    /// The user name, un-escaped and after SASLprep: not yet a JID's local part.
    pub username: String,
    /// The authorization identity, un-escaped: a JID, if any.
    pub authzid: Option<String>,
}

/// One exchange: [`client_first`](Self::client_first), then the caller looks up the account, then
/// [`server_first`](Self::server_first), then [`client_final`](Self::client_final), with the keys. A call out of this order
/// is treated as a client error.
pub struct ScramServer {
    hash: Hash,
    bound: bool,
    nonce: String,
    offer: Arc<Offer>,
    state: ScramState,
}

enum ScramState {
    Start,
    First(Begun),
    Challenged(Box<Challenged>),
    Done,
}

/// After the client-first-message.
struct Begun {
    cbind_input: Vec<u8>,
    /// client-first-message-bare.
    bare: String,
    client_nonce: String,
}

struct Challenged {
    cbind_input: Vec<u8>,
    /// client-first-message-bare "," server-first-message ",".
    auth_message: String,
    nonce: String,
}

impl ScramServer {
    /// An exchange with that hash; `bound`: of the `-PLUS` variant. `nonce` is the server's part of the nonce:
    /// printable ASCII without a comma, from at least 128 random bits. `offer`: what the stream has offered.
    pub fn new(hash: Hash, bound: bool, nonce: String, offer: Arc<Offer>) -> Self {
        ScramServer { hash, bound, nonce, offer, state: ScramState::Start }
    }

    /// The hash of the mechanism.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Takes the client-first-message.
    ///
    /// # Errors
    /// [`SaslError::MalformedRequest`]: a syntax error, an unknown mandatory extension, a channel binding that
    /// is not offered or does not belong to the mechanism, or a user name that SASLprep refuses.
    /// [`SaslError::NotAuthorized`]: the client can bind channels and was not shown that this server can
    /// (RFC 5802 §6): somebody in between has changed the offer.
    pub fn client_first(&mut self, message: &[u8]) -> Result<ClientFirst, SaslError> {
        if !matches!(self.state, ScramState::Start) {
            return Err(SaslError::MalformedRequest);
        }
        self.state = ScramState::Done;
        let First { binding, gs2_header, bare, authzid, username, nonce } = parse_first(message)?;
        let mut cbind_input = gs2_header.as_bytes().to_vec();
        cbind_input.extend_from_slice(self.binding(binding)?);
        let username = saslprep(&username).map_err(|_| SaslError::MalformedRequest)?.into_owned();
        if username.is_empty() {
            return Err(SaslError::MalformedRequest);
        }
        let authzid = authzid.map(|a| a.into_owned());
        let (bare, client_nonce) = (bare.to_owned(), nonce.to_owned());
        self.state = ScramState::First(Begun { cbind_input, bare, client_nonce });
        Ok(ClientFirst { username, authzid })
    }

    /// The channel's data that the client must prove to know; empty without channel binding.
    fn binding(&self, flag: BindingFlag<'_>) -> Result<&[u8], SaslError> {
        match flag {
            BindingFlag::Bound(kind) if self.bound => {
                self.offer.binding(kind).ok_or(SaslError::MalformedRequest)
            }
            BindingFlag::Unable if !self.bound => Ok(&[]),
            BindingFlag::Unoffered if !self.bound => match self.offer.bindings() {
                [] => Ok(&[]),
                _ => Err(SaslError::NotAuthorized),
            },
            _ => Err(SaslError::MalformedRequest),
        }
    }

    /// The server-first-message, with the salt and iterations of the account's keys, or of a decoy's, and a hash of
    /// what the stream has offered (XEP-0474).
    pub fn server_first(&mut self, salt: &[u8], iterations: u32) -> Vec<u8> {
        // Out of order there is no state to use: the final message will be refused.
        let ScramState::First(Begun { cbind_input, bare, client_nonce }) =
            std::mem::replace(&mut self.state, ScramState::Done)
        else {
            return Vec::new();
        };
        let nonce = format!("{client_nonce}{}", self.nonce);
        let offered = self.offer.digest(self.hash).map(|digest| format!(",h={digest}")).unwrap_or_default();
        let server_first = format!("r={nonce},s={},i={iterations}{offered}", STANDARD.encode(salt));
        self.state = ScramState::Challenged(Box::new(Challenged {
            cbind_input,
            auth_message: format!("{bare},{server_first},"),
            nonce,
        }));
        server_first.into_bytes()
    }

    /// Takes the client-final-message; returns the server-final-message (`v=…`), after which the client is
    /// authenticated.
    ///
    /// # Errors
    /// [`SaslError::NotAuthorized`]: the proof is wrong, or the nonce or the channel binding does not match
    /// this exchange. [`SaslError::MalformedRequest`]: a syntax error, or out of order.
    pub fn client_final(&mut self, message: &[u8], keys: &ScramKeys) -> Result<Vec<u8>, SaslError> {
        let ScramState::Challenged(challenged) = std::mem::replace(&mut self.state, ScramState::Done) else {
            return Err(SaslError::MalformedRequest);
        };
        let last = parse_final(message)?;
        let binding = STANDARD.decode(last.binding).map_err(|_| SaslError::MalformedRequest)?;
        let proof = STANDARD.decode(last.proof).map_err(|_| SaslError::MalformedRequest)?;
        if binding != challenged.cbind_input || last.nonce != challenged.nonce {
            return Err(SaslError::NotAuthorized);
        }
        let auth_message: [&[u8]; 2] = [challenged.auth_message.as_bytes(), last.without_proof.as_bytes()];
        if !proves(self.hash, &keys.stored_key, &auth_message, &proof) {
            return Err(SaslError::NotAuthorized);
        }
        let signature = hmac(self.hash, &keys.server_key, &auth_message);
        Ok(format!("v={}", STANDARD.encode(signature)).into_bytes())
    }
}

/// `H(proof XOR HMAC(StoredKey, AuthMessage)) == StoredKey`.
fn proves(hash: Hash, stored_key: &[u8], auth_message: &[&[u8]], proof: &[u8]) -> bool {
    let mut client_key = hmac(hash, stored_key, auth_message);
    if client_key.len() != proof.len() {
        return false;
    }
    client_key.iter_mut().zip(proof).for_each(|(key, proof)| *key ^= proof);
    digest(hash, &client_key).ct_eq(stored_key).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoy::Shape;
    use crate::digest::salted_password;
    use crate::keys::{decoy_keys, derive_keys};
    use crate::mechanism::Mechanism;
    use crate::offer::ChannelBinding;

    struct Vector {
        hash: Hash,
        server_nonce: &'static str,
        salt: &'static str,
        first: &'static str,
        server_first: &'static str,
        last: &'static str,
        server_last: &'static str,
    }

    // RFC 5802 §5.
    const SHA_1: Vector = Vector {
        hash: Hash::Sha1,
        server_nonce: "3rfcNHYJY1ZVvWVs7j",
        salt: "QSXCR+Q6sek8bf92",
        first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        last: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        server_last: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    };

    // RFC 7677 §3.
    const SHA_256: Vector = Vector {
        hash: Hash::Sha256,
        server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
        first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        last: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
               p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        server_last: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    };

    fn unbound(hash: Hash, nonce: &str) -> ScramServer {
        ScramServer::new(hash, false, nonce.to_owned(), Arc::default())
    }

    fn challenged(vector: &Vector) -> (ScramServer, ScramKeys) {
        let mut server = unbound(vector.hash, vector.server_nonce);
        let first = server.client_first(vector.first.as_bytes()).unwrap();
        assert_eq!(first, ClientFirst { username: "user".to_owned(), authzid: None });
        let salt = STANDARD.decode(vector.salt).unwrap();
        let keys = derive_keys(vector.hash, "pencil", &salt, 4096).unwrap();
        assert_eq!(server.server_first(&salt, 4096), vector.server_first.as_bytes());
        (server, keys)
    }

    #[test]
    fn vectors_of_the_rfcs() {
        for vector in [SHA_1, SHA_256] {
            let (mut server, keys) = challenged(&vector);
            let last = server.client_final(vector.last.as_bytes(), &keys).unwrap();
            assert_eq!(last, vector.server_last.as_bytes());
            // A second proof finds the exchange finished.
            let again = server.client_final(vector.last.as_bytes(), &keys);
            assert_eq!(again, Err(SaslError::MalformedRequest));
        }
    }

    #[test]
    fn what_is_changed_on_the_way_is_refused() {
        let changes = [
            ("c=biws", "c=eSws", SaslError::NotAuthorized), // "y,,"
            ("c=biws", "c=b!ws", SaslError::MalformedRequest),
            ("Vs7j,p", "Vs7k,p", SaslError::NotAuthorized),
            ("r=fyko", "r=", SaslError::NotAuthorized),
            ("p=v0X8", "p=v0X9", SaslError::NotAuthorized),
            ("p=v0X8v3Bz", "p=v0X8", SaslError::NotAuthorized), // three bytes short
            ("p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "p=", SaslError::NotAuthorized),
            (",p=", ",x=1,p=", SaslError::NotAuthorized), // not what was proved
        ];
        for (old, new, error) in changes {
            let changed = SHA_1.last.replace(old, new);
            assert_ne!(changed, SHA_1.last);
            let (mut server, keys) = challenged(&SHA_1);
            assert_eq!(server.client_final(changed.as_bytes(), &keys), Err(error), "{changed}");
        }
    }

    /// What the example of XEP-0474 offers.
    fn offer() -> Arc<Offer> {
        let scram = |bound| Mechanism::Scram { hash: Hash::Sha1, bound };
        let kinds = ["tls-exporter", "tls-server-end-point"];
        let bindings = kinds.map(|kind| ChannelBinding { kind, data: b"THIS IS FAKE CB DATA".to_vec() });
        Arc::new(Offer::new([scram(true), scram(false)], bindings.to_vec()))
    }

    // XEP-0474 section 4.3.
    #[test]
    fn bound_to_a_channel_and_to_the_offer() {
        let nonce = "a09117a6-ac50-4f2f-93f1-93799c2bddf6".to_owned();
        let mut server = ScramServer::new(Hash::Sha1, true, nonce, offer());
        let first = b"p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6";
        server.client_first(first).unwrap();
        let salt = STANDARD.decode("QSXCR+Q6sek8bf92").unwrap();
        let challenge = String::from_utf8(server.server_first(&salt, 4096)).unwrap();
        assert!(challenge.ends_with(",i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08="), "{challenge}");
        let last = "c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,\
                    r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,\
                    x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=";
        let keys = derive_keys(Hash::Sha1, "pencil", &salt, 4096).unwrap();
        let signature = server.client_final(last.as_bytes(), &keys).unwrap();
        assert_eq!(String::from_utf8(signature).unwrap(), "v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=");
    }

    /// How an exchange of this variant begins and ends that the client begins with this flag, and with this
    /// data of the channel.
    fn bound_exchange(bound: bool, flag: &str, data: &str) -> Result<(), SaslError> {
        let keys = derive_keys(Hash::Sha1, "pencil", b"salt", 2).unwrap();
        let mut server = ScramServer::new(Hash::Sha1, bound, "server".to_owned(), offer());
        server.client_first(format!("{flag},,n=user,r=client").as_bytes())?;
        let challenge = server.server_first(&keys.salt, keys.iterations);
        let cbind = format!("{flag},,{data}");
        let last = answer(Hash::Sha1, &cbind, "n=user,r=client", &challenge, "pencil");
        server.client_final(&last, &keys).map(drop)
    }

    #[test]
    fn the_flag_must_fit_the_mechanism_and_the_offer() {
        use SaslError::{MalformedRequest, NotAuthorized};
        let data = "THIS IS FAKE CB DATA";
        for (bound, flag, data, expected) in [
            (true, "p=tls-exporter", data, Ok(())),
            (true, "p=tls-server-end-point", data, Ok(())),
            (true, "p=tls-exporter", "another channel", Err(NotAuthorized)),
            (true, "p=tls-exporter", "", Err(NotAuthorized)),
            (true, "p=tls-unique", data, Err(MalformedRequest)),
            (true, "n", "", Err(MalformedRequest)),
            (true, "y", "", Err(MalformedRequest)),
            (false, "n", "", Ok(())),
            (false, "y", "", Err(NotAuthorized)), // it has not seen the -PLUS variants
            (false, "p=tls-exporter", data, Err(MalformedRequest)),
        ] {
            assert_eq!(bound_exchange(bound, flag, data), expected, "{bound} {flag} {data}");
        }
    }

    /// A client, for cases the vectors do not cover.
    fn answer(hash: Hash, gs2: &str, bare: &str, server_first: &[u8], password: &str) -> Vec<u8> {
        let server_first = std::str::from_utf8(server_first).unwrap();
        let mut fields = server_first.split(',').map(|f| f.split_once('=').unwrap().1);
        let nonce = fields.next().unwrap();
        let salt = STANDARD.decode(fields.next().unwrap()).unwrap();
        let iterations = fields.next().unwrap().parse().unwrap();
        let salted = salted_password(hash, password.as_bytes(), &salt, iterations);
        let client_key = hmac(hash, &salted, &[b"Client Key"]);
        let stored_key = digest(hash, &client_key);
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(gs2));
        let auth_message = format!("{bare},{server_first},{without_proof}");
        let signature = hmac(hash, &stored_key, &[auth_message.as_bytes()]);
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        format!("{without_proof},p={}", STANDARD.encode(proof)).into_bytes()
    }

    fn exchange(
        hash: Hash,
        gs2: &str,
        bare: &str,
        keys: &ScramKeys,
        password: &str,
    ) -> Result<Vec<u8>, SaslError> {
        let mut server = unbound(hash, "server");
        server.client_first(format!("{gs2}{bare}").as_bytes())?;
        let challenge = server.server_first(&keys.salt, keys.iterations);
        server.client_final(&answer(hash, gs2, bare, &challenge, password), keys)
    }

    #[test]
    fn all_hashes_and_both_flags() {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
            let keys = derive_keys(hash, "pencil", b"salt", 2).unwrap();
            for gs2 in ["n,,", "y,,", "n,a=user@chess.example,"] {
                assert!(exchange(hash, gs2, "n=user,r=client", &keys, "pencil").is_ok());
                let wrong = exchange(hash, gs2, "n=user,r=client", &keys, "pencils");
                assert_eq!(wrong, Err(SaslError::NotAuthorized));
            }
        }
    }

    #[test]
    fn a_decoy_never_verifies() {
        let decoy = decoy_keys(
            b"secret",
            "chess.example",
            "nobody",
            Hash::Sha256,
            Shape { iterations: 2, salt_len: 16 },
        );
        for password in ["", "pencil", "nobody"] {
            let result = exchange(Hash::Sha256, "n,,", "n=nobody,r=client", &decoy, password);
            assert_eq!(result, Err(SaslError::NotAuthorized));
        }
    }

    #[test]
    fn user_names_are_unescaped_and_prepared() {
        let mut server = unbound(Hash::Sha1, "server");
        let first = server.client_first("n,a=x=2Cy,n=I\u{AD}X=3D,r=c".as_bytes()).unwrap();
        assert_eq!(first.username, "IX=");
        assert_eq!(first.authzid.as_deref(), Some("x,y"));
        for bad in ["n,,n=\u{7},r=c", "n,,n=\u{AD},r=c"] {
            let mut server = unbound(Hash::Sha1, "server");
            assert_eq!(server.client_first(bad.as_bytes()), Err(SaslError::MalformedRequest));
        }
    }

    #[test]
    fn out_of_order() {
        let keys = derive_keys(Hash::Sha1, "pencil", b"salt", 2).unwrap();
        let mut server = unbound(Hash::Sha1, "server");
        assert_eq!(server.client_final(SHA_1.last.as_bytes(), &keys), Err(SaslError::MalformedRequest));
        let mut server = unbound(Hash::Sha1, "server");
        assert!(server.server_first(b"salt", 2).is_empty());
        assert_eq!(server.client_final(SHA_1.last.as_bytes(), &keys), Err(SaslError::MalformedRequest));
        let (mut server, _) = challenged(&SHA_1);
        assert_eq!(server.client_first(SHA_1.first.as_bytes()), Err(SaslError::MalformedRequest));
    }
}
