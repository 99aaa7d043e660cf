//! Date and time on the wire (XEP-0082), in UTC microseconds since 1970.

const DAY: i64 = 86_400;

/// `us` as `2026-11-24T08:00:00Z`, with three or six digits of fraction if nonzero. The year is written with
/// at least four digits; before the year 0 it has a minus sign.
pub fn format(us: i64) -> String {
    let (seconds, fraction) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let time = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let fraction = match (fraction, fraction % 1000) {
        (0, _) => String::new(),
        (_, 0) => format!(".{:03}", fraction / 1000),
        _ => format!(".{fraction:06}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Parses `CCYY-MM-DDThh:mm:ss[.fraction]TZD` with `Z` or `±hh:mm`; digits after the sixth of the fraction
/// are dropped. `None` if the text is anything else or the date does not exist.
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?);
    let at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(at)?;
    let (time, fraction) =
        time.split_once('.').map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    let mut time = time.splitn(3, ':');
    let (hour, minute, second) =
        (number(time.next()?, 2)?, number(time.next()?, 2)?, number(time.next()?, 2)?);
    // 60 is a leap second; it is counted as the first second of the next minute.
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000_000 + fraction.map_or(Some(0), micros)?)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let ok = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if ok { text.parse().ok() } else { None }
}

fn micros(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(fraction.bytes().chain([b'0'; 6]).take(6).fold(0, |sum, b| sum * 10 + i64::from(b - b'0')))
}

/// The zone's offset from UTC in seconds.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, zone) = zone.split_at_checked(1)?;
    let (hour, minute) = zone.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    let seconds = hour * 3600 + minute * 60;
    (hour <= 14 && minute <= 59).then_some(if sign == "-" { -seconds } else { seconds })
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, counted in years that begin in March
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// The date of a day since 1970-01-01: the inverse of [`days`].
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_instants() {
        for (us, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_507_200_000_000, "2026-11-24T08:00:00Z"),
            (951_782_400_123_000, "2000-02-29T00:00:00.123Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (-1_000_000, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(format(us), text);
            assert_eq!(parse(text), Some(us));
        }
        assert_eq!(parse("1969-07-20T21:56:15-05:00"), parse("1969-07-21T02:56:15Z"));
        assert_eq!(parse("2026-01-01T00:00:00.1234567Z"), parse("2026-01-01T00:00:00.123456Z"));
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T08:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-1-01T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T08:00Z",
            "2026-11-24T08:00:00.Z",
            "2026-11-24T08:00:00+99:00",
            "2026-11-24T08:00:00ZZ",
            "20261124T08:00:00",
            "é",
            "2026-11-24Té-",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(us in -62_135_596_800_000_000i64..253_402_300_799_999_999) {
            prop_assert_eq!(parse(&format(us)), Some(us));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = parse(&text);
        }
    }
}
