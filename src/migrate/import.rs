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
    Fate, Kind, Leftover, MigrateError, Mode, Order, RawUser, Reason, Report, Server, Skipped, Source,
    Survey, Tally, Target, digest,
};

/// The most users, and about the most bytes, of a batch.
const USERS: usize = 128;
const BYTES: usize = 1 << 19;
/// Batches that wait to be applied, and that are being applied.
const WAITING: usize = 2;
const UNDER_WAY: usize = 3;
/// The most users, and bytes, that wait for others whose names are spelt as theirs should be.
const LATE: usize = 10_000;
const LATE_BYTES: usize = 64 << 20;

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
        begun: false,
        complete: false,
        error: None,
        damaged: false,
        notes: Vec::new(),
        tally: Tally::default(),
        foreign_passwords: Default::default(),
    };
    let (seen, late) = (HashSet::new(), Users::default());
    let mut run = Run { target, order, runtime: runtime.clone(), seen, late, served: Vec::new() };
    match run.all(&mut *source, &mut report, force, progress).await {
        Ok(()) => Ok(report),
        Err(error) => {
            report.error = Some(error.to_string());
            Err((report, error))
        }
    }
}

struct Run {
    target: Arc<dyn Target>,
    order: Order,
    runtime: Runtime,
    /// Digests of the accounts that have come.
    seen: HashSet<u64>,
    /// Users whose names are not spelt as they should be: somebody of that name may still come.
    late: Users,
    served: Vec<String>,
}

/// Users, and about how many bytes they take.
#[derive(Default)]
struct Users {
    all: Vec<RawUser>,
    bytes: usize,
}

impl Users {
    fn add(&mut self, user: RawUser) {
        self.bytes += user.bytes();
        self.all.push(user);
    }

    /// Whether there are so many, or they take so many bytes.
    fn reach(&self, users: usize, bytes: usize) -> bool {
        self.all.len() >= users || self.bytes >= bytes
    }

    /// Those of a batch, if there are so many.
    fn batch(&mut self) -> Option<Vec<RawUser>> {
        self.reach(USERS, BYTES).then(|| std::mem::take(self).all)
    }
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
        self.order.keep_missing = survey.damaged;
        progress.begins(&survey);
        report.begun = true;
        let leftovers = self.users(source, report, progress).await?;
        report.damaged = survey.damaged || leftovers.iter().any(|one| self.is_lost(&one.rows));
        self.leftovers(leftovers, &mut report.tally);
        if !report.tally.counts.values().any(|kinds| kinds.contains_key(&Kind::Account)) {
            return Err(MigrateError::source("the source has no accounts — is it the right one?"));
        }
        if self.order.wants(Kind::Account) && !report.damaged && !survey.lacks_accounts {
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
        self.map_is_of(survey)?;
        let (mut here, mut from) = (Vec::new(), Vec::new());
        let mut not_served = Vec::new();
        for host in &survey.hosts {
            let Some(host) = Jid::parse(host).ok().filter(Jid::is_domain) else { continue };
            match self.order.place(host.domain(), self.served.iter().map(String::as_str)) {
                Place::Domain(domain) if !here.contains(&domain) => {
                    here.push(domain);
                    from.push(host.domain().to_owned());
                }
                Place::Domain(domain) if !from.iter().any(|one| one == host.domain()) => {
                    return Err(MigrateError::source(format!(
                        "two domains of the source would become {domain}, where the same name is one person — import one \
                         with --domain {}, or map them to different ones",
                        host.domain()
                    )));
                }
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

    /// Whether the source has all domains that have another name here.
    fn map_is_of(&self, survey: &Survey) -> Result<(), MigrateError> {
        let in_source = |name: &&String| {
            survey.hosts.iter().any(|host| Jid::parse(host).is_ok_and(|jid| jid.domain() == *name))
        };
        match self.order.map.keys().find(|name| !in_source(name)) {
            Some(unknown) => Err(MigrateError::source(format!(
                "--map: the source has no domain {unknown} — it has {}",
                survey.hosts.join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// All users; what the source has besides.
    async fn users(
        &mut self,
        source: &mut dyn Source,
        report: &mut Report,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Leftover>, MigrateError> {
        let handle = tokio::runtime::Handle::current();
        let mut under_way: VecDeque<Batch> = VecDeque::new();
        let this = &mut *self;
        // Sources may block: not on one of the runtime's threads.
        std::thread::scope(|scope| {
            // Here, so that after an error it goes before the reader is waited for, who would wait for room in it.
            let (sender, mut batches) = mpsc::channel(WAITING);
            scope.spawn(move || handle.block_on(read(source, sender)));
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    let mut leftovers = Vec::new();
                    while let Some(read) = batches.recv().await {
                        match read? {
                            Read::End(notes, rest) => {
                                report.notes.extend(notes);
                                leftovers = rest;
                                let late = std::mem::take(&mut this.late).all;
                                for users in batches_of(late) {
                                    make_room(&mut under_way, report, progress).await?;
                                    under_way.push_back(this.begin(users, &mut report.tally, true));
                                }
                            }
                            Read::Batch(users) => {
                                make_room(&mut under_way, report, progress).await?;
                                under_way.push_back(this.begin(users, &mut report.tally, false));
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

    /// `is_end`: no others come.
    fn begin(&mut self, users: Vec<RawUser>, tally: &mut Tally, is_end: bool) -> Batch {
        let all = if is_end { 0 } else { users.len() as u64 };
        let users = users.into_iter().filter_map(|user| self.once(user, tally, is_end)).collect();
        let (target, order) = (self.target.clone(), self.order.clone());
        let applying = async move { target.apply(&order, users).await };
        (all, self.runtime.tasks.spawn("import", applying))
    }

    /// The user, unless it has come already. Whose account could not be read has not gone either.
    fn once(&mut self, user: RawUser, tally: &mut Tally, is_end: bool) -> Option<RawUser> {
        if user.accounts.is_empty() && !user.skipped.iter().any(|one| one.kind == Kind::Account) {
            return Some(user);
        }
        let host = Jid::parse(&user.host).ok()?;
        let Ok(local) = prep_local(&user.local) else { return Some(user) };
        if local != user.local && !is_end && !self.late.reach(LATE, LATE_BYTES) {
            self.late.add(user);
            return None;
        }
        let domain = self.order.renamed(host.domain());
        if self.seen.insert(digest::key(&[domain, &local])) {
            return Some(user);
        }
        let reason = if local == user.local { Reason::Duplicate } else { Reason::SameButForCase };
        crate::intake::refuse_all(&user, domain, reason, "the user came twice", tally);
        None
    }

    /// Whether it stands for a file of which nobody knows what was in it. A row of a database is nobody's that was imported.
    fn is_lost(&self, rows: &Skipped) -> bool {
        self.order.server == Server::Xep0227 && rows.kind == Kind::Account && rows.reason.hides()
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
            if gone.len() > all / 2 && !force && self.order.mode != Mode::Verify {
                let gone = gone.len();
                return Err(MigrateError::source(format!(
                    "{gone} of the {all} accounts of {domain} that were imported are not in the source any more — is it the \
                     right one, and the whole of it? If they are to be deleted here, add --force"
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

fn batches_of(users: Vec<RawUser>) -> Vec<Vec<RawUser>> {
    let (mut batches, mut next) = (Vec::new(), Users::default());
    for user in users {
        next.add(user);
        batches.extend(next.batch());
    }
    batches.push(next.all);
    batches
}

/// Waits until one more batch may be under way.
async fn make_room(
    under_way: &mut VecDeque<Batch>,
    report: &mut Report,
    progress: &mut dyn Progress,
) -> Result<(), MigrateError> {
    match under_way.len() == UNDER_WAY {
        true => finish(under_way.pop_front(), report, progress).await,
        false => Ok(()),
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
    let mut next = Users::default();
    loop {
        match source.next().await {
            Ok(Some(user)) => {
                next.add(user);
                if let Some(users) = next.batch()
                    && to.send(Ok(Read::Batch(users))).await.is_err()
                {
                    return;
                }
            }
            Ok(None) => {
                // Whoever has gone misses nothing.
                let _ = to.send(Ok(Read::Batch(next.all))).await;
                let _ = to.send(Ok(Read::End(source.notes(), source.leftovers()))).await;
                return;
            }
            Err(error) => {
                let _ = to.send(Ok(Read::Batch(next.all))).await;
                let _ = to.send(Err(error)).await;
                return;
            }
        }
    }
}
