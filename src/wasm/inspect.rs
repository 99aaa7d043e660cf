//! A component's imports, exports and manifest, read without running it.

use std::sync::Arc;

use kernel::Module;
use serde::Serialize;
use serde_json::{Map, Value};
use settings::Problem;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::claiming::Claiming;
use crate::error::LoadError;
use crate::grant::Grants;
use crate::grantable::{self, SERVICE};
use crate::hook::Hook;
use crate::host::wasi;
use crate::manifest::{Manifest, Want};

/// The package of the plugin interface, and the version this server provides.
const PACKAGE: &str = "castling:plugin";
const OFFERED: &str = "1.0.0";

/// Interfaces that a plugin may import.
const HOST: &[&str] = &[
    "types",
    "call",
    "log",
    "config",
    "metrics",
    "rates",
    "sessions",
    "routing",
    "ask",
    "screening",
    "kv",
    "sql",
    "accounts",
    "http-client",
];

/// Exported in addition to the hooks.
const LIFECYCLE: &str = "lifecycle";

/// An interface that a component imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// Its name: without package and version for the plugin interface's own (`sessions`), else as written.
    pub interface: String,
    /// The functions of it that the component uses.
    pub functions: Vec<String>,
}

/// A component's manifest and what its code imports.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    pub manifest: Manifest,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// Bytes of the file.
    pub bytes: usize,
    /// Its imports from the plugin interface, by name.
    pub imports: Vec<Import>,
    /// The hooks it exports.
    pub exports: Vec<String>,
    /// The grants it requests: those of the manifest, and any others its imports need.
    pub asks: Vec<String>,
}

impl Inspection {
    /// A module that registers the requests and commands that the plugin answers, and never answers any: nobody else can answer them
    /// on the same domain.
    pub fn claiming(&self, name: &str) -> Arc<dyn Module> {
        Arc::new(Claiming::new(name.into(), self.manifest.hooks.values().cloned().collect()))
    }

    /// Inspects a compiled component.
    pub(crate) fn of(
        engine: &Engine,
        component: &Component,
        manifest: Manifest,
        digest: String,
        bytes: usize,
    ) -> Result<Self, LoadError> {
        let ty = component.component_type();
        let mut imports = Vec::new();
        for (name, item) in ty.imports(engine) {
            let functions = functions(engine, &item.ty);
            if let Some(interface) = host_interface(name)? {
                imports.push(Import { interface: interface.to_owned(), functions });
            }
        }
        let mut exports = Vec::new();
        for (name, _) in ty.exports(engine) {
            exports.extend(exported_hook(name)?);
        }
        agree(&manifest, &exports)?;
        let asks = asks(&manifest, &imports)?;
        Ok(Self { manifest, digest, bytes, imports, exports, asks })
    }

    /// All problems of the settings on one domain: the plugin's own table `base`, overridden by the domain's.
    pub fn check_config(&self, base: &Map<String, Value>, own: &Map<String, Value>) -> Vec<Problem> {
        let schema = &self.manifest.config;
        schema.problems(&schema.merge(base, own))
    }

    /// Whether its code uses a function of the host's.
    pub(crate) fn imports(&self, interface: &str, function: &str) -> bool {
        let mut of_it = self.imports.iter().filter(|import| import.interface == interface);
        of_it.any(|import| import.functions.iter().any(|one| one == function))
    }

    /// Whether it chooses default privacy lists.
    pub fn sets_default_lists(&self) -> bool {
        self.imports("screening", "set-default")
    }

    /// Whether it has accounts, so that the `auth` of a domain may name it.
    pub fn is_provider(&self) -> bool {
        self.exports.iter().filter_map(|name| Hook::from_name(name)).any(Hook::is_provider)
    }

    /// Whether it is to have an address of its own on each domain where it is enabled.
    pub fn has_address(&self) -> bool {
        self.manifest.hook(Hook::Service).is_some()
    }

    /// Checks whether these grants let it own an address.
    ///
    /// # Errors
    /// [`LoadError::Grant`] or [`LoadError::NotGranted`].
    pub fn check_address(&self, grants: &[String], address: &str) -> Result<(), LoadError> {
        owned(&Grants::parse(grants).map_err(LoadError::Grant)?, address)
    }

    /// Checks whether these grants suffice.
    ///
    /// # Errors
    /// [`LoadError::Grant`] or [`LoadError::NotGranted`].
    pub fn check_grants(&self, grants: &[String]) -> Result<(), LoadError> {
        self.covered(&Grants::parse(grants).map_err(LoadError::Grant)?)
    }

    /// Checks a failure policy of its hooks: a word, or a table from hook to word.
    ///
    /// # Errors
    /// [`LoadError::Policy`].
    pub fn check_policy(&self, policy: &Value) -> Result<(), LoadError> {
        crate::job::of(&self.manifest, Some(policy)).map(drop)
    }

    /// Refuses grants that do not cover what it asks for.
    pub(crate) fn covered(&self, grants: &Grants) -> Result<(), LoadError> {
        let missing = self.missing(grants)?;
        if missing.is_empty() { Ok(()) } else { Err(LoadError::NotGranted { missing }) }
    }

    fn missing(&self, grants: &Grants) -> Result<Vec<String>, LoadError> {
        let asked = Grants::parse(&self.asks).map_err(LoadError::Grant)?;
        let missing = asked.iter().filter(|one| !grants.contain(one));
        Ok(missing.map(ToString::to_string).collect())
    }
}

/// Refuses grants that do not let a plugin own an address.
pub(crate) fn owned(grants: &Grants, address: &str) -> Result<(), LoadError> {
    match grants.allow_for(SERVICE, "", address) {
        true => Ok(()),
        false => Err(LoadError::NotGranted { missing: vec![format!("{SERVICE}:{address}")] }),
    }
}

/// The manifest and the component must have the same hooks.
fn agree(manifest: &Manifest, exports: &[String]) -> Result<(), LoadError> {
    let wrong = |why: String| Err(LoadError::Manifest(why));
    if let Some(name) = manifest.hooks.keys().find(|name| !exports.contains(name)) {
        return wrong(format!("it names the hook `{name}`, which the component does not export"));
    }
    if let Some(name) = exports.iter().find(|name| !manifest.hooks.contains_key(*name)) {
        return wrong(format!("it does not name the hook `{name}`, which the component exports"));
    }
    if exports.is_empty() {
        return wrong("the component exports no hook".into());
    }
    Ok(())
}

/// What the manifest requests, and whatever else its imports and the content of its calls need.
fn asks(manifest: &Manifest, imports: &[Import]) -> Result<Vec<String>, LoadError> {
    let mut asks = manifest.grants.clone();
    let named = Grants::parse(&asks).map_err(LoadError::Grant)?;
    let functions = imports.iter().flat_map(|import| {
        import.functions.iter().map(move |function| (import.interface.as_str(), function.as_str()))
    });
    let owns = manifest.hook(Hook::Service).is_some();
    if owns && !named.allow(SERVICE, "") {
        asks.push(SERVICE.to_owned());
    }
    // From its own address it may send without a further grant.
    let is_free = |interface: &str| owns && matches!(interface, "routing" | "ask");
    let functions = functions.filter(|(interface, _)| !is_free(interface));
    let with_content = manifest.hooks.values().any(|hook| hook.want == Want::Xml);
    for (interface, function) in functions.chain(with_content.then_some(("call", "xml"))) {
        if !named.allow(interface, function) {
            asks.extend(grantable::asked(interface, function).filter(|one| !asks.contains(one)));
        }
    }
    Ok(asks)
}

/// The plugin interface of this import; `None` for a supported WASI interface.
fn host_interface(name: &str) -> Result<Option<&str>, LoadError> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    let forbidden = || LoadError::Forbidden { import: name.to_owned() };
    match interface.split_once('/') {
        Some((PACKAGE, short)) => {
            fits(interface, version)?;
            if HOST.contains(&short) { Ok(Some(short)) } else { Err(forbidden()) }
        }
        _ if wasi::has(interface) && version.starts_with("0.2.") => Ok(None),
        _ => Err(forbidden()),
    }
}

fn exported_hook(name: &str) -> Result<Option<String>, LoadError> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    match interface.split_once('/') {
        Some((PACKAGE, short)) if short == LIFECYCLE || Hook::from_name(short).is_some() => {
            fits(interface, version)?;
            Ok((short != LIFECYCLE).then(|| short.to_owned()))
        }
        _ => Err(LoadError::UnknownHook(name.to_owned())),
    }
}

/// The same major version, and no newer minor one.
fn fits(interface: &str, version: &str) -> Result<(), LoadError> {
    let numbers = |text: &str| {
        let mut parts = text.split('.').map(|part| part.parse::<u64>().ok());
        Some((parts.next()??, parts.next()??))
    };
    let fits = match (numbers(version), numbers(OFFERED)) {
        (Some((major, minor)), Some((our_major, our_minor))) => major == our_major && minor <= our_minor,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let (interface, wanted) = (interface.to_owned(), version.to_owned());
    Err(LoadError::Version { interface, wanted, offered: OFFERED })
}

fn functions(engine: &Engine, item: &ComponentItem) -> Vec<String> {
    let ComponentItem::ComponentInstance(instance) = item else { return Vec::new() };
    let is_function = |item: &ComponentItem| matches!(item, ComponentItem::ComponentFunc(_));
    let exports = instance.exports(engine);
    exports.filter(|(_, item)| is_function(&item.ty)).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_negotiated_in_words() {
        assert!(matches!(host_interface("castling:plugin/rates@1.0.3"), Ok(Some("rates"))));
        let newer = host_interface("castling:plugin/rates@1.3.0").unwrap_err();
        let words = "it needs castling:plugin/rates@1.3.0, but this server offers 1.0.0";
        assert_eq!(newer.to_string(), words);
        assert!(matches!(host_interface("castling:plugin/rates@2.0.0"), Err(LoadError::Version { .. })));
    }

    #[test]
    fn what_no_plugin_gets() {
        for name in [
            "wasi:filesystem/preopens@0.2.6",
            "wasi:sockets/tcp@0.2.6",
            "wasi:http/outgoing-handler@0.2.6",
            "wasi:cli/environment@0.3.0",
            "castling:plugin/secrets@1.0.0",
            "env",
        ] {
            assert!(matches!(host_interface(name), Err(LoadError::Forbidden { .. })), "{name}");
        }
        assert!(matches!(host_interface("wasi:cli/environment@0.2.3"), Ok(None)));
        assert!(matches!(exported_hook("castling:plugin/auth@1.0.0"), Err(LoadError::UnknownHook(_))));
    }
}
