//! The dates of a certificate. rustls checks those of peers' certificates only, and does not tell them.

/// UTC microseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before_us: i64,
    pub(super) not_after_us: i64,
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Reads `tbsCertificate.validity` (RFC 5280 §4.1). `None` if the bytes are not a certificate.
pub(super) fn validity(der: &[u8]) -> Option<Validity> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (mut tbs, _) = expect(certificate, SEQUENCE)?;
    if let (VERSION, _, rest) = element(tbs)? {
        tbs = rest;
    }
    // serialNumber, signature, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, tbs) = expect(tbs, tag)?;
    }
    let (dates, _) = expect(tbs, SEQUENCE)?;
    let (tag, not_before, rest) = element(dates)?;
    let not_before_us = time(tag, not_before)?;
    let (tag, not_after, _) = element(rest)?;
    Some(Validity { not_before_us, not_after_us: time(tag, not_after)? })
}

fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// Tag, content, and what follows. DER: one byte of tag, lengths of up to four bytes.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, der) = der.split_first()?;
    let (&first, der) = der.split_first()?;
    let (len, der) = if first < 0x80 {
        (usize::from(first), der)
    } else {
        let count = usize::from(first & 0x7f);
        let (len, der) = der.split_at_checked(count)?;
        if !(1..=4).contains(&count) {
            return None;
        }
        (len.iter().fold(0, |n, &b| n << 8 | usize::from(b)), der)
    };
    let (content, rest) = der.split_at_checked(len)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5).
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let mut parts = rest.chunks(2).map(number);
    let (month, day) = (parts.next()??, parts.next()??);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let in_range =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    if rest.len() != 10 || !in_range {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * 1_000_000)
}

fn number(digits: &[u8]) -> Option<i64> {
    let digit = |n: i64, b: &u8| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'));
    digits.iter().try_fold(0, digit)
}

/// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: i64 = 1_000_000;

    #[test]
    fn times() {
        assert_eq!(time(UTC_TIME, b"700101000000Z"), Some(0));
        assert_eq!(time(UTC_TIME, b"261124081500Z"), Some(1_795_508_100 * US));
        assert_eq!(time(UTC_TIME, b"491231235959Z"), Some(2_524_607_999 * US));
        assert_eq!(time(GENERALIZED_TIME, b"20500101000000Z"), Some(2_524_608_000 * US));
        assert_eq!(time(GENERALIZED_TIME, b"20240229120000Z"), Some(1_709_208_000 * US));
        for bad in [
            &b""[..],
            b"Z",
            b"7001010000Z",
            b"700101000000",
            b"701301000000Z",
            b"7001010000000Z",
            b"70010100000xZ",
        ] {
            assert_eq!(time(UTC_TIME, bad), None, "{bad:?}");
        }
        assert_eq!(time(INTEGER, b"700101000000Z"), None);
    }

    #[test]
    fn of_a_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["chess.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2024, 2, 29);
        params.not_after = rcgen::date_time_ymd(2060, 1, 1);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let expected = Validity { not_before_us: 1_709_164_800 * US, not_after_us: 2_840_140_800 * US };
        assert_eq!(validity(&der), Some(expected));
        for len in 0..der.len() {
            assert_eq!(validity(&der[..len]), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_may_come(bytes: Vec<u8>) {
            // A certificate is the operator's, but a damaged one must be told, not be the end.
            validity(&bytes);
            let nested = [&[SEQUENCE, 0x82, 0x01, 0x00, SEQUENCE, 0x81, 0xf0], &bytes[..], &[0; 260]].concat();
            validity(&nested);
        }
    }
}
