//! A certificate authority for tests.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SignatureAlgorithm,
};

use crate::tls::{PeerCertificate, Roots};

/// What a certificate is issued for.
pub(crate) struct Request<'a> {
    /// GeneralNames of the subjectAltName, DER.
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) usages: &'a [ExtendedKeyUsagePurpose],
    /// The first years of its validity and after it.
    pub(crate) years: (i32, i32),
    pub(crate) algorithm: &'static SignatureAlgorithm,
}

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
    pem: String,
}

/// DER: a tag, a short length, the content.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 128);
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

pub(crate) fn dns(name: &str) -> Vec<u8> {
    tlv(0x82, name.as_bytes())
}

/// An otherName of id-on `id`, with a string of this tag.
fn other(id: u8, tag: u8, text: &str) -> Vec<u8> {
    let oid = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 8, id];
    tlv(0xa0, &[oid.as_slice(), &tlv(0xa0, &tlv(tag, text.as_bytes()))].concat())
}

pub(crate) fn xmpp_addr(jid: &str) -> Vec<u8> {
    other(5, 0x0c, jid)
}

pub(crate) fn srv(name: &str) -> Vec<u8> {
    other(7, 0x16, name)
}

impl<'a> Request<'a> {
    /// For a server, by these names, and valid now.
    pub(crate) fn new(names: Vec<Vec<u8>>) -> Self {
        let usages = &[ExtendedKeyUsagePurpose::ServerAuth];
        Request { names, usages, years: (2020, 2040), algorithm: &rcgen::PKCS_ECDSA_P256_SHA256 }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        if !self.names.is_empty() {
            let names = tlv(0x30, &self.names.concat());
            params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], names));
        }
        params.extended_key_usages = self.usages.to_vec();
        params.not_before = rcgen::date_time_ymd(self.years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(self.years.1, 1, 1);
        params
    }
}

/// A self-signed certificate.
pub(crate) fn own(request: &Request<'_>) -> PeerCertificate {
    let key = KeyPair::generate_for(request.algorithm).unwrap();
    let der = request.params().self_signed(&key).unwrap().der().to_vec();
    PeerCertificate::from_der([der]).unwrap()
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        let (der, pem) = (cert.der().to_vec(), cert.pem());
        Authority { issuer: Issuer::new(params, key), der, pem }
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_der([self.der.as_slice()])
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn peer(&self, request: &Request<'_>) -> PeerCertificate {
        let key = KeyPair::generate_for(request.algorithm).unwrap();
        let cert = request.params().signed_by(&key, &self.issuer).unwrap();
        PeerCertificate::from_der([cert.der().to_vec()]).unwrap()
    }

    /// The certificate and its key in PEM files.
    pub(crate) fn files(&self, dir: &Path, name: &str, request: &Request<'_>) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate_for(request.algorithm).unwrap();
        let cert = request.params().signed_by(&key, &self.issuer).unwrap();
        let paths = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
        std::fs::write(&paths.0, cert.pem()).unwrap();
        std::fs::write(&paths.1, key.serialize_pem()).unwrap();
        paths
    }
}
