//! Formats of strings.

use crate::Complaint;

/// A check of a string's format.
pub type Check = fn(&str) -> Result<(), Complaint>;

/// A duration: `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"7d"`. It must fit into 32 bits of milliseconds, which is
/// what plugins read.
///
/// # Errors
/// It is not a valid duration.
pub fn duration(text: &str) -> Result<(), Complaint> {
    milliseconds(text).map(drop).ok_or_else(|| {
        let remedy = "write a duration such as \"500ms\", \"60s\", \"5m\" or \"1h\" (at most 49 days)";
        Complaint::new(format!("{text:?} is not a duration"), remedy)
    })
}

/// A [`duration`] in milliseconds; `None` if it is not valid.
pub fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: Option<u32> = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor?).map(u64::from)
}
