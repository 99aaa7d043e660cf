//! Which domains and links are served: prepared beside what is in force, and published in one swap.

use std::sync::Arc;

use hashbrown::HashSet;
use xmpp::{Jid, StreamCondition, StreamError};

use crate::hooks::registrar::Site;
use crate::route::address::Addresses;
use crate::route::taken::Taken;
use crate::{Destination, Farewell, Host, HostOptions, HostTable, Kernel, Link, Module};

/// A domain to be served.
pub struct Served {
    pub jid: Jid,
    /// Its configuration; the same `Arc` as long as nothing in it has changed.
    pub options: Arc<HostOptions>,
    /// Its modules: plugins first, in their order.
    pub modules: Vec<Arc<dyn Module>>,
}

/// Links, each with the domain that leads to it.
pub type Links = Vec<(Box<str>, Arc<dyn Link>)>;

/// A host with its next options and table.
type Prepared = (Arc<Host>, Arc<HostOptions>, Arc<HostTable>);

impl Kernel {
    /// Serves domains, all published in one swap. Domains already served get new options and modules; their
    /// sessions stay. Stanzas in progress may still use the replaced tables: the returned value can be
    /// awaited.
    ///
    /// # Errors
    /// Two owners claim the same address or the same requests. Nothing is changed then.
    pub async fn serve(&self, domains: Vec<Served>) -> Result<Farewell, Taken> {
        self.serve_with(domains, None).await
    }

    /// As [`serve`](Self::serve), with these links and no others, each with the domain that leads to it.
    ///
    /// # Errors
    /// As for [`serve`](Self::serve).
    pub async fn serve_with(&self, domains: Vec<Served>, links: Option<Links>) -> Result<Farewell, Taken> {
        let mut next = self.publishing.lock().await;
        let mut first = *next;
        let mut addresses = self.tables.load().addresses.clone();
        if links.is_some() {
            addresses.remove_links();
        }
        let hosts = domains.iter().filter_map(|one| match addresses.destination(one.jid.domain())? {
            Destination::Host(host) => Some(host.index()),
            _ => None,
        });
        let hosts = hosts.collect();
        addresses.remove_services_of(&hosts);
        let mut made = Vec::with_capacity(domains.len());
        for served in domains {
            made.push(self.prepare(served, &mut addresses, &mut first)?);
        }
        for (host, _, table) in &made {
            for service in &table.registered.services {
                addresses.take(service.domain(), Destination::Service(service.clone()))?;
            }
            if let Some(taken) = table.registered.taken.first() {
                return Err(Taken { what: format!("{} on {}", taken.what, host.name()), ..taken.clone() });
            }
        }
        for (domain, link) in links.unwrap_or_default() {
            addresses.take(&domain, Destination::Link(link))?;
        }
        *next = first;
        let mut tables = Vec::with_capacity(made.len());
        for (host, options, table) in made {
            host.set_options(options);
            host.set_writers(&table.registered.writers);
            tables.push((host.index(), Some(table)));
        }
        Ok(self.publish(tables, addresses, next))
    }

    /// The host and its table, not yet published. What is the same as before is kept.
    fn prepare(
        &self,
        Served { jid, options, modules }: Served,
        addresses: &mut Addresses,
        index: &mut usize,
    ) -> Result<Prepared, Taken> {
        let host = match addresses.destination(jid.domain()) {
            Some(Destination::Host(host)) => host.clone(),
            _ => {
                let host = Arc::new(Host::new(*index, jid.clone(), options.clone()));
                addresses.take(jid.domain(), Destination::Host(host.clone()))?;
                *index += 1;
                host
            }
        };
        let before = self.table(&host).filter(|_| Arc::ptr_eq(&host.options(), &options));
        let site = Site { host: &host, options: &options, counters: self.counters() };
        let table = HostTable::build(site, &modules, before.as_ref());
        Ok((host, options, table))
    }

    /// Publishes tables. The guard makes concurrent publishing impossible.
    pub(crate) fn publish(
        &self,
        changes: Vec<(usize, Option<Arc<HostTable>>)>,
        addresses: Addresses,
        _guard: tokio::sync::MutexGuard<'_, usize>,
    ) -> Farewell {
        let old = self.tables.load_full();
        let farewell = Farewell::of(&old);
        self.tables.store(Arc::new(old.with(changes, addresses)));
        farewell
    }

    /// Closes a domain: new sessions are refused and existing ones end. Its tables stay, so that its accounts
    /// can be deleted.
    pub async fn close_host(self: &Arc<Self>, host: &Arc<Host>) {
        host.set_enabled(false);
        for account in host.accounts.all() {
            for resource in account.resources() {
                let error = StreamError::new(StreamCondition::HostGone);
                self.kick(&resource, error.text("this domain is no longer served here")).await;
            }
        }
    }

    /// Stops serving a domain: closes it, then removes its tables, services and name.
    pub async fn retire_host(self: &Arc<Self>, host: &Arc<Host>) {
        self.close_host(host).await;
        let guard = self.publishing.lock().await;
        let mut addresses = self.tables.load().addresses.clone();
        addresses.remove(host.name());
        addresses.remove_services_of(&HashSet::from([host.index()]));
        drop(self.publish(vec![(host.index(), None)], addresses, guard));
    }
}
