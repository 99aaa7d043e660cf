//! Commands that wait for their clients: how many, and for how long.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use kernel::{CommandAction, CommandActions, CommandError};
use parking_lot::Mutex;
use xmpp::form::Form;

use super::asked::Wish;

/// Commands of one client that wait for it; beyond it the one that has waited longest is given up.
const PER_CLIENT: usize = 10;
/// Commands that wait on one host; beyond it none begins.
const PER_HOST: usize = 1000;
/// How long a command waits for its client.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
/// Ids of which a client is told that they have expired, instead of that they never were.
const REMEMBERED: usize = 20;

/// A command that waits for its client.
#[derive(Clone)]
pub(super) struct Stage {
    pub id: Arc<str>,
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

/// A host has as many commands that wait as it may have.
pub(super) struct Full;

impl Stages {
    /// One that waits for this client.
    pub fn get(&self, client: u64, id: &str, now: Duration) -> Option<Stage> {
        let stages = self.0.lock();
        stages.get(&client)?.iter().find(|stage| *stage.id == *id && stage.until > now).cloned()
    }

    /// Keeps a command that waits, in place of its earlier stage.
    pub fn put(&self, client: u64, stage: Stage, now: Duration) -> Result<(), Full> {
        let mut all = self.0.lock();
        remove(&mut all, client, |one| one.id == stage.id);
        all.retain(|_, stages| {
            stages.retain(|stage| stage.until > now);
            !stages.is_empty()
        });
        let count = all.values().map(Vec::len).sum::<usize>();
        let own = all.get(&client).map_or(0, Vec::len);
        if own < PER_CLIENT && count >= PER_HOST {
            return Err(Full);
        }
        let own = all.entry(client).or_default();
        if own.len() >= PER_CLIENT {
            own.remove(0);
        }
        own.push(stage);
        Ok(())
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
        Stage {
            id: id.into(),
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
            assert!(stages.put(1, stage(&number.to_string(), 9), NOW).is_ok());
        }
        assert!(stages.get(1, "0", NOW).is_none() && stages.get(1, "1", NOW).is_some());
        assert!(stages.get(2, "1", NOW).is_none(), "it is another client's");
        assert!(stages.put(1, stage("1", 9), NOW).is_ok());
        assert_eq!(count(&stages), PER_CLIENT, "a stage follows another one");
        stages.forget(1);
        assert_eq!(count(&stages), 0);
    }

    #[test]
    fn a_host_has_room_again_when_commands_have_ended_or_expired() {
        let stages = Stages::default();
        for client in 0..PER_HOST as u64 {
            assert!(stages.put(client, stage("x", 6 + client % 2), NOW).is_ok());
        }
        assert!(stages.put(5000, stage("x", 9), NOW).is_err());
        assert!(stages.put(0, stage("x", 6), NOW).is_ok(), "it is there already");
        stages.remove(0, "x");
        assert!(stages.put(5000, stage("x", 9), NOW).is_ok());
        assert!(stages.put(5001, stage("x", 9), NOW).is_err());
        assert!(stages.put(5001, stage("x", 9), Duration::from_secs(6)).is_ok());
        assert_eq!(count(&stages), PER_HOST / 2 + 2);
    }

    #[test]
    fn ids_are_forgotten_in_their_order() {
        let begun = Begun::default();
        (0..=REMEMBERED).for_each(|number| begun.add(number.to_string().into()));
        assert!(!begun.contains("0") && begun.contains("1") && begun.contains("20"));
    }
}
