//! Certificates and keys from PEM files.

use std::path::Path;

use rustls::crypto::aws_lc_rs;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use super::error::{TlsError, TlsFault, TlsWarning};
use super::facts::{Facts, facts};

const DAY_US: i64 = 86_400_000_000;
/// A warning is given this many days before expiry.
const SOON_DAYS: i64 = 14;

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// When the certificate expires, UTC microseconds; `None` if its dates cannot be read.
    pub not_after_us: Option<i64>,
    /// Warnings for the operator.
    pub warnings: Vec<TlsWarning>,
}

/// A usable certificate, for a domain by its A-label.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) key: CertifiedKey,
    /// The names in the certificate.
    pub(super) names: Vec<Box<str>>,
    pub(super) loaded: Loaded,
}

/// Checks whether a domain could use these files, for `castling check`; `now_us` in UTC microseconds.
/// Blocking.
///
/// # Errors
/// As [`super::TlsStore::load`].
pub fn check_files(domain: &str, cert: &Path, key: &Path, now_us: i64) -> Result<Loaded, TlsError> {
    read_pair(domain, cert, key, now_us).map(|pair| pair.loaded)
}

pub(super) fn read_pair(domain: &str, cert: &Path, key: &Path, now_us: i64) -> Result<Pair, TlsError> {
    let name = xmpp::to_ascii(domain)
        .ok_or_else(|| TlsError::cert(cert, TlsFault::Domain(domain.to_owned())))?
        .into_owned();
    let chain = read_chain(cert)?;
    let private = read_key(key)?;
    let certified = CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider());
    let certified = certified.map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::key(key, TlsFault::Mismatch),
        Error::InvalidCertificate(e) => TlsError::cert(cert, TlsFault::BadCertificate(format!("{e:?}"))),
        other => TlsError::key(key, TlsFault::BadKey(other.to_string())),
    })?;
    let (loaded, names) = about(&certified, cert, &name, now_us)?;
    Ok(Pair { name, key: certified, names, loaded })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = std::fs::read(path).map_err(|e| TlsError::cert(path, TlsFault::Unreadable(e)))?;
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::cert(path, TlsFault::NoCertificate)),
        Ok(chain) => Ok(chain),
        Err(e) => Err(TlsError::cert(path, TlsFault::Pem(e.to_string()))),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = std::fs::read(path).map_err(|e| TlsError::key(path, TlsFault::Unreadable(e)))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let fault = match error {
            _ if is_encrypted(&text) => TlsFault::Encrypted,
            pem::Error::NoItemsFound => TlsFault::NoKey,
            // The error's text may quote the offending input, which may be the key.
            _ => TlsFault::Pem("invalid base64, or an unterminated section".to_owned()),
        };
        TlsError::key(path, fault)
    })
}

/// A key with a passphrase: PKCS #8 (RFC 5958), or the older form that OpenSSL calls traditional.
fn is_encrypted(pem: &[u8]) -> bool {
    let has = |what: &[u8]| pem.windows(what.len()).any(|window| window == what);
    has(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(b"Proc-Type: 4,ENCRYPTED")
}

fn about(
    key: &CertifiedKey,
    path: &Path,
    name: &str,
    now_us: i64,
) -> Result<(Loaded, Vec<Box<str>>), TlsError> {
    let bad = |e: Error| TlsError::cert(path, TlsFault::BadCertificate(e.to_string()));
    let leaf = key.end_entity_cert().map_err(bad)?;
    let parsed = ParsedCertificate::try_from(leaf).map_err(bad)?;
    let facts = facts(leaf);
    let mut warnings = Vec::new();
    warnings.extend(facts.as_ref().and_then(|facts| date_warning(facts, now_us)));
    // An IPv6 literal is in brackets in a domain, and without them in a certificate.
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let named = ServerName::try_from(bare)
        .is_ok_and(|name| rustls::client::verify_server_name(&parsed, &name).is_ok());
    if !named {
        warnings.push(TlsWarning::OtherName(name.to_owned()));
    }
    let not_after_us = facts.as_ref().map(|facts| facts.not_after_us);
    Ok((Loaded { not_after_us, warnings }, facts.map(|facts| facts.names.dns).unwrap_or_default()))
}

fn date_warning(facts: &Facts, now_us: i64) -> Option<TlsWarning> {
    let left_days = (facts.not_after_us - now_us).div_euclid(DAY_US);
    if now_us < facts.not_before_us {
        Some(TlsWarning::NotYetValid)
    } else if left_days < 0 {
        Some(TlsWarning::Expired)
    } else if left_days < SOON_DAYS {
        Some(TlsWarning::ExpiresSoon(u32::try_from(left_days).unwrap_or(0)))
    } else {
        None
    }
}
