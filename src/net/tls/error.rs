//! Certificate problems, worded for the operator.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Which setting a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertField {
    /// `tls.cert`.
    Cert,
    /// `tls.key`.
    Key,
    /// Trust anchors, for the certificates of others.
    Roots,
}

#[derive(Debug)]
pub struct TlsError {
    /// The file it is about; empty if none.
    pub path: PathBuf,
    /// The setting it is about.
    pub field: CertField,
    pub fault: TlsFault,
}

#[derive(Debug)]
pub enum TlsFault {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file cannot be written.
    Unwritable(io::Error),
    /// The file is not PEM.
    Pem(String),
    /// There is no certificate in the file.
    NoCertificate,
    /// There is no private key in the file.
    NoKey,
    /// The private key has a passphrase.
    Encrypted,
    /// The first certificate cannot be parsed.
    BadCertificate(String),
    /// The private key is of an unsupported kind.
    BadKey(String),
    /// The private key belongs to another certificate.
    Mismatch,
    /// The operating system has no usable trust anchor; the first reason, or empty.
    NoRoots(String),
    /// The domain cannot be put into a certificate.
    Domain(String),
    /// The cryptographic library failed.
    Library(String),
}

impl TlsError {
    pub(super) fn cert(path: &Path, fault: TlsFault) -> Self {
        TlsError { path: path.to_owned(), field: CertField::Cert, fault }
    }

    pub(super) fn key(path: &Path, fault: TlsFault) -> Self {
        TlsError { path: path.to_owned(), field: CertField::Key, fault }
    }

    pub(super) fn roots(path: &Path, fault: TlsFault) -> Self {
        TlsError { path: path.to_owned(), field: CertField::Roots, fault }
    }

    pub(super) fn library(error: &rustls::Error) -> Self {
        Self::cert(Path::new(""), TlsFault::Library(error.to_string()))
    }

    /// The problem, without the path.
    pub fn what(&self) -> String {
        match &self.fault {
            TlsFault::Unreadable(e) => format!("cannot be read: {e}"),
            TlsFault::Unwritable(e) => format!("cannot be written: {e}"),
            TlsFault::Pem(e) => format!("is not PEM: {e}"),
            TlsFault::NoCertificate => "contains no certificate".to_owned(),
            TlsFault::NoKey => "contains no private key".to_owned(),
            TlsFault::Encrypted => "is encrypted".to_owned(),
            TlsFault::BadCertificate(e) => format!("contains an unusable certificate: {e}"),
            TlsFault::BadKey(e) => format!("contains an unusable private key: {e}"),
            TlsFault::Mismatch => "contains a private key that does not match the certificate".to_owned(),
            TlsFault::NoRoots(first) if first.is_empty() => "no CA certificates found".to_owned(),
            TlsFault::NoRoots(first) => format!("no usable CA certificates found: {first}"),
            TlsFault::Domain(domain) => format!("cannot be issued for the domain {domain:?}"),
            TlsFault::Library(e) => format!("TLS library: {e}"),
        }
    }

    /// What the operator can do about it.
    pub fn remedy(&self) -> Cow<'static, str> {
        if matches!(self.fault, TlsFault::Encrypted) {
            let file = self.path.display();
            return format!("remove its passphrase: openssl pkey -in {file} -out NEW.key").into();
        }
        self.usual_remedy().into()
    }

    fn usual_remedy(&self) -> &'static str {
        match &self.fault {
            TlsFault::Unreadable(e) if e.kind() == io::ErrorKind::NotFound => {
                "correct the path (it is relative to the configuration file)"
            }
            TlsFault::Unreadable(_) => "make the file readable for the server's user",
            TlsFault::Unwritable(_) => "make the directory writable for the server's user",
            TlsFault::NoCertificate | TlsFault::Pem(_) | TlsFault::BadCertificate(_)
                if self.field == CertField::Roots =>
            {
                "provide the CA certificates in PEM (-----BEGIN CERTIFICATE-----)"
            }
            TlsFault::NoRoots(_) => {
                "install the operating system's CA certificates (package ca-certificates)"
            }
            TlsFault::Pem(_) => "convert the file to PEM (-----BEGIN ...)",
            TlsFault::NoCertificate => "provide the full chain in PEM, the domain's own certificate first",
            TlsFault::NoKey | TlsFault::Encrypted => "provide the private key in PEM, without a passphrase",
            TlsFault::BadCertificate(_) => "have the certificate reissued as X.509 version 3",
            TlsFault::BadKey(_) => {
                "use an RSA (2048 bits or more), ECDSA (P-256, P-384, P-521) or Ed25519 key"
            }
            TlsFault::Mismatch => {
                "use the key that the certificate was issued for; the chain's first certificate must be \
                 the domain's own"
            }
            TlsFault::Domain(_) => "configure a certificate",
            TlsFault::Library(_) => "report this as a bug",
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.as_os_str().is_empty() {
            return f.write_str(&self.what());
        }
        write!(f, "{} {}", self.path.display(), self.what())
    }
}

impl std::error::Error for TlsError {}

/// A certificate is used, but the operator should know something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsWarning {
    Expired,
    NotYetValid,
    /// It expires in this many days.
    ExpiresSoon(u32),
    /// It is not for the domain.
    OtherName(String),
    /// It is self-signed by this server, so that clients will warn their users.
    SelfSigned,
}

impl fmt::Display for TlsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsWarning::Expired => f.write_str("the certificate has expired"),
            TlsWarning::NotYetValid => f.write_str("the certificate is not valid yet"),
            TlsWarning::ExpiresSoon(days) => write!(f, "the certificate expires in {days} days"),
            TlsWarning::OtherName(domain) => write!(f, "the certificate is not valid for {domain}"),
            TlsWarning::SelfSigned => f.write_str("the certificate is self-signed"),
        }
    }
}
