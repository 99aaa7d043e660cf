//! Facts from a certificate. rustls checks them in peers' certificates only, and does not expose them.

use x509_parser::parse_x509_certificate;

use super::names::Names;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// UTC microseconds, both ends included.
    pub(super) not_before_us: i64,
    pub(super) not_after_us: i64,
    pub(super) names: Names,
    /// Whether it claims to be issued by its own subject.
    pub(super) own_issuer: bool,
}

/// Parses a certificate (RFC 5280 §4.1, §4.2.1.6). `None` if the bytes are invalid.
pub(super) fn facts(der: &[u8]) -> Option<Facts> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
    Some(Facts {
        not_before_us: micros(certificate.validity().not_before.timestamp()),
        not_after_us: micros(certificate.validity().not_after.timestamp()),
        names: Names::of(&certificate),
        own_issuer: certificate.subject().as_raw() == certificate.issuer().as_raw(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: i64 = 1_000_000;

    #[test]
    fn of_a_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["Chess.example", "*.chess.example"].map(str::to_owned);
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(2024, 2, 29);
        params.not_after = rcgen::date_time_ymd(2060, 1, 1);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let expected = Facts {
            not_before_us: 1_709_164_800 * US,
            not_after_us: 2_840_140_800 * US,
            names: Names { dns: vec!["chess.example".into(), "*.chess.example".into()], ..Names::default() },
            own_issuer: true,
        };
        assert_eq!(facts(&der), Some(expected));
        for len in 0..der.len() {
            assert_eq!(facts(&der[..len]), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = facts(&bytes);
        }
    }
}
