//! The integers a key accepts.

/// Integers from `least` to `most`, and 0 if it has a special meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub least: i64,
    pub most: i64,
    /// What 0 means, in a few words; `None`: it has no special meaning.
    pub zero: Option<&'static str>,
    /// What a remedy suggests.
    pub usual: i64,
}

impl Range {
    /// Without a special meaning of 0.
    pub const fn new(least: i64, most: i64) -> Self {
        let usual = if least > 10 {
            least
        } else if most < 10 {
            most
        } else {
            10
        };
        Self { least, most, zero: None, usual }
    }

    /// The same, with a number that a remedy suggests.
    pub const fn usual(self, usual: i64) -> Self {
        Self { usual, ..self }
    }

    /// The number, if it is in range.
    pub fn takes(&self, number: i128) -> Option<i64> {
        let number = i64::try_from(number).ok()?;
        let fits = (self.least..=self.most).contains(&number) || (number == 0 && self.zero.is_some());
        fits.then_some(number)
    }

    /// The remedy: which numbers to write.
    pub(crate) fn remedy(&self) -> String {
        let number = match (self.least, self.most) {
            (i64::MIN, i64::MAX) => "a number that fits in 64 bits".to_owned(),
            (least, i64::MAX) => format!("a number of at least {least}"),
            (i64::MIN, most) => format!("a number of at most {most}"),
            (least, most) => format!("a number from {least} to {most}"),
        };
        let zero = self.zero.map(|meaning| format!(", or 0 ({meaning})")).unwrap_or_default();
        format!("write {number}{zero}")
    }
}
