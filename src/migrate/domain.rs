//! The domains that users come to.

/// A domain of the server.
#[derive(Clone, Debug)]
pub struct Domain {
    pub name: String,
    /// The auth provider that has its accounts, if it is not the server's own store: imported ones get no password.
    pub provider: Option<String>,
}
