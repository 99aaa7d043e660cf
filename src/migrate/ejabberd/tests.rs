//! Whole databases are read.

mod rows;
mod truth;
mod versions;

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Leftover, MigrateError, RawUser, Skipped, Source as _, Survey};
use runtime::Runtime;
use storage::source::{SourcePassword, Tables};

use super::EjabberdSource;

/// All that a database has; users by their address.
struct Read {
    survey: Survey,
    users: BTreeMap<String, RawUser>,
    leftovers: Vec<Leftover>,
}

impl Read {
    #[track_caller]
    fn user(&self, address: &str) -> &RawUser {
        self.users.get(address).unwrap_or_else(|| panic!("no {address}"))
    }
}

fn source(path: &Path, host: Option<&str>) -> EjabberdSource {
    let url = format!("sqlite:{}", path.display());
    let tables = Tables::new(&url, Path::new("/"), SourcePassword::Url, &Runtime::system());
    EjabberdSource::new(tables.unwrap(), host.map(str::to_owned))
}

async fn read(path: &Path, host: Option<&str>) -> Result<Read, MigrateError> {
    let mut source = source(path, host);
    let survey = source.survey().await?;
    let mut users = BTreeMap::new();
    while let Some(user) = source.next().await? {
        let address = format!("{}@{}", user.local, user.host);
        assert!(users.insert(address.clone(), user).is_none(), "{address} comes twice");
    }
    Ok(Read { survey, users, leftovers: source.leftovers() })
}

/// Kind, reason, key and rows: what a list of skipped rows says.
fn said(skipped: &[Skipped]) -> Vec<String> {
    let mut said: Vec<_> = skipped
        .iter()
        .map(|one| format!("{} {:?} {:?} {}", one.kind, one.reason, one.key, one.rows))
        .collect();
    said.sort();
    said
}
