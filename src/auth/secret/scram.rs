//! SCRAM keys as text (RFC 5803 §2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use storage::{Hash, ScramKeys};

use crate::digest::output_len;

use super::bounds::Bounds;
use super::error::{SecretError, bounded};
use super::format::Format;
use super::number;

/// The keys of one text, at most one for each hash. Other mechanisms beside them are ignored.
pub(super) fn read(text: &str, bounds: &Bounds) -> Result<Vec<ScramKeys>, SecretError> {
    let mut all: Vec<ScramKeys> = Vec::new();
    let words = text.split(|c: char| c == ',' || c.is_whitespace());
    for word in words.filter(|word| !word.is_empty()) {
        let (mechanism, rest) = word.split_once('$').ok_or(SecretError::Malformed(Format::Scram))?;
        let Some(hash) = hash(mechanism) else { continue };
        let (iterations, mut keys) = keys(hash, rest).ok_or(SecretError::Malformed(Format::Scram))?;
        keys.iterations = bounded("the number of SCRAM iterations", iterations, bounds.pbkdf2_iterations)?;
        if all.iter().any(|other| other.hash == hash) {
            return Err(SecretError::Malformed(Format::Scram));
        }
        all.push(keys);
    }
    if all.is_empty() { Err(SecretError::Malformed(Format::Scram)) } else { Ok(all) }
}

fn hash(mechanism: &str) -> Option<Hash> {
    match mechanism.to_ascii_uppercase().as_str() {
        "SCRAM-SHA-1" => Some(Hash::Sha1),
        "SCRAM-SHA-256" => Some(Hash::Sha256),
        "SCRAM-SHA-512" => Some(Hash::Sha512),
        _ => None,
    }
}

/// `4096:salt$stored:server`: the iterations, and the keys but for them.
fn keys(hash: Hash, text: &str) -> Option<(u64, ScramKeys)> {
    let (info, value) = text.split_once('$')?;
    let (iterations, salt) = info.split_once(':')?;
    let (stored_key, server_key) = value.split_once(':')?;
    let iterations = number(iterations).filter(|count| *count > 0)?;
    let bytes = |text: &str| STANDARD.decode(text).ok();
    let key = |text| bytes(text).filter(|key| key.len() == output_len(hash));
    let salt = bytes(salt).filter(|salt| !salt.is_empty())?;
    let keys =
        ScramKeys { hash, iterations: 0, salt, stored_key: key(stored_key)?, server_key: key(server_key)? };
    Some((iterations, keys))
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::super::tests::{JACK, PASSWORD, arbitrary, one_of, refused, verifies};
    use super::*;

    // Computed with hashlib and hmac of Python 3.11.
    const SHA_1: &str =
        "SCRAM-SHA-1$1000:c2FsdHlzYWx0$869ej2lM+iRmE9bwZ4P4J1c7BFE=:uY3QPWsPomvikaLQkUkiDDfUKVQ=";
    const SHA_512: &str = "SCRAM-SHA-512$1000:c2FsdHlzYWx0$47vcYZm+6bE+5AMmC2ys3hRPUgeuIkU+tv5B/978yiXG2G1Q0Ed0Ps14yh9vAGkxjhnKQYpijExwr+Pt9mBrlw==:+kFQOqOKEFgTPnyIN3d+FBtquY3skIZyYTrJPqSjQwHElXkZSnOUHqn8CVq3Iie7cIWfs4fj2wT3ydKEcZqX4A==";

    fn of(text: &str) -> Vec<Hash> {
        match Secret::read(Format::Auto, text, None) {
            Ok(Secret::Scram(keys)) => keys.iter().map(|keys| keys.hash).collect(),
            _ => panic!("not read: {text}"),
        }
    }

    #[test]
    fn several_hashes() {
        let (sha_256, _) = Format::Scram.example();
        for text in [SHA_1, sha_256, SHA_512] {
            assert!(verifies(Format::Scram, text, PASSWORD), "{text}");
            assert!(!verifies(Format::Scram, text, "pässword 2"), "{text}");
        }
        assert_eq!(of(&format!("{SHA_1}, {sha_256}\n{SHA_512}")), Hash::ALL);
        assert_eq!(of(&format!("{SHA_1},SCRAM-SHA3-512$1:a$b:c")), [Hash::Sha1]);
        assert_eq!(of(&SHA_1.replace("SCRAM-SHA", "scram-sha")), [Hash::Sha1]);
    }

    // RFC 5802 §5: the keys are those of keys.rs.
    #[test]
    fn the_example_of_the_rfc() {
        let text =
            "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=";
        let secret = Secret::read(Format::Scram, text, None).ok().unwrap();
        assert!(secret.verify(JACK, "pencil") && !secret.verify(JACK, "pencils"));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in [
            "SCRAM-SHA-1",
            "SCRAM-SHA-1$",
            "SCRAM-SHA3-512$1:a$b:c",
            &SHA_1.replace("1000:", "0:"),
            &SHA_1.replace("c2FsdHlzYWx0", ""),
            &SHA_1.replace("869ej2lM", ""),
            &SHA_1.replace("SHA-1", "SHA-256"),
            &format!("{SHA_1} {SHA_1}"),
            &format!("{SHA_1} secret"),
        ] {
            assert_eq!(refused(Format::Scram, text), SecretError::Malformed(Format::Scram), "{text}");
        }
        let costly = SecretError::TooCostly {
            what: "the number of SCRAM iterations",
            asked: 4_000_000,
            most: 3_000_000,
        };
        assert_eq!(refused(Format::Scram, &SHA_1.replace("1000:", "4000000:")), costly);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in one_of("(SCRAM-SHA-(1|256)\\$[0-9]{1,2}:[A-Za-z0-9]{4}\\$[A-Za-z0-9]{27}=:[A-Za-z0-9]{27}=[ ,]?){1,2}")
        ) {
            arbitrary(Format::Scram, &text);
        }
    }
}
