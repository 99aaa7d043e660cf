//! Plugins that have the accounts of a domain cannot be disabled.

use admin::CommandError;
use settings::{item, join};

use super::super::domain::Domain;
use super::super::load::Loaded;
use super::super::names;

impl Loaded {
    /// # Errors
    /// The accounts of one of these domains, or of any, are there: without the plugin nobody could log in.
    pub(super) fn is_no_provider(&self, name: &str, domains: &[String]) -> Result<(), CommandError> {
        let is_meant = |domain: &Domain| {
            domains.is_empty() || domains.iter().any(|one| names::prepared(one) == domain.name)
        };
        let using = self.config.domains.iter().filter(|domain| is_meant(domain));
        let mut named = using.filter_map(|domain| {
            let index = domain.auth.iter().position(|one| one == name)?;
            Some((domain, item(&join(&domain.path, "auth"), index)))
        });
        let Some((domain, path)) = named.next() else { return Ok(()) };
        let place = self.problems.place(&path);
        let message = format!("plugin {name} has the accounts of {} ({place})", domain.name);
        Err(CommandError::new(message).remedy("remove it from auth there and run castling reload first"))
    }
}
