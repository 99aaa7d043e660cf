//! Puts users of a source into the store: a batch at a time, each user whole or not at all.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use auth::new_keys;
use runtime::Runtime;
use storage::{AccountState, Hash, ImportChange, ImportedAccount, ScramKeys, StorageError, Store};

use crate::concurrent::{ConcurrentUse, Names};
use crate::domain::Domain;
use crate::intake::Intake;
use crate::merge::{AccountDecision, decide_account, is_as_imported, merge};
use crate::person::Person;
use crate::{BoxFuture, Kind, MigrateError, Mode, OnConflict, Order, RawUser, Reason, Tally, Target, verify};

/// Accounts in a page of those that were imported.
const PAGE: u32 = 500;

/// How keys are made of passwords.
#[derive(Clone, Debug)]
pub struct Hashing {
    pub hashes: Vec<Hash>,
    pub iterations: u32,
}

/// Imports into a store.
#[derive(Clone)]
pub struct Importer(Arc<Inner>);

struct Inner {
    store: Store,
    runtime: Runtime,
    domains: Vec<Domain>,
    hashing: Hashing,
    in_use: Arc<dyn ConcurrentUse>,
}

/// A user and the account here.
struct Pair {
    person: Person,
    state: Option<AccountState>,
    decision: AccountDecision,
}

impl Pair {
    /// The account as it is now. What was decided of its password holds, unless that has changed meanwhile.
    fn see(&mut self, order: &Order, state: Option<AccountState>) {
        let kept = |state: &Option<AccountState>| state.as_ref().map(|state| state.kept.mark());
        if kept(&self.state) != kept(&state) {
            self.decision = decide_account(order, &self.person, state.as_ref());
        }
        self.state = state;
    }
}

impl Importer {
    /// An importer for these domains. `in_use`: who uses the accounts meanwhile.
    pub fn new(
        store: Store,
        runtime: Runtime,
        domains: Vec<Domain>,
        hashing: Hashing,
        in_use: Arc<dyn ConcurrentUse>,
    ) -> Self {
        Self(Arc::new(Inner { store, runtime, domains, hashing, in_use }))
    }

    async fn batch(&self, order: Order, users: Vec<RawUser>) -> Result<Tally, MigrateError> {
        let order = Arc::new(order);
        let (mut tally, people) = self.checked(&order, users).await?;
        if people.is_empty() {
            return Ok(tally);
        }
        let names: Vec<_> =
            people.iter().map(|person| (person.domain.clone(), person.local.clone())).collect();
        let states = self.0.store.imports().find(order.server.number(), &names).await?;
        if order.mode == Mode::Verify {
            let pairs: Vec<_> = people.into_iter().zip(states).collect();
            return blocking(move || verify::compare(&order, pairs, tally)).await;
        }
        let pairs = self.decided(&order, people.into_iter().zip(states).collect()).await?;
        let merged = match order.mode {
            Mode::Write => self.written(&order, &names, self.with_keys(pairs).await?).await?,
            _ => blocking(move || merged(&order, pairs)).await??,
        };
        merged.into_iter().for_each(|one| tally.add(one.tally));
        Ok(tally)
    }

    /// Writes what follows for each user, while nobody else changes the accounts.
    async fn written(
        &self,
        order: &Arc<Order>,
        names: &Names,
        mut pairs: Vec<Pair>,
    ) -> Result<Vec<Merged>, MigrateError> {
        let held = self.0.in_use.hold(names).await?;
        if self.0.in_use.may_change() {
            let states = self.0.store.imports().find(order.server.number(), names).await?;
            for (pair, state) in pairs.iter_mut().zip(states) {
                pair.see(order, state);
            }
            pairs = self.with_keys(pairs).await?;
        }
        let order = order.clone();
        let mut merged = blocking(move || merged(&order, pairs)).await??;
        let written = self.write(&mut merged).await;
        held.written(written.as_ref().cloned().unwrap_or_default()).await;
        written.map(|_| merged)
    }

    /// The users as they are to stand here, each once.
    async fn checked(
        &self,
        order: &Arc<Order>,
        users: Vec<RawUser>,
    ) -> Result<(Tally, Vec<Person>), MigrateError> {
        let (order, this) = (order.clone(), self.clone());
        blocking(move || {
            let now_us = this.0.runtime.clock.now_us();
            let intake = Intake { order: &order, domains: &this.0.domains, now_us };
            let mut tally = Tally::default();
            let people = users.into_iter().filter_map(|user| intake.take(user, &mut tally)).collect();
            (tally, people)
        })
        .await
    }

    async fn decided(
        &self,
        order: &Arc<Order>,
        pairs: Vec<(Person, Option<AccountState>)>,
    ) -> Result<Vec<Pair>, MigrateError> {
        let order = order.clone();
        self.in_parallel(pairs, move |(person, state)| {
            let decision = decide_account(&order, &person, state.as_ref());
            Pair { person, state, decision }
        })
        .await
    }

    /// Makes the keys that are wanted, on all cores.
    async fn with_keys(&self, pairs: Vec<Pair>) -> Result<Vec<Pair>, MigrateError> {
        if !pairs.iter().any(|pair| pair.decision.wants_keys().is_some()) {
            return Ok(pairs);
        }
        let this = self.clone();
        self.in_parallel(pairs, move |mut pair| {
            let Some(password) = pair.decision.wants_keys() else { return pair };
            let Hashing { hashes, iterations } = &this.0.hashing;
            match new_keys(&*this.0.runtime.random, hashes, *iterations, password) {
                Ok(keys) => pair.decision = pair.decision.with_keys(keys),
                Err(error) => {
                    let why = error.to_string();
                    pair.person.remark(Kind::Account, Reason::UnusablePassword, "password", &why);
                    pair.decision = pair.decision.with_keys(Vec::<ScramKeys>::new());
                }
            }
            pair
        })
        .await
    }

    /// Each on one of the cores, in order.
    async fn in_parallel<A, B>(
        &self,
        items: Vec<A>,
        each: impl Fn(A) -> B + Clone + Send + 'static,
    ) -> Result<Vec<B>, MigrateError>
    where
        A: Send + 'static,
        B: Send + 'static,
    {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        // A server that runs has something else to do.
        let cores = if self.0.in_use.may_change() { (cores / 2).max(1) } else { cores };
        let share = items.len().div_ceil(cores).max(1);
        let mut rest = items.into_iter();
        let mut parts = Vec::with_capacity(cores);
        loop {
            let part: Vec<A> = rest.by_ref().take(share).collect();
            if part.is_empty() {
                break;
            }
            let each = each.clone();
            parts.push(tokio::task::spawn_blocking(move || part.into_iter().map(each).collect::<Vec<B>>()));
        }
        let mut all = Vec::new();
        for part in parts {
            all.extend(part.await.map_err(interrupted)?);
        }
        Ok(all)
    }

    /// Writes the changes together; if the database refuses that, each by itself. The names of new accounts.
    async fn write(&self, merged: &mut [Merged]) -> Result<Names, MigrateError> {
        let mut created = Names::new();
        let mut together = Vec::new();
        for (at, one) in merged.iter_mut().enumerate() {
            together.extend(one.change.take().map(|change| (at, change)));
        }
        if together.is_empty() {
            return Ok(created);
        }
        let (places, changes): (Vec<_>, Vec<_>) = together.into_iter().unzip();
        let changes: Arc<[ImportChange]> = changes.into();
        let imports = self.0.store.imports();
        match imports.write(changes.clone()).await {
            Ok(results) => {
                for ((at, change), result) in places.into_iter().zip(&*changes).zip(results) {
                    settle(
                        merged.get_mut(at),
                        change,
                        result.map_err(|error| error.to_string()),
                        &mut created,
                    );
                }
            }
            Err(error) if is_of_a_row(&error) => {
                for (at, change) in places.into_iter().zip(&*changes) {
                    let result = match imports.write([change.clone()].into()).await {
                        Ok(results) => {
                            results.into_iter().next().map_or(Ok(0), |one| one.map_err(|e| e.to_string()))
                        }
                        Err(error) if is_of_a_row(&error) => Err(error.to_string()),
                        Err(error) => return Err(error.into()),
                    };
                    settle(merged.get_mut(at), change, result, &mut created);
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(created)
    }
}

/// What has become of one user.
struct Merged {
    tally: Tally,
    change: Option<ImportChange>,
}

fn settle(
    merged: Option<&mut Merged>,
    change: &ImportChange,
    result: Result<i64, String>,
    created: &mut Names,
) {
    match (result, &change.account) {
        (Ok(_), ImportedAccount::New { account, .. }) => {
            created.push((account.domain.clone(), account.local.clone()))
        }
        (Ok(_), ImportedAccount::Existing(_)) => {}
        (Err(why), _) => merged.into_iter().for_each(|one| one.tally.refuse(&why)),
    }
}

/// Whether another row may be written all the same.
fn is_of_a_row(error: &StorageError) -> bool {
    matches!(error, StorageError::Constraint(_) | StorageError::Database(_))
}

fn merged(order: &Order, pairs: Vec<Pair>) -> Result<Vec<Merged>, MigrateError> {
    let each = |Pair { person, state, decision }: Pair| {
        let mut tally = Tally::default();
        let change = merge(order, person, state.as_ref(), decision, &mut tally)?;
        Ok(Merged { tally, change })
    };
    pairs.into_iter().map(each).collect()
}

/// Runs what takes CPU time where it holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, MigrateError> {
    tokio::task::spawn_blocking(work).await.map_err(interrupted)
}

fn interrupted(error: tokio::task::JoinError) -> MigrateError {
    MigrateError::source(format!("the import was interrupted: {error}"))
}

impl Target for Importer {
    fn domains(&self) -> BoxFuture<'_, Result<Vec<String>, MigrateError>> {
        let names = self.0.domains.iter().map(|domain| domain.name.clone());
        Box::pin(std::future::ready(Ok(names.collect())))
    }

    fn apply<'a>(
        &'a self,
        order: &'a Order,
        users: Vec<RawUser>,
    ) -> BoxFuture<'a, Result<Tally, MigrateError>> {
        Box::pin(self.batch(order.clone(), users))
    }

    fn imported<'a>(
        &'a self,
        order: &'a Order,
        domain: &'a str,
        after: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, MigrateError>> {
        Box::pin(async move {
            let page = self.0.store.imports().accounts_of(order.server.number(), domain, after, PAGE).await?;
            Ok(page.into_iter().map(|(_, local)| local).collect())
        })
    }

    fn remove<'a>(
        &'a self,
        order: &'a Order,
        domain: &'a str,
        locals: Vec<String>,
    ) -> BoxFuture<'a, Result<Tally, MigrateError>> {
        Box::pin(self.remove_accounts(order, domain, locals))
    }

    fn foreign<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<u64, MigrateError>> {
        Box::pin(async move { Ok(self.0.store.accounts().count_secrets(domain).await?) })
    }
}

impl Importer {
    async fn remove_accounts(
        &self,
        order: &Order,
        domain: &str,
        locals: Vec<String>,
    ) -> Result<Tally, MigrateError> {
        let names: Names = locals.into_iter().map(|local| (domain.to_owned(), local)).collect();
        let states = self.0.store.imports().find(order.server.number(), &names).await?;
        let mut tally = Tally::default();
        for state in states.into_iter().flatten() {
            let local = &state.account.local;
            if order.mode == Mode::Verify {
                tally.list(domain, local, Kind::Account, Reason::Differs, "the account", "only here");
                continue;
            }
            let is_unused = is_as_imported(&state) && !self.0.in_use.is_online(domain, local);
            match (is_unused, order.on_conflict) {
                (false, OnConflict::Keep) => {
                    tally.list(domain, local, Kind::Account, Reason::Kept, "it is gone in the source", "");
                }
                (false, OnConflict::Fail) => {
                    return Err(MigrateError::Conflict(format!(
                        "{local}@{domain}, which is gone in the source,"
                    )));
                }
                (true, _) | (false, OnConflict::Replace) => {
                    if order.mode == Mode::Write {
                        self.0.in_use.delete(state.account.id, domain, local).await?;
                    }
                    tally.of(domain, Kind::Account).removed += 1;
                    tally.list(domain, local, Kind::Account, Reason::Gone, "", "");
                }
            }
        }
        Ok(tally)
    }
}
