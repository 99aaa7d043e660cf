//! Moments as the databases and ejabberd write them.

use xmpp::datetime;

/// The end of the second day of 1970, in microseconds. ejabberd writes moments before it for "not known".
const KNOWN_US: i64 = 2 * 86_400 * 1_000_000;

/// UTC microseconds of `2026-11-23 20:33:22`, with or without a fraction and a zone; without one it is UTC. `None` also
/// for what stands for "not known".
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = text.split_once([' ', 'T'])?;
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at_checked(at)?;
    let zone = match zone {
        "" => "Z".to_owned(),
        // PostgreSQL leaves out minutes that are zero.
        hours if hours.len() == 3 => format!("{hours}:00"),
        other => other.to_owned(),
    };
    known(datetime::parse(&format!("{date}T{time}{zone}"))?)
}

/// `CCYYMMDDThh:mm:ss` in UTC (XEP-0091).
pub(crate) fn parse_legacy(text: &str) -> Option<i64> {
    let (date, time) = text.trim().trim_end_matches('Z').split_once('T')?;
    let (year, rest) = date.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    datetime::parse(&format!("{year}-{month}-{day}T{time}Z"))
}

/// `None` for a moment that stands for "not known".
pub(crate) fn known(us: i64) -> Option<i64> {
    (us >= KNOWN_US).then_some(us)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_of_all_databases() {
        let expected = datetime::parse("2026-11-23T20:33:22Z");
        assert!(expected.is_some());
        for text in [
            "2026-11-23 20:33:22",
            "2026-11-23T20:33:22Z",
            " 2026-11-23 20:33:22.000000 ",
            "2026-11-23 20:33:22+00",
            "2026-11-23 22:33:22+02",
            "2026-11-23 18:03:22-02:30",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse("2026-11-23 20:33:22.25"), expected.map(|us| us + 250_000));
        assert_eq!(parse_legacy("20261123T20:33:22"), expected);
    }

    #[test]
    fn not_known() {
        for text in
            ["", "0000-00-00 00:00:00", "1970-01-01 00:00:00", "1970-01-02 00:00:00", "infinity", "x y"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["", "2026T", "éé1123T20:33:22", "20261323T20:33:22"] {
            assert_eq!(parse_legacy(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = (parse(&text), parse_legacy(&text));
        }
    }
}
