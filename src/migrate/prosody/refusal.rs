//! Why nothing is made of a record.

use crate::{Kind, Reason, Skipped};

/// Why nothing is made of a record. The detail quotes no text of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    pub detail: String,
}

impl Refusal {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// A value that the field does not have.
    pub fn value(detail: &str) -> Self {
        Self::new(Reason::UnknownValue, detail)
    }

    /// Bytes that are not UTF-8.
    pub fn text() -> Self {
        Self::new(Reason::BadText, "not UTF-8")
    }

    /// XML that cannot be written or parsed.
    pub fn xml(detail: &str) -> Self {
        Self::new(Reason::BrokenXml, detail)
    }

    /// As one record of the report.
    pub fn skip(self, kind: Kind, key: impl Into<String>) -> Skipped {
        Skipped::one(kind, self.reason, key, self.detail)
    }
}
