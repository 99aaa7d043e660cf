//! `cargo xtask deny`: checks licenses, bans and advisories of all dependencies.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome, While};
use crate::flags::Flags;
use crate::{cargo, say, shell, spdx};

/// Runs cargo-deny on `deny.toml`; `--short` only checks licenses, with nothing to install.
pub fn word(checkout: &Checkout, mut flags: Flags) -> Outcome {
    let is_short = flags.switch("--short");
    flags.none()?;
    if is_short {
        return short(checkout);
    }
    cargo::need_subcommand("cargo-deny", "0.20.2", "it reads deny.toml and the list of advisories")?;
    let deny = |what: &[&str]| {
        shell::run(cargo::cargo(&checkout.root).args(["deny", "--workspace", "check"]).args(what))
    };
    deny(&["bans", "licenses", "sources"])?;
    // Last, because only this needs a download: the advisory database.
    deny(&["advisories"])
}

/// Checks that every crate in the lock file has a license that `deny.toml` allows.
pub fn short(checkout: &Checkout) -> Outcome {
    let file = checkout.root.join("deny.toml");
    let allowed = allowed(&std::fs::read_to_string(&file).when(file.display())?);
    let about = cargo::metadata(&checkout.root, true)?;
    let packages = about.get("packages").and_then(Value::as_array).cloned().unwrap_or_default();
    let bad: Vec<_> = packages.iter().filter_map(|package| refused(package, &allowed)).collect();
    if packages.is_empty() || !bad.is_empty() {
        return Err(Failure::new(format!("licences not allowed by deny.toml:\n  {}", bad.join("\n  "))));
    }
    say::line(&format!("{} crates, each with a licence that deny.toml allows", packages.len()));
    Ok(())
}

fn refused(package: &Value, allowed: &BTreeSet<String>) -> Option<String> {
    let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
    let licence = text("license");
    let fine = spdx::allowed(licence, &|name| allowed.contains(name));
    (!fine).then(|| format!("{} {}: {:?}", text("name"), text("version"), licence))
}

/// The strings of the `allow = [ … ]` list in the section `[licenses]`.
fn allowed(deny: &str) -> BTreeSet<String> {
    let section = deny.split("\n[").find(|section| section.starts_with("licenses]")).unwrap_or_default();
    let list =
        section.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).unwrap_or_default().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_from_its_section() {
        let deny = "[bans]\nallow = [\"no\"]\n\n[licenses]\nallow = [\n  \"MIT\", # why\n  \"ISC\",\n]\n";
        assert_eq!(allowed(deny).into_iter().collect::<Vec<_>>(), ["ISC", "MIT"]);
    }

    #[test]
    fn a_crate_without_a_licence_is_refused() {
        let allow = BTreeSet::from(["MIT".to_owned()]);
        let package = |licence: Value| serde_json::json!({ "name": "a", "version": "1", "license": licence });
        assert!(refused(&package("MIT".into()), &allow).is_none());
        assert!(refused(&package("GPL-3.0-only".into()), &allow).is_some());
        assert!(refused(&package(Value::Null), &allow).is_some());
    }
}
