//! Internal consistency of a configuration: names that must be declared, names that must differ, and keys
//! whose feature this version does not have.

use std::collections::HashMap;

use net::http::{Networks, ProxySettings};
use settings::{Complaint, Values, item, join};

use super::domain::Domain;
use super::externals;
use super::log_level;
use super::names;
use super::overlay::{self, Overlay};
use super::problem::{Problems, Severity};
use super::sources;
use super::types::Config;

/// Checks everything that depends only on the file.
pub fn check(config: &Config, overlay: &Overlay, demo: bool, problems: &mut Problems) {
    distinct_names(config, problems);
    listeners(config, problems);
    if config.auth.scram.is_empty() {
        let message = "no SCRAM hash is enabled, so passwords cannot be stored";
        let complaint = Complaint::new(message, "write scram = [\"sha-1\", \"sha-256\"]");
        problems.error("auth.scram", complaint);
    }
    for domain in &config.domains {
        auth(config, domain, problems);
        plugins(config, domain, problems);
        services(config, domain, problems);
        if domain.tls.is_none() && !demo {
            let message = format!("{} has no certificate, so a self-signed one is used", domain.name);
            let remedy = "add tls = { cert = \"FILE\", key = \"FILE\" }";
            problems.warning(&join(&domain.path, "tls"), Complaint::new(message, remedy));
        }
    }
    limits(config, problems);
    log(config, problems);
    proxies(config, problems);
    metrics(config, problems);
    stale(config, overlay, problems);
    sources::check(config, problems);
    externals::check(config, problems);
}

/// Domains, the addresses of their services and those of components must all differ.
fn distinct_names(config: &Config, problems: &mut Problems) {
    if config.domains.is_empty() {
        let complaint = Complaint::new("no domain is configured", "add a [[domain]] with a name");
        problems.warning("", complaint);
    }
    let domains = config.domains.iter().map(|domain| (&domain.name, join(&domain.path, "name")));
    let services = config.domains.iter().flat_map(|domain| {
        domain.services.iter().map(|(kind, name)| (name, join(&join(&domain.path, "services"), kind)))
    });
    let components =
        config.components.iter().map(|component| (&component.name, join(&component.path, "name")));
    let mut seen: HashMap<&str, String> = HashMap::new();
    for (name, path) in domains.chain(services).chain(components).filter(|(name, _)| !name.is_empty()) {
        match seen.get(name.as_str()) {
            None => drop(seen.insert(name, path)),
            Some(first) => {
                let at = problems.line(first).map_or_else(String::new, |line| format!(" on line {line}"));
                let complaint =
                    Complaint::new(format!("{name} is already declared{at}"), "remove one, or rename it");
                problems.error(&path, complaint);
            }
        }
    }
}

fn listeners(config: &Config, problems: &mut Problems) {
    let listen = &config.listen;
    let clients = [&listen.c2s, &listen.c2s_tls, &listen.c2s_plain, &listen.http, &listen.https];
    if clients.iter().all(|addresses| addresses.is_empty()) {
        let remedy = "add c2s = [\"ADDRESS:5222\"] to [listen]";
        let complaint = Complaint::new("no listener accepts clients", remedy);
        problems.warning("listen", complaint);
    }
}

fn auth(config: &Config, domain: &Domain, problems: &mut Problems) {
    let path = join(&domain.path, "auth");
    if domain.auth.is_empty() {
        let message = "`auth` is empty, so no user can log in";
        let complaint = Complaint::new(message, "write auth = [\"internal\"]");
        problems.error(&path, complaint);
    }
    for (index, provider) in domain.auth.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let path = item(&path, index);
        if provider != "internal" && !config.plugins.contains_key(provider) {
            problems.error(&path, undeclared(provider));
        }
        if domain.auth.iter().take(index).any(|earlier| earlier == provider) {
            problems.error(&path, Complaint::new(format!("{provider} is listed twice"), "remove one"));
        }
    }
}

fn plugins(config: &Config, domain: &Domain, problems: &mut Problems) {
    let path = join(&domain.path, "plugins");
    for (index, name) in domain.plugins.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if !config.plugins.contains_key(name) {
            problems.error(&item(&path, index), undeclared(name));
        }
        if domain.plugins.iter().take(index).any(|earlier| earlier == name) {
            let complaint = Complaint::new(format!("plugin {name} is listed twice"), "remove one");
            problems.error(&item(&path, index), complaint);
        }
    }
    for name in domain.config.keys().filter(|name| !config.plugins.contains_key(*name)) {
        problems.error(&join(&join(&domain.path, "config"), name), undeclared(name));
    }
}

fn undeclared(name: &str) -> Complaint {
    let message = format!("plugin {name:?} is not declared");
    let remedy = format!("declare [plugins.{name}] with its file, or run castling plugin install");
    Complaint::new(message, remedy)
}

/// Those of the server, if some domain has just these, then those of the domains that have others.
fn limits(config: &Config, problems: &mut Problems) {
    if config.domains.iter().any(|domain| domain.limits == config.limits) {
        unfit(&config.limits, "limits", "", problems);
    }
    for domain in config.domains.iter().filter(|domain| domain.limits != config.limits) {
        unfit(&domain.limits, &join(&domain.path, "limits"), &format!(" on {}", domain.name), problems);
    }
}

fn unfit(limits: &Values, path: &str, place: &str, problems: &mut Problems) {
    let limits: kernel::DomainLimits = limits.of();
    if limits.stream.stanza_bytes.bound() > limits.mailbox_bytes.bound() {
        let message = format!(
            "stanza_bytes is larger than mailbox_bytes{place}, so a mailbox cannot hold the largest stanza"
        );
        problems.error(path, Complaint::new(message, "raise mailbox_bytes or lower stanza_bytes"));
    }
}

fn log(config: &Config, problems: &mut Problems) {
    if log_level::is_silent(&config.log.level) {
        let message = "`level` switches the log off, errors included";
        problems.warning("log.level", Complaint::new(message, "write level = \"error\" to log errors only"));
    }
}

fn metrics(config: &Config, problems: &mut Problems) {
    let allow = Networks::parse(&config.metrics.allow).unwrap_or_default();
    if allow.contain_everyone() {
        let message = "`allow` includes every address: anybody can read the metrics, which name your domains";
        let complaint = Complaint::new(message, "list only the addresses that collect them");
        problems.warning("metrics.allow", complaint);
    }
}

fn proxies(config: &Config, problems: &mut Problems) {
    let ProxySettings { trusted_proxies } = config.limits.of();
    if trusted_proxies.contain_everyone() {
        let message =
            "`trusted_proxies` includes every address, so any client can claim another address, or TLS";
        let complaint = Complaint::new(message, "list only the addresses of your proxies");
        problems.warning("limits.trusted_proxies", complaint);
    }
}

/// Services that a later version will have.
const LATER_SERVICES: &[&str] = &["conference", "pubsub", "upload", "proxy"];

/// An address is a plugin's that is enabled on the domain.
fn services(config: &Config, domain: &Domain, problems: &mut Problems) {
    for (name, address) in &domain.services {
        let path = join(&join(&domain.path, "services"), name);
        if !config.plugins.contains_key(name) {
            if LATER_SERVICES.contains(&name.as_str()) {
                let message = format!("the service `{name}` is not supported by this version and is ignored");
                problems.warning(&path, Complaint::new(message, "leave it or remove it"));
            } else if names::plugin(name).is_ok() {
                problems.error(&path, undeclared(name));
            }
        } else if !domain.active.iter().any(|one| one.name == *name) && !address.is_empty() {
            let message =
                format!("plugin {name} is not enabled on {}, so {address} is not served", domain.name);
            let remedy =
                format!("add \"{name}\" to plugins of the domain, or run castling plugin enable {name}");
            problems.warning(&path, Complaint::new(message, remedy));
        }
    }
}

/// Changes by commands to what no longer exists.
fn stale(config: &Config, overlay: &Overlay, problems: &mut Problems) {
    let file = config.data_dir.join(overlay::FILE);
    for change in overlay.plugins.iter().filter(|change| !config.plugins.contains_key(&change.name)) {
        let message = format!("plugin {} was configured by command but is no longer declared", change.name);
        let remedy = format!("declare it again, or run castling plugin remove {}", change.name);
        problems.elsewhere(&file, Severity::Warning, Complaint::new(message, remedy));
    }
    for (name, plugin) in &config.plugins {
        let Some(declared) = &plugin.replaced else { continue };
        let message = "not in use: `castling plugin install` or `reload` has put a copy or another version in its place";
        let remedy = format!("to use it, run castling plugin reload {name} {}", names::argument(declared));
        problems.warning(&join(&join("plugins", name), "file"), Complaint::new(message, remedy));
    }
    for name in overlay.purging() {
        let message = format!("the accounts of {name} are being deleted (castling domain remove --purge)");
        match config.domain(name) {
            None => {
                let remedy = "leave it: an interrupted deletion continues when the server starts";
                problems.elsewhere(&file, Severity::Warning, Complaint::new(message, remedy));
            }
            Some(domain) => {
                let message = message + "; as the domain is declared again, those that remain are kept";
                let remedy = "remove the domain from the file if they are to be deleted";
                problems.warning(&domain.path, Complaint::new(message, remedy));
            }
        }
    }
}
