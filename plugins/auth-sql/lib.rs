//! Accounts in the site's own table: says which statements of the configuration find them, with which values. The server runs these,
//! and verifies what a client proves; nothing of either is seen here.
//!
//! The values are `:user` (the part before the `@`), `:domain` and `:jid` (the whole address), all prepared: in lower case.

use castling_plugin::{AccountName, Credentials, Description, Lifecycle, Settings, sql::Value};
use serde::Deserialize;

/// The settings of a domain; their defaults are in the manifest.
#[derive(Deserialize)]
struct AuthSql {
    source: String,
    format: String,
    /// The names of the statements.
    credentials: String,
    exists: String,
    set_password: String,
    /// The names of the columns.
    password: String,
    salt: String,
    locked: String,
    realm: Option<String>,
    scram: Vec<String>,
}

static SETTINGS: Settings<AuthSql> = Settings::new();

const VALUES: [&str; 3] = ["user", "domain", "jid"];

impl Lifecycle for AuthSql {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)
    }
}

impl Credentials for AuthSql {
    fn describe(domain: u32) -> Result<Description, String> {
        SETTINGS.with(domain, AuthSql::description).ok_or_else(|| "its settings were not read".into())
    }

    fn values(_domain: u32, name: &AccountName) -> Option<Vec<(String, Value)>> {
        let values = [&name.user, &name.domain, &name.jid].map(|value| Value::Text(value.clone()));
        Some(VALUES.map(str::to_owned).into_iter().zip(values).collect())
    }
}

impl AuthSql {
    fn description(&self) -> Description {
        let statement = |name: &str| format!("{}/{name}", self.source);
        // With `a1hash` the column, if there is one, has the realm.
        let has_salt = self.format.contains("-salt-");
        Description {
            find: statement(&self.credentials),
            secret: self.password.clone(),
            format: self.format.clone(),
            salt: has_salt.then(|| self.salt.clone()),
            locked: Some(self.locked.clone()),
            realm: self.realm.clone(),
            hashes: if self.format == "scram" { self.scram.clone() } else { Vec::new() },
            exists: Some(statement(&self.exists)),
            set_password: Some(statement(&self.set_password)),
            parameters: VALUES.map(str::to_owned).to_vec(),
        }
    }
}

castling_plugin::plugin!(AuthSql: lifecycle, credentials);
castling_plugin::manifest!("manifest.json");

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value as Json};

    use super::*;

    fn settings(more: &[(&str, &str)]) -> AuthSql {
        let manifest: Json = serde_json::from_str(include_str!("manifest.json")).unwrap();
        let keys = manifest["config"]["properties"].as_object().unwrap();
        let defaults =
            keys.iter().filter_map(|(key, about)| Some((key.clone(), about.get("default")?.clone())));
        let mut all: Map<String, Json> = defaults.collect();
        all.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())));
        serde_json::from_value(all.into()).unwrap()
    }

    #[test]
    fn the_manifests_defaults_with_a_source_are_a_description() {
        let said = settings(&[("source", "members")]).description();
        assert_eq!((said.find.as_str(), said.secret.as_str()), ("members/credentials", "password"));
        assert_eq!((said.format.as_str(), said.salt, said.hashes.len()), ("plain", None, 0));
        assert_eq!(said.exists.as_deref(), Some("members/exists"));
        assert_eq!(said.set_password.as_deref(), Some("members/set_password"));
    }

    #[test]
    fn salts_and_hashes_belong_to_formats() {
        let said = settings(&[("source", "m"), ("format", "md5-hex-salt-last")]).description();
        assert_eq!(said.salt.as_deref(), Some("salt"));
        let said = settings(&[("source", "m"), ("format", "scram")]).description();
        assert_eq!(said.hashes, ["sha-256"]);
    }
}
