//! The channel binding `tls-server-end-point` (RFC 5929 section 4).

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use x509_parser::parse_x509_certificate;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

/// The hash of a server's certificate (DER), by the hash function of its signature; SHA-256 instead of MD5 and
/// SHA-1. `None` if its signature has no single hash function, as Ed25519: for that no binding is defined.
pub(crate) fn server_end_point(leaf: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = parse_x509_certificate(leaf).ok()?;
    match hashed_with(&certificate.signature_algorithm)? {
        224 => Some(Sha224::digest(leaf).to_vec()),
        384 => Some(Sha384::digest(leaf).to_vec()),
        512 => Some(Sha512::digest(leaf).to_vec()),
        _ => Some(Sha256::digest(leaf).to_vec()),
    }
}

/// Bits of the hash function, 160 or less for MD5 and SHA-1.
fn hashed_with(algorithm: &AlgorithmIdentifier<'_>) -> Option<u16> {
    let id = match SignatureAlgorithm::try_from(algorithm) {
        // It has the hash function as a parameter (RFC 4055 section 3.1).
        Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => parameters.hash_algorithm_oid().to_id_string(),
        _ => algorithm.algorithm.to_id_string(),
    };
    // By RFC 8017 appendix C (RSA), RFC 5758 section 3.2 (ECDSA), and NIST.
    match id.as_str() {
        "1.2.840.113549.1.1.4" => Some(128),
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" | "1.3.14.3.2.26" => Some(160),
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" | "2.16.840.1.101.3.4.2.4" => Some(224),
        "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" | "2.16.840.1.101.3.4.2.1" => Some(256),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" | "2.16.840.1.101.3.4.2.2" => Some(384),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "2.16.840.1.101.3.4.2.3" => Some(512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::authority::{Request, dns, own};

    #[test]
    fn by_the_hash_of_the_signature() {
        let leaf = |algorithm| {
            let peer = own(&Request { algorithm, ..Request::new(vec![dns("chess.example")]) });
            peer.chain().next().unwrap().to_vec()
        };
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_RSA_SHA256] {
            let leaf = leaf(algorithm);
            assert_eq!(server_end_point(&leaf), Some(Sha256::digest(&leaf).to_vec()));
        }
        for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_RSA_SHA384] {
            let leaf = leaf(algorithm);
            assert_eq!(server_end_point(&leaf), Some(Sha384::digest(&leaf).to_vec()));
        }
        let long = leaf(&rcgen::PKCS_RSA_SHA512);
        assert_eq!(server_end_point(&long), Some(Sha512::digest(&long).to_vec()));
        assert_eq!(server_end_point(&leaf(&rcgen::PKCS_ED25519)), None);
        assert_eq!(server_end_point(b"junk"), None);
    }

    /// The algorithm of a signature that this library does not make: SHA-1, and RSASSA-PSS with SHA-512.
    #[test]
    fn by_parameters() {
        use x509_parser::asn1_rs::FromDer;
        let of = |der: &[u8]| hashed_with(&AlgorithmIdentifier::from_der(der).unwrap().1);
        assert_eq!(of(b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"), Some(160));
        let pss = b"\x30\x1e\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x11\
            \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00";
        assert_eq!(of(pss), Some(512));
    }
}
