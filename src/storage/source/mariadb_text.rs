//! Values that MariaDB sends in binary and that have no type of their own here, as the text that it would write itself:
//! <https://mariadb.com/kb/en/resultset-row/>.

/// The text of a date or time; `None` if the bytes are not one of this type, or the type is not known here. The first
/// byte is the length of the rest.
pub(super) fn text(kind: &str, bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first()?;
    if rest.len() != usize::from(*length) {
        return None;
    }
    match kind {
        "DATE" => Some(moment(rest)?.0),
        "DATETIME" | "TIMESTAMP" => {
            let (date, time) = moment(rest)?;
            Some(format!("{date} {time}"))
        }
        "TIME" => time(rest),
        _ => None,
    }
}

/// Year, month, day, then hour, minute, second, then microseconds; what is zero at the end is left out.
fn moment(bytes: &[u8]) -> Option<(String, String)> {
    let year = match bytes {
        [] => 0,
        [low, high, _, _, ..] => u16::from_le_bytes([*low, *high]),
        _ => return None,
    };
    let (month, day) = (bytes.get(2).unwrap_or(&0), bytes.get(3).unwrap_or(&0));
    let clock = clock(bytes.get(4..).unwrap_or_default(), 0)?;
    Some((format!("{year:04}-{month:02}-{day:02}"), clock))
}

/// Whether it is negative, days, then as above.
fn time(bytes: &[u8]) -> Option<String> {
    let Some((sign, rest)) = bytes.split_first() else { return Some("00:00:00".into()) };
    let (days, rest) = rest.split_at_checked(4)?;
    let days = u32::from_le_bytes(days.try_into().ok()?);
    let sign = if *sign == 1 { "-" } else { "" };
    Some(format!("{sign}{}", clock(rest, days)?))
}

fn clock(bytes: &[u8], days: u32) -> Option<String> {
    let (hour, minute, second, fraction) = match bytes {
        [] => (0, 0, 0, None),
        [hour, minute, second] => (*hour, *minute, *second, None),
        [hour, minute, second, fraction @ ..] => {
            (*hour, *minute, *second, Some(u32::from_le_bytes(fraction.try_into().ok()?)))
        }
        _ => return None,
    };
    let hours = u64::from(days) * 24 + u64::from(hour);
    let fraction = fraction.map_or_else(String::new, |us| format!(".{us:06}"));
    Some(format!("{hours:02}:{minute:02}:{second:02}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_zero_at_the_end_is_left_out() {
        for (kind, bytes, expected) in [
            ("DATE", &[4, 0xea, 7, 11, 24][..], Some("2026-11-24")),
            ("DATETIME", &[4, 0xea, 7, 11, 24], Some("2026-11-24 00:00:00")),
            ("DATETIME", &[7, 0xea, 7, 11, 24, 8, 5, 0], Some("2026-11-24 08:05:00")),
            ("TIMESTAMP", &[11, 0xea, 7, 11, 24, 8, 5, 9, 1, 0, 0, 0], Some("2026-11-24 08:05:09.000001")),
            ("TIME", &[0], Some("00:00:00")),
            ("TIME", &[8, 1, 1, 0, 0, 0, 2, 3, 4], Some("-26:03:04")),
            ("TIME", &[8, 1, 1, 0], None),
            ("DATE", &[], None),
            ("DATE", &[2, 0xea, 7], None),
            ("GEOMETRY", &[0], None),
        ] {
            assert_eq!(text(kind, bytes).as_deref(), expected, "{kind} {bytes:?}");
        }
    }
}
