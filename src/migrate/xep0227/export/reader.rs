//! For whom an export is.

/// For whom an export is: each server reads other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Whoever reads XEP-0227: `DIR/server-data.xml` includes `DIR/hosts/<domain>.xml`, whose root is `host` (§4.1) and
    /// which has all its users.
    Any,
    /// ejabberd (`import_piefxis`): the same files, with SCRAM keys in base64 twice, as it writes and reads them.
    Ejabberd,
    /// Prosody (its storage `xep0227`, from which its migrator reads): `DIR/<user>@<domain>.xml` is a complete document
    /// of one user.
    Prosody,
}

impl Reader {
    /// Whether each user has a document.
    pub(super) fn wants_users(self) -> bool {
        self == Self::Prosody
    }

    /// How often keys are encoded.
    pub(super) fn encodings(self) -> u8 {
        if self == Self::Ejabberd { 2 } else { 1 }
    }
}
