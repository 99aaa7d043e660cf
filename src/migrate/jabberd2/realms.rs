//! Which realm of `authreg` is for which domains. jabberd2 has that in its configuration (`<id realm='…'>host</id>`), where a
//! realm may have any name, several domains may share one, and a domain may have had several.

use std::collections::{BTreeMap, BTreeSet};

use storage::source::{Scan, ScanKey, Tables};
use xmpp::Jid;

use super::owners::Owners;
use super::realm_map::RealmMap;
use super::table::{Found, Table};
use crate::MigrateError;
use crate::feeds::key;

/// Realms with their domains, and what was inferred.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Realms {
    pub map: RealmMap,
    pub notes: Vec<String>,
}

/// The domains of all realms: as the operator says, else by their names, else those that are left over.
///
/// # Errors
/// Which domains a realm is for cannot be told; names the choices.
pub(super) async fn resolve(
    tables: &Tables,
    authreg: Option<&Found>,
    given: &[(String, String)],
    owners: &Owners,
) -> Result<Realms, MigrateError> {
    let Some(authreg) = authreg.filter(|found| found.columns.contains(&"realm")) else {
        return Ok(Realms::default());
    };
    let scan = Scan {
        table: authreg.name.clone(),
        columns: Vec::new(),
        key: ScanKey::Column("realm".into()),
        then: Vec::new(),
        distinct: true,
        many: false,
    };
    debug_assert_eq!(authreg.table, Table::Authreg);
    let mut cursor = tables.scan(&scan).await?;
    let mut realms = BTreeSet::new();
    while let Some(mut row) = cursor.next().await? {
        if let Some(realm) = row.pop() {
            realms.insert(String::from_utf8_lossy(&key(realm)).into_owned());
        }
    }
    infer(&realms, given, &owners.hosts())
}

fn infer(
    realms: &BTreeSet<String>,
    given: &[(String, String)],
    hosts: &[String],
) -> Result<Realms, MigrateError> {
    let mut said: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (realm, host) in given {
        said.entry(realm).or_default().push(host.clone());
    }
    if let Some((unknown, _)) = said.iter().find(|(realm, _)| !realms.contains(**realm)) {
        let all = realms.iter().map(|realm| format!("{realm:?}")).collect::<Vec<_>>().join(", ");
        return Err(MigrateError::source(format!(
            "no account has the realm {unknown:?} — the realms are {all}"
        )));
    }
    let mut found = Realms::default();
    let mut taken: BTreeSet<String> = said.values().flatten().cloned().collect();
    let mut open = Vec::new();
    for realm in realms {
        let host = Jid::parse(realm).ok().filter(Jid::is_domain).map(|jid| jid.domain().to_owned());
        match (said.remove(realm.as_str()), host) {
            (Some(domains), _) => found.map.push((realm.clone(), domains)),
            (None, Some(host)) if hosts.contains(&host) || host.contains('.') => drop(taken.insert(host)),
            (None, _) => open.push(realm),
        }
    }
    let left: Vec<_> = hosts.iter().filter(|host| !taken.contains(*host)).cloned().collect();
    match open[..] {
        [] => Ok(found),
        [realm] if !left.is_empty() => {
            found
                .notes
                .push(format!("the realm {realm:?} is that of {}, which no other is", left.join(", ")));
            found.map.push((realm.clone(), left));
            Ok(found)
        }
        _ => Err(undecided(&open, hosts)),
    }
}

fn undecided(open: &[&String], hosts: &[String]) -> MigrateError {
    let realms = open.iter().map(|realm| format!("{realm:?}")).collect::<Vec<_>>().join(", ");
    MigrateError::source(format!(
        "which domains these realms are for cannot be told: {realms}; the domains are {} — say it with --realm REALM=DOMAIN, \
         as in jabberd2's c2s.xml, once for each domain",
        hosts.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(realms: &[&str], given: &[(&str, &str)], hosts: &[&str]) -> Result<Realms, String> {
        let given: Vec<_> =
            given.iter().map(|(realm, host)| ((*realm).to_owned(), (*host).to_owned())).collect();
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let realms = realms.iter().map(|realm| (*realm).to_owned()).collect();
        infer(&realms, &given, &hosts).map_err(|error| error.to_string())
    }

    fn map(realms: &[(&str, &[&str])]) -> RealmMap {
        let all = |hosts: &&[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
        realms.iter().map(|(realm, hosts)| ((*realm).to_owned(), all(hosts))).collect()
    }

    #[test]
    fn a_realm_that_is_a_domain_needs_nothing() {
        assert_eq!(inferred(&["a.example", "b.example"], &[], &["a.example"]), Ok(Realms::default()));
        assert_eq!(inferred(&["localhost"], &[], &["localhost"]), Ok(Realms::default()));
    }

    #[test]
    fn what_is_left_is_inferred_and_said() {
        let one = inferred(&["CHESS", "b.example"], &[], &["a.example", "b.example"]).unwrap();
        assert_eq!(one.map, map(&[("CHESS", &["a.example"])]));
        assert_eq!(one.notes, ["the realm \"CHESS\" is that of a.example, which no other is"]);
        let shared = inferred(&[""], &[], &["a.example", "b.example"]).unwrap();
        assert_eq!(shared.map, map(&[("", &["a.example", "b.example"])]));
    }

    #[test]
    fn what_is_said_counts() {
        let given = [("x", "a.example"), ("x", "b.example"), ("a.example", "c.example")];
        let said = inferred(&["x", "a.example"], &given, &["a.example"]).unwrap();
        assert_eq!(said.map, map(&[("a.example", &["c.example"]), ("x", &["a.example", "b.example"])]));
    }

    #[test]
    fn what_cannot_be_told_is_an_error_with_the_choices() {
        let error = inferred(&["x", "y"], &[], &["a.example", "b.example"]).unwrap_err();
        assert!(
            error.contains("\"x\", \"y\"; the domains are a.example, b.example — say it with --realm"),
            "{error}"
        );
        assert!(inferred(&["x"], &[], &[]).is_err());
        let error = inferred(&["x"], &[("z", "a.example")], &["a.example"]).unwrap_err();
        assert!(error.contains("no account has the realm \"z\" — the realms are \"x\""), "{error}");
    }
}
