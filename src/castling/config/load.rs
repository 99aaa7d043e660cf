//! Loads a configuration file and collects its problems.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use settings::{Checker, Complaint, Section, Values, join, waiting};
use toml::de::DeTable;

use super::document::{Places, Source};
use super::domain::{Declared, Domain};
use super::domain_keys::domain;
use super::effective;
use super::external::External;
use super::external_keys::component;
use super::keys::ROOT;
use super::names::{self, changed, prepared};
use super::origin::Origin;
use super::overlay::{self, Overlay};
use super::problem::{Problems, Severity};
use super::references;
use super::s2s;
use super::syntax;
use super::tree;
use super::types::Config;

/// The demo's configuration.
const DEMO: &str = include_str!("demo.toml");

/// The demo's name in messages.
const DEMO_NAME: &str = "the built-in demo configuration";

/// A loaded configuration, with all problems found so far.
pub struct Loaded {
    /// The configuration; usable only if `problems` has no fatal ones.
    pub config: Config,
    /// The changes made by commands.
    pub overlay: Overlay,
    /// Problems, and the location of each key.
    pub problems: Problems,
    /// Whether there is no file and this is the demo.
    pub demo: bool,
    /// What the file says.
    pub file: Arc<FileSays>,
}

/// A file as it was read: the configuration without the changes made by commands.
pub struct FileSays {
    /// Its values, defaults filled in.
    pub values: FileValues,
    config: Config,
    problems: Problems,
}

/// The values of a file, for comparison with later ones. They may contain passwords and are never shown.
#[derive(Clone)]
pub struct FileValues(Map<String, Value>);

impl Loaded {
    /// Whether changes by commands are stored.
    pub fn has_overlay(&self) -> bool {
        self.config.data_dir.join(overlay::FILE).exists()
    }

    /// The same with other changes by commands. The file is not read again: what was edited in it waits for a reload.
    pub fn with(&self, overlay: &Overlay) -> Self {
        with_overlay(self.file.clone(), self.demo, Some((overlay, &self.config)))
    }

    /// Declares the removed domains again whose accounts were not all deleted when the last process ended, so that it can be
    /// done now. One that the file declares meanwhile keeps what is left of it, for good.
    ///
    /// # Errors
    /// The overlay cannot be written.
    pub fn take_up_purges(&mut self) -> io::Result<Vec<String>> {
        let names: Vec<String> = self.overlay.purging().map(str::to_owned).collect();
        let (kept, gone): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| self.config.domain(name).is_some());
        for name in &kept {
            tracing::warn!(domain = %name, "declared again before its accounts were deleted: the rest are kept");
            self.overlay.domains.remove(name);
        }
        if !kept.is_empty() {
            // Else the deletion would go on as soon as the file no longer declares the domain.
            self.overlay.save(&self.config.data_dir)?;
        }
        let limits = &self.config.limits;
        let domains: Vec<_> = gone.iter().filter_map(|name| new_domain(name, limits)).collect();
        self.config.domains.extend(domains.into_iter().map(|one| Domain { enabled: true, ..one.into() }));
        Ok(gone)
    }
}

impl FileValues {
    /// Paths of keys that a later file changes and that take effect at the next start.
    pub fn waiting(&self, later: &Self) -> Vec<String> {
        waiting(&ROOT, &self.0, &later.0)
    }
}

/// Reads `file`, or `./castling.toml`, or else the demo's configuration, and the overlay of its data
/// directory.
///
/// # Errors
/// The file cannot be read; this is then the only problem.
pub fn load(file: Option<&Path>) -> Result<Loaded, Problems> {
    read(file, None)
}

/// The same for a running server, whose data directory stays.
///
/// # Errors
/// As [`load`].
pub fn load_again(file: Option<&Path>, data_dir: &Path) -> Result<Loaded, Problems> {
    read(file, Some(data_dir))
}

fn read(file: Option<&Path>, data_dir: Option<&Path>) -> Result<Loaded, Problems> {
    let default = Path::new("castling.toml");
    let Some(file) = file.or_else(|| default.exists().then_some(default)) else {
        return Ok(parse(&Source::new(DEMO_NAME, DEMO), Path::new(""), true, data_dir));
    };

    let name = file.display().to_string();
    let problem = |message: String, remedy: &str| {
        let mut problems = Problems::new(&Source::new(name.clone(), ""), Places::default());
        problems.error("", Complaint::new(message, remedy));
        problems
    };
    let bytes = fs::read(file).map_err(|error| {
        problem(format!("cannot read the configuration: {error}"), "name an existing file with --config")
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        problem(format!("line {line} is not valid UTF-8"), "save the file as UTF-8")
    })?;
    let base = file.parent().unwrap_or(Path::new(""));
    Ok(parse(&Source::new(name.clone(), text), base, false, data_dir))
}

/// Parses a configuration whose paths are relative to `base`. `data_dir`: another data directory than its own.
pub fn parse(source: &Source, base: &Path, demo: bool, data_dir: Option<&Path>) -> Loaded {
    with_overlay(Arc::new(parse_file(source, base, data_dir)), demo, None)
}

/// What a file says by itself. `data_dir`: another data directory than its own.
fn parse_file(source: &Source, base: &Path, data_dir: Option<&Path>) -> FileSays {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut problems = Problems::new(source, Places::of(source, table.get_ref()));
    if let Some(fault) = syntax::first(source, &errors) {
        problems.syntax(fault);
    }
    let mut checker = Checker::new().root(ROOT.clone());
    let mut values = checker.section(&tree::table(table.get_ref()), &ROOT, "");
    for settings::Problem { path, message, remedy, see } in checker.into_problems() {
        let line = see.and_then(|see| problems.line(&see));
        let place = line.map_or_else(String::new, |line| format!(" (line {line})"));
        problems.error(&path, Complaint { message, remedy: remedy + &place });
    }
    spread_limits(&mut values);
    let mut config = typed(values.clone(), &mut problems);
    share_limits(&mut config);
    resolve_paths(&mut config, base);
    if let Some(data_dir) = data_dir {
        config.data_dir = data_dir.to_owned();
    }
    prepare_names(&mut config, &mut problems);
    FileSays { values: FileValues(values), config, problems }
}

/// The configuration of a file with the changes made by commands: those of its data directory, or others with the configuration
/// that they change.
fn with_overlay(file: Arc<FileSays>, demo: bool, other: Option<(&Overlay, &Config)>) -> Loaded {
    let (mut config, mut problems) = (file.config.clone(), file.problems.clone());
    let overlay = match other {
        Some((overlay, _)) => overlay.clone(),
        None => stored(&config.data_dir, &mut problems),
    };
    for name in overlay.domains.keys().filter(|name| names::domain(name).is_err()) {
        let complaint = Complaint::new(format!("{name:?} is not a valid domain"), "remove it from the file");
        problems.elsewhere(&config.data_dir.join(overlay::FILE), Severity::Error, complaint);
    }
    let limits = config.limits.clone();
    let added: HashMap<_, _> = other.into_iter().flat_map(|(_, before)| before.added()).collect();
    effective::apply(&mut config, &overlay, |name| {
        added.get(name).map(|one| (*one).clone()).or_else(|| new_domain(name, &limits))
    });
    effective::add_components(&mut config, &overlay, new_component);
    references::check(&config, &overlay, demo, &mut problems);
    Loaded { config, overlay, problems, demo, file }
}

/// The changes made by commands that are stored.
fn stored(data_dir: &Path, problems: &mut Problems) -> Overlay {
    Overlay::load(data_dir).unwrap_or_else(|error| {
        let message = format!("cannot read the changes made by commands: {error}");
        let remedy = match error.kind() {
            io::ErrorKind::PermissionDenied => "run as the server's user",
            _ => "restore the file, or remove it to drop the changes",
        };
        let complaint = Complaint::new(message, remedy);
        problems.elsewhere(&data_dir.join(overlay::FILE), Severity::Error, complaint);
        Overlay::default()
    })
}

/// The checker returns a tree of the right shape whatever the file says, so this fails only where the schema
/// and the types differ; a test covers every key.
fn typed(tree: Map<String, Value>, problems: &mut Problems) -> Config {
    serde_json::from_value(Value::Object(tree)).unwrap_or_else(|error| {
        problems.error("", Complaint::new(format!("cannot be used: {error}"), "report this as a bug"));
        empty()
    })
}

fn empty() -> Config {
    let tree = defaults(&ROOT);
    #[expect(clippy::expect_used, reason = "the defaults fit the types: a test loads an empty file")]
    serde_json::from_value(Value::Object(tree)).expect("defaults fit")
}

/// The defaults of a table.
fn defaults(section: &Section) -> Map<String, Value> {
    Checker::new().section(&[], section, "")
}

/// Gives each domain the server's limits, overridden by its own.
fn spread_limits(tree: &mut Map<String, Value>) {
    let Some(Value::Object(server)) = tree.get("limits").cloned() else { return };
    let Some(Value::Array(domains)) = tree.get_mut("domain") else { return };
    for limits in domains.iter_mut().filter_map(|domain| domain.get_mut("limits")) {
        let mut merged = server.clone();
        if let Value::Object(own) = limits.take() {
            merged.extend(own);
        }
        *limits = Value::Object(merged);
    }
}

/// Domains without limits of their own have the server's, not a copy of them.
fn share_limits(config: &mut Config) {
    for domain in config.domains.iter_mut().map(|domain| Arc::make_mut(&mut domain.declared)) {
        if domain.limits == config.limits {
            domain.limits = config.limits.clone();
        }
    }
}

/// A domain with only a name.
fn new_domain(name: &str, limits: &Values) -> Option<Arc<Declared>> {
    let mut tree = defaults(&domain());
    tree.insert("name".into(), name.into());
    let declared: Declared = serde_json::from_value(Value::Object(tree)).ok()?;
    Some(Arc::new(Declared { limits: limits.clone(), origin: Origin::Command, ..declared }))
}

/// A component with only a name.
fn new_component(name: &str) -> Option<External> {
    let mut tree = defaults(&component());
    tree.insert("name".into(), name.into());
    let declared: External = serde_json::from_value(Value::Object(tree)).ok()?;
    Some(External { origin: Origin::Command, ..declared })
}

/// Normalizes names, so that they can be compared.
fn prepare_names(config: &mut Config, problems: &mut Problems) {
    for domain in config.domains.iter_mut().map(|domain| Arc::make_mut(&mut domain.declared)) {
        if let Some(name) = changed(&domain.name).filter(|_| names::domain(&domain.name).is_ok()) {
            let message = format!("the domain {:?} becomes {name:?} when normalized", domain.name);
            let remedy = format!("write {name:?} if that is intended, or choose another name");
            problems.warning(&join(&domain.path, "name"), Complaint::new(message, remedy));
        }
        domain.name = prepared(&domain.name);
        domain.services.values_mut().for_each(|name| *name = prepared(name));
        s2s::prepare(&mut domain.s2s);
    }
    for component in &mut config.components {
        component.name = prepared(&component.name);
        component.domains.iter_mut().for_each(|name| *name = prepared(name));
    }
}

fn resolve_paths(config: &mut Config, base: &Path) {
    // An empty path is a missing one, already reported; it must not cause further problems.
    let resolve = |path: &mut PathBuf| {
        if !path.as_os_str().is_empty() {
            *path = base.join(&*path);
        }
    };
    resolve(&mut config.data_dir);
    config.storage.password_file.iter_mut().for_each(resolve);
    config.plugins.values_mut().for_each(|plugin| resolve(&mut plugin.file));
    for source in config.datasources.values_mut() {
        base.clone_into(&mut source.base);
        source.password_file.iter_mut().for_each(resolve);
    }
    config.components.iter_mut().filter_map(|one| one.secret_file.as_mut()).for_each(resolve);
    for domain in config.domains.iter_mut().map(|domain| Arc::make_mut(&mut domain.declared)) {
        domain.s2s.roots.iter_mut().for_each(resolve);
        let Some(tls) = &mut domain.tls else { continue };
        resolve(&mut tls.cert);
        resolve(&mut tls.key);
        tls.client_ca.iter_mut().for_each(resolve);
    }
}
