//! What a plugin does in each hook: its interests and the failure policy in force.

use kernel::Interest;
use serde_json::Value;
use xmpp::Stanza;

use crate::error::LoadError;
use crate::hook::{Hook, Policy};
use crate::manifest::{Manifest, Want};

/// One hook of a plugin.
pub(crate) struct Job {
    pub(crate) hook: Hook,
    pub(crate) want: Want,
    pub(crate) policy: Policy,
    interests: Vec<Interest>,
}

impl Job {
    /// Whether it is interested in exactly this.
    pub fn wants(&self, stanza: &Stanza) -> bool {
        match self.interests.as_slice() {
            [_] => true,
            interests => interests.iter().any(|interest| interest.wants(stanza)),
        }
    }

    /// The union of its interests.
    pub fn interest(&self) -> Option<Interest> {
        self.interests.iter().cloned().reduce(Interest::and)
    }
}

/// The hooks of a manifest, with the policies in force.
pub(crate) fn of(manifest: &Manifest, policy: Option<&Value>) -> Result<Vec<Job>, LoadError> {
    let mut jobs = Vec::new();
    for hook in Hook::ALL {
        let Some(about) = manifest.hook(hook) else { continue };
        let interests = about.interests.iter().map(|interest| interest.compile());
        let interests = interests.collect::<Result<_, _>>().map_err(LoadError::Manifest)?;
        let suggested = about.on_failure.as_deref().map(|word| hook.policy(word)).transpose();
        let suggested = suggested.map_err(LoadError::Manifest)?;
        let ordered = ordered(hook, policy).map_err(LoadError::Policy)?;
        let policy = ordered.or(suggested).unwrap_or_else(|| hook.default_policy(manifest.guards));
        jobs.push(Job { hook, want: about.want, policy, interests });
    }
    known_hooks(policy, &jobs)?;
    Ok(jobs)
}

/// The operator's policy for a hook.
fn ordered(hook: Hook, policy: Option<&Value>) -> Result<Option<Policy>, String> {
    match policy {
        None => Ok(None),
        Some(Value::String(word)) => match hook.policy(word) {
            Ok(policy) => Ok(Some(policy)),
            Err(_) if Hook::ALL.iter().any(|other| other.policy(word).is_ok()) => Ok(None),
            Err(why) => Err(why),
        },
        Some(Value::Object(table)) => match table.get(hook.name()) {
            None => Ok(None),
            Some(Value::String(word)) => hook.policy(word).map(Some),
            Some(_) => Err(format!("the failure policy of {hook} must be a string")),
        },
        Some(_) => Err("a failure policy must be a string, or a table with a string per hook".into()),
    }
}

fn known_hooks(policy: Option<&Value>, jobs: &[Job]) -> Result<(), LoadError> {
    let Some(Value::Object(table)) = policy else { return Ok(()) };
    let unknown = table.keys().find(|name| !jobs.iter().any(|job| job.hook.name() == *name));
    match unknown {
        Some(name) => Err(LoadError::Policy(format!("`{name}` is not a hook of this plugin"))),
        None => Ok(()),
    }
}

/// The hooks of a manifest with the failure policies in force, given the operator's; if that is not valid, without it.
pub fn policies(manifest: &Manifest, policy: Option<&Value>) -> Vec<(Hook, Policy)> {
    let jobs = of(manifest, policy).or_else(|_| of(manifest, None)).unwrap_or_default();
    jobs.iter().map(|job| (job.hook, job.policy)).collect()
}
