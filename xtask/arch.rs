//! `cargo xtask arch`: checks the crates and their modules against `ARCHITECTURE.md`, and reports their
//! sizes.

mod cycles;
mod exports;
mod members;
mod modules;
mod sizes;
mod table;

use std::path::{Path, PathBuf};

use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome, While};
use crate::flags::Flags;
use crate::{cargo, say};
use members::Member;
use table::Table;

/// Checks this checkout, or the workspace at `--at DIR`.
pub fn word(checkout: &Checkout, mut flags: Flags) -> Outcome {
    let at = flags.value("--at")?.map_or_else(|| checkout.root.clone(), PathBuf::from);
    flags.none()?;
    check(&at)
}

/// Prints the crates' sizes, then fails with all breaches of the table.
pub fn check(root: &Path) -> Outcome {
    let file = root.join("ARCHITECTURE.md");
    let table = Table::read(&std::fs::read_to_string(&file).when(file.display())?)?;
    let members = members::read(&cargo::metadata(root, false)?);
    sizes::report(root, &members)?;
    let breaches = breaches(root, &table, &members)?;
    if breaches.is_empty() {
        say::line(&format!("{} crates match the table in ARCHITECTURE.md", members.len()));
        return Ok(());
    }
    Err(Failure::new(format!("violations of the table in ARCHITECTURE.md:\n  {}", breaches.join("\n  "))))
}

/// Whether the workspace has a package of that name.
pub fn is_member(root: &Path, package: &str) -> bool {
    cargo::metadata(root, false).is_ok_and(|about| members::read(&about).iter().any(|m| m.package == package))
}

fn breaches(root: &Path, table: &Table, members: &[Member]) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    for member in members {
        let folder = member.folder_in(root);
        let Some(row) = table.row(&folder) else {
            found.push(format!("{folder}: has no row"));
            continue;
        };
        for dependency in &member.dependencies {
            found.extend(match dependency.folder_in(root) {
                Some(other) => floor_breach(table, row, &other),
                None => home_breach(table, row, dependency),
            });
        }
        let circles = cycles::circles(&modules::references(&member.folder)?);
        found.extend(cycles::breaches(&folder, &circles, &table.knots(&folder)));
        for export in exports::in_folder(&member.folder)? {
            if table.has_home(&export.crate_name) {
                found.push(format!("{export} re-exports {}, which then leaves its home", export.crate_name));
            }
        }
    }
    Ok(found)
}

/// A crate may use only crates of lower floors.
fn floor_breach(table: &Table, row: &table::Row, other: &str) -> Option<String> {
    let Some(theirs) = table.row(other) else {
        return Some(format!("{} uses {other}, which has no row", row.folder));
    };
    (theirs.floor >= row.floor).then(|| {
        format!(
            "{} (floor {}) uses {other} (floor {}), which is not below it",
            row.folder, row.floor, theirs.floor
        )
    })
}

/// A foreign crate is used only in the crates whose rows name it, or everywhere.
fn home_breach(table: &Table, row: &table::Row, dependency: &members::Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if row.homes.iter().any(|home| home == name) || table.everywhere(name, dependency.for_tests) {
        return None;
    }
    let homes = table.homes_of(name);
    Some(if homes.is_empty() {
        format!("{} uses {name}, which has no home", row.folder)
    } else {
        format!("{} uses {name}, whose home is {}", row.folder, homes.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn the_fixture_breaks_every_rule_and_each_breach_is_named() {
        let failure = check(&here().join("xtask/fixtures/bad-arch")).unwrap_err().to_string();
        for breach in [
            "src/low (floor 0) uses src/high (floor 1)",
            "src/high (floor 1) uses src/beside (floor 1)",
            "src/low uses sqlx, whose home is src/high",
            "src/low uses left-pad, which has no home",
            "src/high uses proptest, which has no home",
            "src/high/lib.rs:3 re-exports sqlx",
            "src/high/lib.rs:5 re-exports sqlx",
            "src/stray: has no row",
        ] {
            assert!(failure.contains(breach), "{breach} is missing in {failure}");
        }
        assert_eq!(failure.lines().count(), 9, "nothing but these: {failure}");
    }

    #[test]
    fn this_checkout_keeps_to_its_table() {
        check(&here()).unwrap();
    }
}
