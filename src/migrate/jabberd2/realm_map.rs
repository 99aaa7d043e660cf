//! What realms stand for.

/// The domains of realms that are not named as their only domain is.
pub(super) type RealmMap = Vec<(String, Vec<String>)>;
