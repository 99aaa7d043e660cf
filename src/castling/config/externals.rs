//! The external components of a configuration: what is served of them, and what is wrong with them.

use settings::{Complaint, item, join};
use stream::component::{ComponentLimits, ComponentOptions};

use super::external::{External, read};
use super::origin::Origin;
use super::overlay;
use super::problem::{Problems, Severity};
use super::types::Config;

/// The components that can be served beside these domains.
///
/// # Errors
/// The secret of one cannot be read.
pub fn options(config: &Config) -> Result<Vec<ComponentOptions>, String> {
    let served: Vec<&str> =
        config.domains.iter().filter(|domain| domain.enabled).map(|domain| domain.name.as_str()).collect();
    config.components.iter().filter_map(|one| one.options(&served).transpose()).collect()
}

/// Checks what depends only on the file.
pub(super) fn check(config: &Config, problems: &mut Problems) {
    if !config.components.is_empty() && config.listen.component.is_empty() {
        let complaint = Complaint::new(
            "components are declared, but no listener accepts them",
            "add component = [\"127.0.0.1:5347\"] to [listen]",
        );
        problems.warning("listen.component", complaint);
    }
    for (index, address) in config.listen.component.iter().enumerate() {
        if address.0.is_some_and(|address| !address.ip().is_loopback()) {
            let message = "components connect without TLS, and this is not a loopback address";
            let remedy = "listen on 127.0.0.1, or where only trusted machines can connect and listen";
            problems.warning(&item("listen.component", index), Complaint::new(message, remedy));
        }
    }
    for component in &config.components {
        one(config, component, problems);
    }
}

fn one(config: &Config, component: &External, problems: &mut Problems) {
    let path = &component.path;
    match (&component.secret, &component.secret_file) {
        (None, None) => {
            let message = format!("component {} has no secret", component.name);
            problems.error(&join(path, "name"), Complaint::new(message, "add secret_file = \"FILE\""));
        }
        (Some(_), Some(_)) => {
            let message = "secret and secret_file are both set; the file is used";
            problems.warning(&join(path, "secret"), Complaint::new(message, "remove one of them"));
        }
        _ => {}
    }
    for (index, domain) in component.domains.iter().enumerate() {
        if config.domain(domain).is_some() {
            continue;
        }
        let message = format!("{domain} is not a domain of this server");
        match component.origin {
            Origin::File => {
                let complaint = Complaint::new(message, "correct it, or declare it as a [[domain]]");
                problems.error(&item(&join(path, "domains"), index), complaint);
            }
            Origin::Command => {
                let remedy = format!("castling component remove {}, or add the domain", component.name);
                let file = config.data_dir.join(overlay::FILE);
                problems.elsewhere(&file, Severity::Warning, Complaint::new(message, remedy));
            }
        }
    }
    let limits: ComponentLimits = component.limits.of();
    if limits.stanza_bytes.bound() > limits.queue_bytes.bound() {
        let message = "stanza_bytes is larger than queue_bytes, so the queue cannot hold the largest stanza";
        let complaint = Complaint::new(message, "raise queue_bytes or lower stanza_bytes");
        problems.error(&join(path, "limits"), complaint);
    }
}

/// Checks the files.
pub(super) fn check_files(config: &Config, problems: &mut Problems) {
    for component in &config.components {
        let Some(file) = component.secret_file.as_ref().filter(|file| !file.as_os_str().is_empty()) else {
            continue;
        };
        if let Err(why) = read(file) {
            let remedy = "correct the path, or let the server's user read the file";
            problems.error(&join(&component.path, "secret_file"), Complaint::new(why, remedy));
        }
    }
}
