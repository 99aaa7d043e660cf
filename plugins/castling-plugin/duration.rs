//! Durations in settings.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A duration as written in a configuration: `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"7d"`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Duration {
    /// Its length in milliseconds.
    pub ms: u32,
}

impl Duration {
    /// Parses a duration; `None` if the text is invalid or longer than 49 days.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.parse::<u32>().ok()?.checked_mul(factor).map(|ms| Self { ms })
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let message = || Error::custom(format!("`{text}` is no span of time such as \"60s\" or \"5m\""));
        Self::parse(&text).ok_or_else(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, ms) in
            [("0s", 0), ("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("49d", 4_233_600_000)]
        {
            assert_eq!(Duration::parse(text), Some(Duration { ms }), "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in ["", "s", "60", "60 s", "-1s", "1.5s", "60S", "50d", "99999999999s", "1s1m"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
