//! To what the values of plugins belong: a plugin on a domain.

use sha2::{Digest, Sha256};

/// The most bytes of a plugin's name, and of a domain's.
const PLUGIN_BYTES: usize = 64;
const DOMAIN_BYTES: usize = 1023;

/// A plugin on a domain.
pub(crate) struct Owner {
    pub plugin: String,
    pub domain: String,
    pub digest: [u8; 32],
}

impl Owner {
    /// `None` if no plugin or domain can have that name.
    pub(crate) fn new(plugin: &str, domain: &str) -> Option<Self> {
        if !is_plugin(plugin) || domain.len() > DOMAIN_BYTES || domain.contains('\0') {
            return None;
        }
        let digest = Sha256::new().chain_update(plugin).chain_update([0]).chain_update(domain);
        Some(Self { plugin: plugin.to_owned(), domain: domain.to_owned(), digest: digest.finalize().into() })
    }
}

/// Whether a plugin can have that name.
pub(crate) fn is_plugin(name: &str) -> bool {
    name.len() <= PLUGIN_BYTES && name.is_ascii() && !name.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_owners_are_digested_alike() {
        let digest = |plugin, domain| Owner::new(plugin, domain).map(|owner| owner.digest);
        assert_ne!(digest("ab", "c"), digest("a", "bc"));
        assert_eq!(digest("ab", "c"), digest("ab", "c"));
        assert_eq!(digest("a\0b", "c"), None);
        assert_eq!(digest("a", "b\0c"), None);
    }

    #[test]
    fn names_are_bounded() {
        assert!(Owner::new(&"p".repeat(64), &"d".repeat(1023)).is_some());
        assert!(Owner::new(&"p".repeat(65), "d").is_none());
        assert!(Owner::new("p", &"d".repeat(1024)).is_none());
        assert!(Owner::new("é", "d").is_none());
    }
}
