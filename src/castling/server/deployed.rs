//! The plugins in force: which are running, and what stands in the place of those that are not.

use std::collections::BTreeMap;
use std::sync::Arc;

use admin::CommandError;
use kernel::Module;
use wasm::{DeployOptions, Deployment, DomainSettings};

use super::beside::Beside;
use crate::config::{Domain, Origin, Plugin};
use crate::plugins::{Standing, stays};

/// The plugins that some domain uses, by name.
#[derive(Default)]
pub(super) struct Deployed(BTreeMap<String, One>);

#[derive(Clone)]
pub(super) enum One {
    Running(Running),
    /// It could not be loaded when the server started.
    Absent(Absent),
}

#[derive(Clone)]
pub(super) struct Running {
    pub deployment: Arc<Deployment>,
    pub module: Arc<dyn Module>,
    /// The options that it was to have: it is kept while these and its component are the same.
    pub options: Arc<DeployOptions>,
    /// Why its component could not be read again.
    pub lost: Option<String>,
    /// The domains that it is not in force on, for their settings, since the server started.
    pub left_out: BTreeMap<String, Absent>,
}

/// What stands in the place of a plugin.
#[derive(Clone)]
pub(super) struct Absent {
    pub error: String,
    /// Those that it was to have.
    pub options: Arc<DeployOptions>,
    /// `None`: nothing is known of it.
    pub module: Option<Arc<dyn Module>>,
}

/// Why a plugin does not come into force.
pub(super) struct Trouble {
    pub error: CommandError,
    /// The only domain that it is about.
    pub domain: Option<String>,
}

impl From<CommandError> for Trouble {
    fn from(error: CommandError) -> Self {
        Self { error, domain: None }
    }
}

impl One {
    /// Whether a command leaves a running plugin as it is: a component that was replaced meanwhile waits for a reload.
    pub fn is_same(&self, beside: &Beside<'_>, name: &str, plugin: &Plugin, options: &DeployOptions) -> bool {
        beside.keeps(name, plugin) && matches!(self, Self::Running(running) if *running.options == *options)
    }

    pub fn running(&self) -> Option<&Running> {
        match self {
            Self::Running(running) => Some(running),
            Self::Absent(_) => None,
        }
    }

    /// The settings of a domain on which it is not in force.
    pub fn left_out(&self, domain: &str) -> Option<&DomainSettings> {
        let options = match self {
            Self::Running(running) => &running.left_out.get(domain)?.options,
            Self::Absent(absent) => &absent.options,
        };
        options.domains.iter().find(|one| one.domain == domain)
    }

    fn module(&self, domain: &Domain) -> Option<Arc<dyn Module>> {
        match self {
            Self::Running(running) => match running.left_out.get(&domain.name) {
                Some(absent) => absent.module.clone(),
                None => Some(running.module.clone()),
            },
            Self::Absent(absent) => absent.module.clone(),
        }
    }

    /// What the operator should know.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Absent(absent) => vec![format!("not loaded: {}", absent.error)],
            Self::Running(running) => {
                let lost = running.lost.iter().map(stays);
                let left_out = running.left_out.iter();
                let left_out = left_out.map(|(on, absent)| format!("not loaded on {on}: {}", absent.error));
                lost.chain(left_out).collect()
            }
        }
    }
}

impl Running {
    /// Whether the configuration names another component; only those kept by content tell.
    pub fn is_other(&self, plugin: &Plugin) -> bool {
        let kept = plugin.file_origin == Origin::Command;
        kept && plugin.file.file_stem().is_some_and(|stem| stem != self.deployment.digest())
    }
}

impl Deployed {
    pub fn insert(&mut self, name: &str, one: One) {
        self.0.insert(name.to_owned(), one);
    }

    pub fn get(&self, name: &str) -> Option<&One> {
        self.0.get(name)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The modules of a domain's plugins, in order.
    pub fn modules(&self, domain: &Domain) -> Vec<Arc<dyn Module>> {
        let active = domain.active.iter().filter_map(|plugin| self.0.get(&plugin.name));
        active.filter_map(|one| one.module(domain)).collect()
    }

    /// What the operator should know: plugins that are not loaded, or not on all their domains, or whose component is lost.
    pub fn notes(&self) -> Vec<String> {
        self.0.values().flat_map(One::notes).collect()
    }

    /// Those that are running.
    pub fn running(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.0.values().filter_map(One::running).map(|running| &running.deployment)
    }

    /// Each plugin and domain, and whether it is in force there.
    pub fn in_force(&self) -> Vec<(&str, &str, bool)> {
        let mut all = Vec::new();
        for (name, one) in &self.0 {
            match one {
                One::Absent(absent) => {
                    all.extend(absent.options.domains.iter().map(|on| (&**name, &*on.domain, false)));
                }
                One::Running(running) => {
                    let domains = running.options.domains.iter().map(|on| on.domain.as_str());
                    all.extend(domains.map(|on| (&**name, on, !running.left_out.contains_key(on))));
                }
            }
        }
        all
    }

    pub fn standing(&self, name: &str) -> Standing {
        match self.0.get(name) {
            None => Standing::Idle,
            Some(One::Absent(absent)) => Standing::Absent(absent.error.clone()),
            Some(One::Running(running)) => Standing::Running {
                at_work: running.deployment.at_work(),
                plugin: running.deployment.plugin().clone(),
                left_out: running
                    .left_out
                    .iter()
                    .map(|(name, one)| (name.clone(), one.error.clone()))
                    .collect(),
            },
        }
    }
}
