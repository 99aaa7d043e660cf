//! From configured domains to served ones.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use admin::CommandError;
use auth::Chain;
use kernel::{Brand, Conflict, Farewell, Host, HostOptions, Module, Served, Web};
use runtime::Runtime;
use tokio::time::timeout;
use xmpp::Jid;

use super::Server;
use super::beside::Beside;
use super::deployed::Deployed;
use super::federation;
use super::standing::Standing;
use crate::config::{Config, Domain, Loaded, ResourceConflict, components, sources};
use crate::failure::Failure;

/// The plugin platform of a configuration.
pub fn platform(loaded: &Loaded, runtime: &Runtime) -> Result<Arc<wasm::Platform>, Failure> {
    let options = wasm::PlatformOptions::new(&loaded.config.data_dir, runtime.clone());
    let options = wasm::PlatformOptions {
        plugins: loaded.config.plugins.len(),
        limits: loaded.config.limits.of(),
        compiler: Some(crate::compiler::compiler()),
        ..options
    };
    wasm::Platform::new(options).map_err(|e| Failure::Message(e.to_string()))
}

/// The longest time a domain's certificate is kept after the domain is removed.
const LEAVE: Duration = Duration::from_secs(300);

/// A configuration put in force; stanzas in progress may still use what it has replaced.
pub(super) struct InForce {
    notes: Vec<String>,
    farewell: Farewell,
    _replaced: (Deployed, Standing),
}

impl InForce {
    /// Adds notes for the operator.
    pub fn noting(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(more);
        self
    }

    /// Notes for the operator, returned once nothing uses the replaced parts any more. No lock must be held
    /// meanwhile: one stanza can take long.
    pub async fn notes(self) -> Vec<String> {
        let Self { mut notes, farewell, .. } = self;
        if !farewell.gone().await {
            notes.push("some stanzas are still being processed with the previous configuration".into());
        }
        notes
    }
}

impl Server {
    /// Applies a configuration: adds, changes and removes domains; sessions of remaining domains are not
    /// affected.
    ///
    /// # Errors
    /// A plugin does not load or refuses its settings; nothing is changed then.
    pub(super) async fn apply(&self, loaded: &Loaded, beside: Beside<'_>) -> Result<InForce, CommandError> {
        let config = &loaded.config;
        let before = beside.before.map(Config::served).unwrap_or_default();
        let served: Vec<&Domain> = config.domains.iter().filter(|domain| domain.enabled).collect();
        let components = components(config).map_err(|why| {
            CommandError::new(why).remedy("correct its secret_file, or let the server's user read the file")
        })?;
        let deployed = self.deploy(config, &beside).await?;
        let mut standing = self.standing.lock().await;
        let mut next = Standing::default();
        let mut domains = Vec::with_capacity(served.len());
        for domain in &served {
            let mut modules = deployed.modules(domain);
            modules.extend(standing.modules(domain, &mut next)?);
            modules.extend(self.components.module(&domain.name, &components));
            domains.push(self.served(domain, before.get(domain.name.as_str()).copied(), modules)?);
        }
        let components = self.components.prepare(components);
        let served_now = self.kernel.serve_with(domains, Some(components.links())).await;
        let farewell = served_now.map_err(|taken| {
            CommandError::new(taken.to_string()).remedy("disable one of them, or give it another address")
        })?;
        self.components.put_in_force(components);
        let random = &self.kernel.runtime().random;
        let (policies, said) = federation::policies(&self.federation, config, random, !beside.by_command);
        self.s2s.put_in_force(policies, config.limits.of(), config.limits.of());
        deployed.running().for_each(|deployment| self.platform.in_force(deployment));
        self.platform.provide(&deployed.running().collect::<Vec<_>>());
        let mut notes = if beside.at_start.is_some() { Vec::new() } else { deployed.notes() };
        notes.extend(said);
        let replaced = std::mem::replace(&mut *self.deployed.lock(), deployed);
        let replaced = (replaced, std::mem::replace(&mut *standing, next));
        drop(standing);
        // The configuration was checked: what is mistaken about a source has been refused before.
        if let Err(error) = self.sources.put_in_force(sources(config)) {
            notes.push(format!("data sources are unchanged: {error}"));
        }
        if !beside.by_command {
            let look = crate::sources::log_faults(sources(config));
            self.kernel.runtime().tasks.spawn("look at data sources", look);
        }
        for domain in &served {
            let had = before.get(domain.name.as_str()).filter(|_| beside.by_command);
            let has_it = had.is_some_and(|had| had.tls == domain.tls);
            if !has_it || self.tls.for_domain(&domain.name).is_none() {
                notes.extend(self.certificate(config, domain));
            }
        }
        let names: HashSet<&str> = served.iter().map(|domain| domain.name.as_str()).collect();
        for host in self.kernel.hosts().iter().filter(|host| !names.contains(host.name())) {
            match beside.purged.iter().any(|name| name == host.name()) {
                true => self.kernel.close_host(host).await,
                false => self.kernel.retire_host(host).await,
            }
            self.forget_certificate(host);
        }
        Ok(InForce { notes, farewell, _replaced: replaced })
    }

    /// Clients of a removed domain must still be sent an error on new connections: over BOSH every request
    /// may be one. Its certificate is removed when none of its sessions can be left.
    fn forget_certificate(&self, host: &Host) {
        let inactivity = host.options().limits.bosh.bosh_inactivity.bound() as u64;
        let wait = Duration::from_secs(inactivity).min(LEAVE);
        let (kernel, tls, name) = (self.kernel.clone(), self.tls.clone(), host.name().to_owned());
        self.kernel.runtime().tasks.spawn("certificate", async move {
            let drained = timeout(wait, kernel.runtime().tasks.drained_signal()).await.is_ok();
            if !drained && kernel.host(&name).is_none_or(|host| !host.is_enabled()) {
                tls.remove(&name);
            }
        });
    }

    /// A domain in the kernel's form. It keeps its options as long as nothing of them has changed, so that its sessions are not told of
    /// a change, and its table need not be built anew. `before`: what is in force; nothing fails between the kernel's change and that
    /// of the configuration, so that they belong together.
    fn served(
        &self,
        domain: &Domain,
        before: Option<&Domain>,
        modules: Vec<Arc<dyn Module>>,
    ) -> Result<Served, CommandError> {
        let is_same = |before: &Domain| {
            Arc::ptr_eq(&before.declared, &domain.declared) || has_same_options(before, domain)
        };
        match before.is_some_and(is_same).then(|| self.kernel.host(&domain.name)).flatten() {
            Some(host) => Ok(Served { jid: host.jid().clone(), options: host.options(), modules }),
            None => as_served(domain, self.chain(domain), modules),
        }
    }

    fn chain(&self, domain: &Domain) -> Chain {
        let provider = |name: &String| match name.as_str() {
            "internal" => self.internal.clone() as Arc<dyn auth::Provider>,
            plugin => self.providers.of(plugin),
        };
        Chain::new(domain.auth.iter().map(provider).collect(), self.decoys.clone())
    }

    /// Loads the domain's certificate. If it cannot be read, the old one stays in use.
    fn certificate(&self, config: &Config, domain: &Domain) -> Vec<String> {
        let loaded = match &domain.tls {
            Some(tls) => self.tls.load(&domain.name, &tls.cert, &tls.key),
            None => self.tls.self_signed(&domain.name, &config.data_dir.join("certificates")),
        };
        let mut notes: Vec<String> = match loaded {
            Ok(loaded) => loaded.warnings.iter().map(|w| format!("{}: {w}", domain.name)).collect(),
            Err(error) => {
                vec![format!("{error} — {}; a certificate already in use remains in use", error.remedy())]
            }
        };
        let file = domain.tls.as_ref().and_then(|tls| tls.client_ca.as_ref());
        match file.map(|file| net::Roots::file(file)).transpose() {
            Ok(roots) => self.tls.set_client_ca(&domain.name, roots),
            Err(error) => {
                let remedy = error.remedy();
                notes.push(format!("{error} — {remedy}; issuers already trusted remain trusted"));
            }
        }
        notes
    }
}

/// A configured domain in the kernel's form.
///
/// # Errors
/// Its name is not a valid domain.
pub(super) fn as_served(
    domain: &Domain,
    auth: Chain,
    modules: Vec<Arc<dyn Module>>,
) -> Result<Served, CommandError> {
    let jid =
        Jid::domain_only(&domain.name).map_err(|e| CommandError::new(format!("{}: {e}", domain.name)))?;
    Ok(Served { jid, options: host_options(domain, auth).into(), modules })
}

/// Whether the kernel's options of a domain come out the same.
fn has_same_options(one: &Domain, other: &Domain) -> bool {
    one.limits == other.limits
        && one.resource_conflict == other.resource_conflict
        && one.auth == other.auth
        && one.brand == other.brand
        && one.origins == other.origins
        && one.web == other.web
        && one.admins == other.admins
}

fn host_options(domain: &Domain, auth: Chain) -> HostOptions {
    HostOptions {
        limits: domain.limits.of(),
        conflict: match domain.resource_conflict {
            ResourceConflict::Replace => Conflict::Replace,
            ResourceConflict::Refuse => Conflict::Refuse,
            ResourceConflict::Rename => Conflict::Rename,
        },
        auth,
        brand: Brand {
            title: domain.brand.title.clone().unwrap_or_default(),
            color: domain.brand.color.clone().unwrap_or_default(),
        },
        web: Web {
            origins: domain.origins.clone(),
            websocket: domain.web.websocket.clone(),
            bosh: domain.web.bosh.clone(),
            see_other_uri: domain.web.see_other_uri.clone(),
        },
        admins: domain.admins.iter().filter_map(|jid| Jid::parse(jid).ok()).collect(),
    }
}
