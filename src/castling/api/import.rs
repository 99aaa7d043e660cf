//! Arguments of `import.…` and `export.…`.

use serde::{Deserialize, Serialize};

/// `import.apply`: a batch of users. No `Debug`: there are passwords in it.
#[derive(Serialize, Deserialize)]
pub struct ApplyImport {
    pub order: migrate::Order,
    pub users: Vec<migrate::RawUser>,
}

/// `import.imported`: a page of the accounts that were imported before.
#[derive(Serialize, Deserialize)]
pub struct ImportedAccounts {
    pub order: migrate::Order,
    pub domain: String,
    /// The last local part of the page before.
    pub after: String,
}

/// `import.remove`
#[derive(Serialize, Deserialize)]
pub struct RemoveImported {
    pub order: migrate::Order,
    pub domain: String,
    pub locals: Vec<String>,
}

/// `import.foreign`: how many accounts still have their password as other software kept it.
#[derive(Serialize, Deserialize)]
pub struct ForeignPasswords {
    pub domain: String,
}

/// `export.page`: a page of a domain's users.
#[derive(Serialize, Deserialize)]
pub struct ExportPage {
    pub domain: String,
    /// The last local part of the page before.
    pub after: String,
    /// Only this user.
    pub only: Option<String>,
}
