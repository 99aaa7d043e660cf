//! Values that PostgreSQL sends in binary and that have no type of their own here, as the text that it would write
//! itself: <https://www.postgresql.org/docs/current/datatype.html>. The binary forms are those of the functions `…_send`
//! in PostgreSQL's `src/backend/utils/adt`.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::postgres_numeric::numeric;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// From 0000-03-01 to 2000-01-01, PostgreSQL's epoch.
const EPOCH_DAYS: i64 = 730_425;

/// The text of a value; `None` if the bytes are not one of this type, or the type is not known here.
pub(super) fn text(kind: &str, bytes: &[u8]) -> Option<String> {
    match kind {
        "UUID" => uuid(bytes),
        "JSON" | "XML" => std::str::from_utf8(bytes).ok().map(str::to_owned),
        "JSONB" => std::str::from_utf8(bytes.strip_prefix(&[1])?).ok().map(str::to_owned),
        "DATE" => Some(date(i64::from(i32::from_be_bytes(bytes.try_into().ok()?)))),
        "TIME" => Some(time(long(bytes)?)),
        "TIMETZ" => time_with_zone(bytes),
        "TIMESTAMP" => Some(timestamp(long(bytes)?, "")),
        "TIMESTAMPTZ" => Some(timestamp(long(bytes)?, "+00")),
        "INTERVAL" => interval(bytes),
        "NUMERIC" => numeric(bytes),
        "INET" | "CIDR" => address(bytes),
        _ => None,
    }
}

fn long(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// Days since 2000-01-01.
fn date(days: i64) -> String {
    match days {
        _ if days == i64::from(i32::MAX) => "infinity".into(),
        _ if days == i64::from(i32::MIN) => "-infinity".into(),
        _ => {
            let (year, month, day) = civil(days);
            let era = if year > 0 { "" } else { " BC" };
            format!("{:04}-{month:02}-{day:02}{era}", if year > 0 { year } else { 1 - year })
        }
    }
}

/// Year, month and day of the proleptic Gregorian calendar, in eras of 400 years that begin on 1 March:
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Microseconds since midnight.
fn time(us: i64) -> String {
    let (seconds, fraction) = (us / SECOND, us % SECOND);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match fraction {
        0 => clock,
        _ => format!("{clock}.{}", format!("{fraction:06}").trim_end_matches('0')),
    }
}

/// The zone is seconds west of Greenwich.
fn time_with_zone(bytes: &[u8]) -> Option<String> {
    let (us, west) = bytes.split_at_checked(8)?;
    let west = i32::from_be_bytes(west.try_into().ok()?);
    let (sign, zone) = (if west > 0 { '-' } else { '+' }, west.unsigned_abs());
    let minutes = zone / 60 % 60;
    let minutes = if minutes == 0 { String::new() } else { format!(":{minutes:02}") };
    Some(format!("{}{sign}{:02}{minutes}", time(long(us)?), zone / 3600))
}

/// Microseconds since 2000-01-01.
fn timestamp(us: i64, zone: &str) -> String {
    match us {
        i64::MAX => "infinity".into(),
        i64::MIN => "-infinity".into(),
        _ => {
            let day = date(us.div_euclid(DAY));
            let (day, era) = day.strip_suffix(" BC").map_or((day.as_str(), ""), |day| (day, " BC"));
            format!("{day} {}{zone}{era}", time(us.rem_euclid(DAY)))
        }
    }
}

/// In the style `postgres`: `1 year 2 mons -3 days 04:05:06`.
fn interval(bytes: &[u8]) -> Option<String> {
    let (us, rest) = bytes.split_at_checked(8)?;
    let (days, months) = rest.split_at_checked(4)?;
    let us = long(us)?;
    let days = i32::from_be_bytes(days.try_into().ok()?);
    let months = i32::from_be_bytes(months.try_into().ok()?);
    let mut parts: Vec<String> = Vec::new();
    // What follows a negative part says so if it is not.
    let plus =
        |parts: &[String]| if parts.last().is_some_and(|last| last.starts_with('-')) { "+" } else { "" };
    for (count, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if count != 0 {
            let sign = if count > 0 { plus(&parts) } else { "" };
            parts.push(format!("{sign}{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if us != 0 || parts.is_empty() {
        let sign = if us < 0 { "-" } else { plus(&parts) };
        parts.push(format!("{sign}{}", time(us.checked_abs()?)));
    }
    Some(parts.join(" "))
}

/// Family, bits of the network, whether it is a network, length, address.
fn address(bytes: &[u8]) -> Option<String> {
    let (head, address) = bytes.split_at_checked(4)?;
    let (bits, network) = (head[1], head[2] != 0);
    let (text, whole) = match address.len() {
        4 => (Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).to_string(), 32),
        16 => (Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).to_string(), 128),
        _ => return None,
    };
    Some(if network || bits != whole { format!("{text}/{bits}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_calendar() {
        for (days, expected) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (366, "2001-01-01"),
            (9824, "2026-11-24"),
            (-36_524, "1900-01-01"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
            (i64::from(i32::MAX), "infinity"),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
    }

    #[test]
    fn times_have_the_digits_they_need() {
        assert_eq!(time(0), "00:00:00");
        assert_eq!(time(DAY - 1), "23:59:59.999999");
        assert_eq!(timestamp(-1, "+00"), "1999-12-31 23:59:59.999999+00");
        assert_eq!(timestamp(i64::MIN, ""), "-infinity");
        assert_eq!(timestamp(1_500_000, ""), "2000-01-01 00:00:01.5");
    }

    #[test]
    fn bytes_of_another_length_are_no_value() {
        for kind in
            ["UUID", "JSONB", "DATE", "TIME", "TIMETZ", "TIMESTAMP", "INTERVAL", "NUMERIC", "INET", "POINT"]
        {
            for length in [0, 1, 3, 7, 9, 17, 40] {
                assert_eq!(text(kind, &vec![0xff; length]), None, "{kind} {length}");
            }
        }
    }
}
