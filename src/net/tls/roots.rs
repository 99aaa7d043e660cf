//! Trust anchors.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls_native_certs::CertificateResult;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

use super::error::{TlsError, TlsFault};

/// The certificates that others are verified against. Cloned by reference count.
#[derive(Clone)]
pub struct Roots(Arc<Anchors>);

struct Anchors {
    anchors: Vec<TrustAnchor<'static>>,
    skipped: usize,
}

impl Roots {
    /// Those of the operating system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`. Single unusable ones are
    /// [skipped](Self::skipped). Blocking: reads files.
    ///
    /// # Errors
    /// [`TlsFault::NoRoots`]: there is no usable one.
    pub fn system() -> Result<Self, TlsError> {
        Self::found(rustls_native_certs::load_native_certs())
    }

    fn found(found: CertificateResult) -> Result<Self, TlsError> {
        let roots = Self::of(&found.certs, found.errors.len());
        if roots.is_empty() {
            let first = found.errors.first().map(ToString::to_string);
            return Err(TlsError::roots(Path::new(""), TlsFault::NoRoots(first.unwrap_or_default())));
        }
        Ok(roots)
    }

    /// Those of a PEM file. Blocking.
    ///
    /// # Errors
    /// [`TlsError`]: it cannot be read, contains no certificate, or one that cannot be used.
    pub fn file(path: &Path) -> Result<Self, TlsError> {
        let bad = |fault| TlsError::roots(path, fault);
        let text = std::fs::read(path).map_err(|e| bad(TlsFault::Unreadable(e)))?;
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|e| bad(TlsFault::Pem(e.to_string())))?;
        if certificates.is_empty() {
            return Err(bad(TlsFault::NoCertificate));
        }
        for certificate in &certificates {
            anchor_from_trusted_cert(certificate)
                .map_err(|e| bad(TlsFault::BadCertificate(e.to_string())))?;
        }
        Ok(Self::of(&certificates, 0))
    }

    /// Those of certificates in DER; unusable ones are [skipped](Self::skipped).
    pub fn from_der<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::of(&certificates.into_iter().map(CertificateDer::from).collect::<Vec<_>>(), 0)
    }

    fn of(certificates: &[CertificateDer<'_>], skipped: usize) -> Self {
        let usable =
            certificates.iter().filter_map(|one| Some(anchor_from_trusted_cert(one).ok()?.to_owned()));
        let anchors: Vec<_> = usable.collect();
        let skipped = skipped + (certificates.len() - anchors.len());
        Roots(Arc::new(Anchors { anchors, skipped }))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.anchors.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.anchors.is_empty()
    }

    /// How many certificates or files were left out because they cannot be used.
    pub fn skipped(&self) -> usize {
        self.0.skipped
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0.anchors
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::authority::Authority;
    use crate::tls::CertField;

    #[test]
    fn of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Roots::file(&path)
        };
        let both = [Authority::new("one").pem(), Authority::new("two").pem()].concat();
        assert_eq!(read(&both).unwrap().len(), 2);
        let cases = [
            ("", "contains no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "contains an unusable certificate",
            ),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "is not PEM"),
        ];
        for (text, what) in cases {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            assert_eq!(error.remedy(), "provide the CA certificates in PEM (-----BEGIN CERTIFICATE-----)");
            assert_eq!(error.field, CertField::Roots);
        }
        let missing = Roots::file(&dir.path().join("missing")).unwrap_err();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
    }

    #[test]
    fn single_bad_ones_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("good.pem"), Authority::new("one").pem()).unwrap();
        std::fs::write(dir.path().join("bad.pem"), "-----BEGIN CERTIFICATE-----\n!").unwrap();
        let found = rustls_native_certs::load_certs_from_paths(None, Some(dir.path()));
        let roots = Roots::found(found).unwrap();
        assert_eq!((roots.len(), roots.skipped()), (1, 1));
        let error = Roots::found(Default::default()).unwrap_err();
        assert_eq!(error.to_string(), "no CA certificates found");
    }
}
