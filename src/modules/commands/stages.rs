//! Commands that wait for their clients: how many, and for how long.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use kernel::{CommandAction, CommandActions, CommandError};
use parking_lot::Mutex;
use xmpp::Jid;
use xmpp::form::Form;

use super::asked::Wish;

/// Commands of one client that wait for it; beyond it the one that has waited longest is given up.
const PER_CLIENT: usize = 10;
/// Commands that wait on one host; beyond it the account that has most of them gives up the one that has waited longest.
const PER_HOST: usize = 1000;
/// How long a command waits for its client.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
/// Ids of which a client is told that they have expired, instead of that they never were.
const REMEMBERED: usize = 20;

/// A command that waits for its client.
#[derive(Clone)]
pub(super) struct Stage {
    pub id: Arc<str>,
    /// The client's account.
    pub account: Jid,
    pub node: Arc<str>,
    /// The language that it was begun in.
    pub lang: Option<Arc<str>>,
    pub actions: CommandActions,
    /// Fields that have to be filled in.
    pub required: Vec<Box<str>>,
    /// The handler's.
    pub state: Vec<u8>,
    /// By the monotonic clock.
    pub until: Duration,
}

impl Stage {
    /// What a request means here.
    pub fn action(&self, wish: Wish, form: Option<&Form>) -> Result<CommandAction, CommandError> {
        let action = match wish {
            Wish::Do(action) => action,
            Wish::Execute => self.actions.execute(),
            Wish::Cancel => return Err(CommandError::BadAction),
        };
        if !self.actions.allow(action) {
            return Err(CommandError::BadAction);
        }
        let filled =
            |var: &str| form.is_some_and(|form| form.values(var).iter().any(|value| !value.is_empty()));
        match action == CommandAction::Prev || self.required.iter().all(|var| filled(var)) {
            true => Ok(action),
            false => Err(CommandError::BadPayload),
        }
    }
}

/// The commands of one host that wait, by the id of the client's session. So they cannot be taken up by another one.
#[derive(Default)]
pub(super) struct Stages(Mutex<HashMap<u64, Vec<Stage>>>);

impl Stages {
    /// One that waits for this client.
    pub fn get(&self, client: u64, id: &str, now: Duration) -> Option<Stage> {
        let stages = self.0.lock();
        stages.get(&client)?.iter().find(|stage| *stage.id == *id && stage.until > now).cloned()
    }

    /// Keeps a command that waits, in place of its earlier stage.
    pub fn put(&self, client: u64, stage: Stage, now: Duration) {
        let mut all = self.0.lock();
        remove(&mut all, client, |one| one.id == stage.id);
        all.retain(|_, stages| {
            stages.retain(|stage| stage.until > now);
            !stages.is_empty()
        });
        let count = all.values().map(Vec::len).sum::<usize>();
        let own = all.entry(client).or_default();
        own.push(stage);
        if own.len() > PER_CLIENT {
            own.remove(0);
        } else if count >= PER_HOST {
            give_up_one(&mut all);
        }
    }

    /// One has ended.
    pub fn remove(&self, client: u64, id: &str) {
        remove(&mut self.0.lock(), client, |stage| *stage.id == *id);
    }

    /// The client's session has ended.
    pub fn forget(&self, client: u64) {
        self.0.lock().remove(&client);
    }
}

/// The oldest of the account that has most: so nobody's commands take the room for those of others.
fn give_up_one(all: &mut HashMap<u64, Vec<Stage>>) {
    if let Some((client, id)) = oldest_of_most(all) {
        remove(all, client, |stage| stage.id == id);
    }
}

fn oldest_of_most(all: &HashMap<u64, Vec<Stage>>) -> Option<(u64, Arc<str>)> {
    let mut counts: HashMap<&Jid, usize> = HashMap::new();
    for stage in all.values().flatten() {
        *counts.entry(&stage.account).or_default() += 1;
    }
    let most = counts.values().max().copied();
    let stages = all.iter().flat_map(|(client, stages)| stages.iter().map(move |stage| (*client, stage)));
    let of_most = stages.filter(|(_, stage)| counts.get(&stage.account).copied() == most);
    of_most.min_by_key(|(_, stage)| stage.until).map(|(client, stage)| (client, stage.id.clone()))
}

fn remove(all: &mut HashMap<u64, Vec<Stage>>, client: u64, is_it: impl Fn(&Stage) -> bool) {
    if let Some(stages) = all.get_mut(&client) {
        stages.retain(|stage| !is_it(stage));
        if stages.is_empty() {
            all.remove(&client);
        }
    }
}

/// The ids that a client has been given lately.
#[derive(Default)]
pub(super) struct Begun(Mutex<VecDeque<Arc<str>>>);

impl Begun {
    pub fn add(&self, id: Arc<str>) {
        let mut ids = self.0.lock();
        if ids.len() >= REMEMBERED {
            ids.pop_front();
        }
        ids.push_back(id);
    }

    pub fn contains(&self, id: &str) -> bool {
        self.0.lock().iter().any(|one| **one == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(id: &str, until: u64) -> Stage {
        of("jack", id, until)
    }

    fn of(account: &str, id: &str, until: u64) -> Stage {
        Stage {
            id: id.into(),
            account: Jid::from_parts(Some(account), "chess.example", None).unwrap(),
            node: "n".into(),
            lang: None,
            actions: CommandActions::only(CommandAction::Next),
            required: Vec::new(),
            state: Vec::new(),
            until: Duration::from_secs(until),
        }
    }

    const NOW: Duration = Duration::from_secs(5);

    fn count(stages: &Stages) -> usize {
        stages.0.lock().values().map(Vec::len).sum()
    }

    #[test]
    fn a_client_s_oldest_command_gives_way() {
        let stages = Stages::default();
        for number in 0..=PER_CLIENT {
            stages.put(1, stage(&number.to_string(), 9), NOW);
        }
        assert!(stages.get(1, "0", NOW).is_none() && stages.get(1, "1", NOW).is_some());
        assert!(stages.get(2, "1", NOW).is_none(), "it is another client's");
        stages.put(1, stage("1", 9), NOW);
        assert_eq!(count(&stages), PER_CLIENT, "a stage follows another one");
        stages.forget(1);
        assert_eq!(count(&stages), 0);
    }

    #[test]
    fn where_a_host_is_full_the_account_that_has_most_gives_way() {
        let stages = Stages::default();
        let mut until = 10;
        let mut put = |client: u64, account: &str, id: &str| {
            until += 1;
            stages.put(client, of(account, id, until), NOW);
        };
        put(1, "anna", "first");
        for client in 2..PER_HOST as u64 - 1 {
            put(client, "jack", "x");
        }
        put(5000, "bert", "x");
        put(5001, "bert", "x");
        assert_eq!(count(&stages), PER_HOST);
        put(5002, "carl", "x");
        put(5003, "jack", "x");
        assert_eq!(count(&stages), PER_HOST);
        for (client, id) in [(1, "first"), (5000, "x"), (5001, "x"), (5002, "x"), (5003, "x"), (4, "x")] {
            assert!(stages.get(client, id, NOW).is_some(), "{client}");
        }
        for client in [2, 3] {
            assert!(stages.get(client, "x", NOW).is_none(), "{client}");
        }
    }

    #[test]
    fn what_has_expired_makes_room() {
        let stages = Stages::default();
        for client in 0..PER_HOST as u64 {
            stages.put(client, stage("x", 6 + client % 2), NOW);
        }
        stages.put(0, stage("x", 6), NOW);
        assert_eq!(count(&stages), PER_HOST, "it was there already");
        stages.remove(0, "x");
        stages.put(5001, stage("x", 9), Duration::from_secs(6));
        assert_eq!(count(&stages), PER_HOST / 2 + 1);
    }

    #[test]
    fn ids_are_forgotten_in_their_order() {
        let begun = Begun::default();
        (0..=REMEMBERED).for_each(|number| begun.add(number.to_string().into()));
        assert!(!begun.contains("0") && begun.contains("1") && begun.contains("20"));
    }
}
