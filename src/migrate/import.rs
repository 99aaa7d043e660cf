//! Drives an import: reads ahead on a thread of its own, has few batches under way, and counts.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashSet;
use runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use xmpp::{Jid, prep_local};

use crate::order::Place;
use crate::{
    Fate, Kind, Leftover, MigrateError, Mode, Order, RawUser, Reason, Report, Source, Survey, Tally, Target,
    digest,
};

/// The most users, and about the most bytes, of a batch.
const USERS: usize = 128;
const BYTES: usize = 1 << 19;
/// Batches that wait to be applied, and that are being applied.
const WAITING: usize = 2;
const UNDER_WAY: usize = 3;
/// So many accounts may be gone in the source; more only if they are not most of all.
const FEW: usize = 10;

/// What an import tells meanwhile.
pub trait Progress: Send {
    /// The source has been looked at.
    fn begins(&mut self, survey: &Survey);
    /// So many more users are done.
    fn users(&mut self, users: u64);
}

/// What comes of the thread that reads.
enum Read {
    Batch(Vec<RawUser>),
    End(Vec<String>, Vec<Leftover>),
}

/// Imports all users of a source. `force`: accounts that are gone in the source are deleted here even if they are most of
/// all.
///
/// # Errors
/// The source cannot be read, or the target cannot be written, to the end. What was written stays; the import can be
/// repeated.
pub async fn import(
    mut source: Box<dyn Source>,
    target: Arc<dyn Target>,
    order: Order,
    runtime: &Runtime,
    force: bool,
    progress: &mut dyn Progress,
) -> Result<Report, (Report, MigrateError)> {
    let mut report = Report {
        server: order.server,
        mode: order.mode,
        complete: false,
        notes: Vec::new(),
        tally: Tally::default(),
        foreign_passwords: Default::default(),
    };
    let mut run = Run { target, order, runtime: runtime.clone(), seen: HashSet::new(), served: Vec::new() };
    match run.all(&mut *source, &mut report, force, progress).await {
        Ok(()) => Ok(report),
        Err(error) => Err((report, error)),
    }
}

struct Run {
    target: Arc<dyn Target>,
    order: Order,
    runtime: Runtime,
    /// Digests of the accounts that have come.
    seen: HashSet<u64>,
    served: Vec<String>,
}

type Batch = (u64, JoinHandle<Result<Tally, MigrateError>>);

impl Run {
    async fn all(
        &mut self,
        source: &mut dyn Source,
        report: &mut Report,
        force: bool,
        progress: &mut dyn Progress,
    ) -> Result<(), MigrateError> {
        self.served = self.target.domains().await?;
        let survey = source.survey().await?;
        report.notes.clone_from(&survey.notes);
        let domains = self.domains(&survey)?;
        progress.begins(&survey);
        let leftovers = self.users(source, report, progress).await?;
        self.leftovers(leftovers, &mut report.tally);
        if self.order.wants(Kind::Account) && self.order.mode != Mode::Verify {
            self.gone(&domains, &mut report.tally, force).await?;
        }
        for domain in domains {
            let foreign = self.target.foreign(&domain).await?;
            if foreign > 0 {
                report.foreign_passwords.insert(domain, foreign);
            }
        }
        report.complete = true;
        Ok(())
    }

    /// The domains here that the import is about.
    fn domains(&self, survey: &Survey) -> Result<Vec<String>, MigrateError> {
        let mut here = Vec::new();
        let mut not_served = Vec::new();
        for host in &survey.hosts {
            let Some(host) = Jid::parse(host).ok().filter(Jid::is_domain) else { continue };
            match self.order.place(host.domain(), self.served.iter().map(String::as_str)) {
                Place::Domain(domain) if !here.contains(&domain) => here.push(domain),
                Place::NotServed => not_served.push(host.domain().to_owned()),
                Place::Domain(_) | Place::NotChosen => {}
            }
        }
        let known = |chosen: &String| {
            here.contains(chosen) || here.iter().any(|domain| domain == self.order.renamed(chosen))
        };
        if let Some(unknown) = self.order.domains.iter().find(|chosen| !known(chosen)) {
            let there = survey.hosts.join(", ");
            let why = format!("{unknown} is not a domain both of the source ({there}) and of this server");
            return Err(MigrateError::source(format!(
                "{why} — name one with --domain, or map its name with --map"
            )));
        }
        match here.is_empty() && !survey.hosts.is_empty() {
            true => Err(MigrateError::source(format!(
                "none of the source's domains ({}) is a domain of this server ({}) — add it to the configuration, or map \
                 its name with --map OLD=NEW",
                not_served.join(", "),
                self.served.join(", ")
            ))),
            false => Ok(here),
        }
    }

    /// All users; what the source has besides.
    async fn users(
        &mut self,
        source: &mut dyn Source,
        report: &mut Report,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Leftover>, MigrateError> {
        let (sender, mut batches) = mpsc::channel(WAITING);
        let handle = tokio::runtime::Handle::current();
        let mut under_way: VecDeque<Batch> = VecDeque::new();
        let this = &mut *self;
        // Sources may block: not on one of the runtime's threads.
        std::thread::scope(|scope| {
            scope.spawn(move || handle.block_on(read(source, sender)));
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    let mut leftovers = Vec::new();
                    while let Some(read) = batches.recv().await {
                        match read? {
                            Read::End(notes, rest) => {
                                report.notes.extend(notes);
                                leftovers = rest;
                            }
                            Read::Batch(users) => {
                                if under_way.len() == UNDER_WAY {
                                    finish(under_way.pop_front(), report, progress).await?;
                                }
                                under_way.push_back(this.begin(users, &mut report.tally));
                            }
                        }
                    }
                    while let Some(batch) = under_way.pop_front() {
                        finish(Some(batch), report, progress).await?;
                    }
                    Ok(leftovers)
                })
            })
        })
    }

    fn begin(&mut self, users: Vec<RawUser>, tally: &mut Tally) -> Batch {
        let all = users.len() as u64;
        let users = users.into_iter().filter_map(|user| self.once(user, tally)).collect();
        let (target, order) = (self.target.clone(), self.order.clone());
        let applying = async move { target.apply(&order, users).await };
        (all, self.runtime.tasks.spawn("import", applying))
    }

    /// The user, unless it has come already.
    fn once(&mut self, user: RawUser, tally: &mut Tally) -> Option<RawUser> {
        if user.accounts.is_empty() {
            return Some(user);
        }
        let host = Jid::parse(&user.host).ok()?;
        let Ok(local) = prep_local(&user.local) else { return Some(user) };
        let domain = self.order.renamed(host.domain());
        if self.seen.insert(digest::key(&[domain, &local])) {
            return Some(user);
        }
        crate::intake::refuse_all(&user, domain, Reason::Duplicate, "the user came twice", tally);
        None
    }

    fn leftovers(&self, leftovers: Vec<Leftover>, tally: &mut Tally) {
        for Leftover { host, rows } in leftovers {
            let host = Jid::parse(&host).map_or(host, |jid| jid.domain().to_owned());
            let (domain, reason) = match self.order.place(&host, self.served.iter().map(String::as_str)) {
                Place::Domain(domain) => (domain, rows.reason),
                Place::NotChosen => (host, Reason::DomainNotChosen),
                Place::NotServed => (host, rows.reason),
            };
            tally.read(&domain, rows.kind, rows.rows, Fate::Skipped(reason));
            if reason.is_listed() {
                tally.list(&domain, "", rows.kind, reason, &rows.key, &rows.detail);
            }
        }
    }

    /// Accounts that were imported and are gone in the source go here, too.
    async fn gone(&self, domains: &[String], tally: &mut Tally, force: bool) -> Result<(), MigrateError> {
        for domain in domains {
            let (mut after, mut gone, mut all) = (String::new(), Vec::new(), 0_usize);
            loop {
                let page = self.target.imported(&self.order, domain, &after).await?;
                let Some(last) = page.last().cloned() else { break };
                all += page.len();
                gone.extend(
                    page.into_iter().filter(|local| !self.seen.contains(&digest::key(&[domain, local]))),
                );
                after = last;
            }
            if gone.len() > FEW && gone.len() > all / 2 && !force {
                let gone = gone.len();
                return Err(MigrateError::source(format!(
                    "{gone} of the {all} accounts of {domain} that were imported are not in the source any more — is it \
                     the right one? If they are to be deleted here, add --force"
                )));
            }
            while !gone.is_empty() {
                let some = gone.split_off(gone.len().saturating_sub(USERS));
                tally.add(self.target.remove(&self.order, domain, some).await?);
            }
        }
        Ok(())
    }
}

async fn finish(
    batch: Option<Batch>,
    report: &mut Report,
    progress: &mut dyn Progress,
) -> Result<(), MigrateError> {
    let Some((users, applying)) = batch else { return Ok(()) };
    let applied = applying.await.map_err(|error| MigrateError::source(error.to_string()))?;
    report.tally.add(applied?);
    progress.users(users);
    Ok(())
}

/// Reads to the end, or until nobody takes it.
async fn read(source: &mut dyn Source, to: mpsc::Sender<Result<Read, MigrateError>>) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    loop {
        match source.next().await {
            Ok(Some(user)) => {
                bytes += user.bytes();
                batch.push(user);
                if batch.len() < USERS && bytes < BYTES {
                    continue;
                }
                bytes = 0;
                if to.send(Ok(Read::Batch(std::mem::take(&mut batch)))).await.is_err() {
                    return;
                }
            }
            Ok(None) => {
                // Whoever has gone misses nothing.
                let _ = to.send(Ok(Read::Batch(batch))).await;
                let _ = to.send(Ok(Read::End(source.notes(), source.leftovers()))).await;
                return;
            }
            Err(error) => {
                let _ = to.send(Ok(Read::Batch(batch))).await;
                let _ = to.send(Err(error)).await;
                return;
            }
        }
    }
}
