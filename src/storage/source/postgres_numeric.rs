//! PostgreSQL's `numeric` in binary: digits of base 10,000, as `numeric_send` writes them.

/// Its text, with as many digits after the point as the value has.
pub(super) fn numeric(bytes: &[u8]) -> Option<String> {
    let (head, digits) = bytes.split_at_checked(8)?;
    let short = |at: usize| [head[at], head[at + 1]];
    let (count, weight) = (u16::from_be_bytes(short(0)), i32::from(i16::from_be_bytes(short(2))));
    let (sign, scale) = (u16::from_be_bytes(short(4)), usize::from(u16::from_be_bytes(short(6))));
    let sign = match sign {
        0 => "",
        0x4000 => "-",
        0xC000 => return Some("NaN".into()),
        0xD000 => return Some("Infinity".into()),
        0xF000 => return Some("-Infinity".into()),
        _ => return None,
    };
    if digits.len() != usize::from(count) * 2 {
        return None;
    }
    let digit = |place: i32| {
        let at = usize::try_from(weight - place).ok()? * 2;
        Some(u16::from_be_bytes([*digits.get(at)?, *digits.get(at + 1)?]))
    };
    // Place 0 is that before the point; each has four decimal digits.
    let whole: String =
        (0..=weight.max(0)).rev().map(|place| format!("{:04}", digit(place).unwrap_or(0))).collect();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    if scale == 0 {
        return Some(format!("{sign}{whole}"));
    }
    let places = i32::try_from(scale.div_ceil(4)).ok()?;
    let fraction: String = (1..=places).map(|place| format!("{:04}", digit(-place).unwrap_or(0))).collect();
    Some(format!("{sign}{whole}.{}", &fraction[..scale]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(weight: i16, sign: u16, scale: u16, digits: &[u16]) -> Option<String> {
        let mut bytes = Vec::new();
        bytes.extend(u16::try_from(digits.len()).unwrap().to_be_bytes());
        bytes.extend(weight.to_be_bytes());
        [sign, scale].iter().chain(digits).for_each(|short| bytes.extend(short.to_be_bytes()));
        numeric(&bytes)
    }

    #[test]
    fn numbers_of_any_size() {
        for (weight, sign, scale, digits, expected) in [
            (0, 0, 0, &[][..], "0"),
            (0, 0, 2, &[], "0.00"),
            (0, 0, 0, &[7], "7"),
            (1, 0x4000, 0, &[1, 2], "-10002"),
            (2, 0, 0, &[5], "500000000"),
            (-1, 0, 2, &[500], "0.05"),
            (-2, 0, 6, &[1200], "0.000012"),
            (0, 0x4000, 3, &[12, 3450], "-12.345"),
            (0, 0xC000, 0, &[], "NaN"),
            (0, 0xF000, 0, &[], "-Infinity"),
        ] {
            assert_eq!(sent(weight, sign, scale, digits).as_deref(), Some(expected));
        }
        assert_eq!(sent(0, 1, 0, &[]), None);
        assert_eq!(numeric(&[0, 9, 0, 0, 0, 0, 0, 0]), None, "digits that are missing");
    }
}
