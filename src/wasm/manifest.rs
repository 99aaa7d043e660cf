//! A plugin's manifest: JSON in the component's custom section `castling:plugin`.

mod services;

use std::collections::BTreeMap;

use kernel::Interest;
use serde::{Deserialize, Serialize};
use xmpp::{Kind, StanzaType};

use crate::error::LoadError;
use crate::hook::Hook;
use crate::plain::is_control;
use crate::schema::Schema;

/// The most bytes of a manifest; interests of a hook, and namespaces of these; grants and metrics.
const MOST_BYTES: usize = 256 * 1024;
const INTERESTS: usize = 64;
const NAMES: usize = 100;

/// The manifest format supported by this server.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The manifest's format: 1.
    pub manifest: u32,
    /// The plugin's own name; the operator may choose another.
    pub name: String,
    pub version: String,
    /// Its license, an SPDX expression.
    pub licence: String,
    /// What it does, in one sentence.
    pub description: String,
    /// The stanzas it wants to be called for, by hook.
    pub hooks: BTreeMap<String, HookManifest>,
    /// How many calls of its services run at once on each domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<usize>,
    /// Whether it protects: it runs before others, and when it fails, stanzas are refused rather than let
    /// through.
    #[serde(default)]
    pub guards: bool,
    /// The grants it requests.
    #[serde(default)]
    pub grants: Vec<String>,
    /// The names of its metrics.
    #[serde(default)]
    pub metrics: BTreeMap<String, MetricKind>,
    /// Its settings, a subset of JSON Schema.
    #[serde(default)]
    pub config: Schema,
}

/// One hook of a manifest.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HookManifest {
    /// It is called for stanzas that match any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interests: Vec<InterestManifest>,
    /// Of `iq-handler`: the requests that it answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestManifest>,
    /// Of `timers`: the interval of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timers: BTreeMap<String, String>,
    /// Of `commands`: those that it executes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandManifest>,
    /// Whether the call carries the stanza's XML.
    #[serde(default)]
    pub want: Want,
    /// What happens to the stanza when the plugin fails; the operator may override it.
    #[serde(default)]
    pub on_failure: Option<String>,
}

pub use services::{CommandManifest, RequestManifest};
pub(crate) use services::{Executors, Sender, interval};

/// Stanzas that match all of its keys.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InterestManifest {
    /// `message`, `presence`, `iq`.
    pub kinds: Vec<String>,
    /// The cases of WIT's `stanza-type`; all if empty. `normal` includes a message without a type.
    #[serde(default)]
    pub types: Vec<String>,
    /// Namespaces of a child element; any if empty.
    #[serde(default)]
    pub ns: Vec<String>,
}

/// What a call carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Want {
    /// The head and its five strings.
    #[default]
    Head,
    /// The stanza's XML as well.
    Xml,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// A number of observations and their sum.
    Summary,
}

impl Manifest {
    /// Parses a manifest.
    ///
    /// # Errors
    /// [`LoadError::Manifest`] with a description.
    pub fn parse(json: &[u8]) -> Result<Self, LoadError> {
        if json.len() > MOST_BYTES {
            return Err(LoadError::Manifest(format!(
                "it has {} bytes; at most {MOST_BYTES} are allowed",
                json.len()
            )));
        }
        let manifest: Self =
            serde_json::from_slice(json).map_err(|error| LoadError::Manifest(error.to_string()))?;
        manifest.check().map_err(LoadError::Manifest)?;
        Ok(manifest)
    }

    /// A manifest that was in force once, perhaps in a server that accepted more: what means nothing any more is left out.
    pub(crate) fn recalled(json: &[u8]) -> Option<Self> {
        let mut manifest: Self = serde_json::from_slice(json).ok()?;
        for (name, about) in &mut manifest.hooks {
            about.interests.retain(|interest| interest.compile().is_ok());
            about
                .on_failure
                .take_if(|word| Hook::from_name(name).is_none_or(|hook| hook.policy(word).is_err()));
        }
        let is_called =
            |hook: Hook, about: &HookManifest| !hook.has_interests() || !about.interests.is_empty();
        manifest.hooks.retain(|name, about| Hook::from_name(name).is_some_and(|hook| is_called(hook, about)));
        Some(manifest)
    }

    fn check(&self) -> Result<(), String> {
        self.check_sizes()?;
        if self.manifest != FORMAT {
            return Err(format!("its format is {}, but this server reads {FORMAT}", self.manifest));
        }
        if !is_name(&self.name) {
            let form = "a-z, 0-9 and `-`, at most 64 characters";
            return Err(format!("`{}` is not a valid name ({form})", self.name));
        }
        for (key, text, most) in [
            ("version", &self.version, 64),
            ("licence", &self.licence, 200),
            ("description", &self.description, 500),
        ] {
            shown(key, text, most)?;
        }
        for (name, hook) in &self.hooks {
            let known = Hook::from_name(name).ok_or_else(|| format!("unknown hook `{name}`"))?;
            if hook.interests.is_empty() && known.has_interests() {
                return Err(format!("`{name}` has no interests: it would never be called"));
            }
            services::check(known, name, hook)?;
            for interest in &hook.interests {
                interest.compile()?;
                if known == Hook::BeforeOffline && !interest.kinds.iter().any(|kind| kind == "message") {
                    return Err(format!("an interest of `{name}` can never match: only messages are stored"));
                }
            }
            if let Some(word) = hook.on_failure.as_deref() {
                known.policy(word)?;
            }
        }
        self.grants.iter().try_for_each(|grant| crate::grant::Grant::parse(grant).map(drop))?;
        services::check_instances(self.instances)?;
        self.config.check_whole()
    }

    /// What is checked for each stanza, shown or counted is bounded.
    fn check_sizes(&self) -> Result<(), String> {
        for (name, hook) in &self.hooks {
            let namespaces = hook.interests.iter().flat_map(|interest| &interest.ns);
            if hook.interests.len() > INTERESTS || namespaces.clone().count() > INTERESTS {
                return Err(format!("`{name}` has more than {INTERESTS} interests or namespaces"));
            }
            namespaces.into_iter().try_for_each(|ns| shown(&format!("{name}: ns"), ns, 1_000))?;
        }
        if self.grants.len() > NAMES || self.metrics.len() > NAMES {
            return Err(format!("it has more than {NAMES} grants or metrics"));
        }
        let is_name = |name: &&String| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            (1..=64).contains(&name.len()) && name.bytes().all(allowed)
        };
        match self.metrics.keys().find(|name| !is_name(name)) {
            Some(name) => Err(format!("{name:?} is not a valid name of a metric")),
            None => Ok(()),
        }
    }

    /// How many calls of its services run at once on each domain.
    pub(crate) fn instances(&self) -> usize {
        self.instances.unwrap_or(services::INSTANCES)
    }

    /// The manifest's entry for this hook.
    pub(crate) fn hook(&self, hook: Hook) -> Option<&HookManifest> {
        self.hooks.get(hook.name())
    }
}

/// Whether a text can be shown in one line.
fn shown(key: &str, text: &str, most: usize) -> Result<(), String> {
    match () {
        () if text.trim().is_empty() => Err(format!("`{key}` is empty")),
        () if text.chars().any(is_control) => Err(format!("`{key}` contains a control character")),
        () if text.chars().count() > most => Err(format!("`{key}` has more than {most} characters")),
        () => Ok(()),
    }
}

/// The server's own credential provider, beside which plugins are named.
const INTERNAL: &str = "internal";

/// Whether this is a valid plugin name, usable as a file name: lower-case letters, digits and hyphens, 64 at
/// most.
pub fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-') && text != INTERNAL
}

const KINDS: [Kind; 3] = [Kind::Message, Kind::Presence, Kind::Iq];

/// The cases of WIT's `stanza-type`, in its order.
pub(crate) const TYPES: [StanzaType; 16] = [
    StanzaType::None,
    StanzaType::Normal,
    StanzaType::Chat,
    StanzaType::Groupchat,
    StanzaType::Headline,
    StanzaType::Error,
    StanzaType::Get,
    StanzaType::Set,
    StanzaType::Result,
    StanzaType::Unavailable,
    StanzaType::Subscribe,
    StanzaType::Subscribed,
    StanzaType::Unsubscribe,
    StanzaType::Unsubscribed,
    StanzaType::Probe,
    StanzaType::Other,
];

fn kind(word: &str) -> Result<Kind, String> {
    let known = KINDS.into_iter().find(|kind| kind.as_str() == word);
    known.ok_or_else(|| format!("unknown stanza kind `{word}`"))
}

fn stanza_type(word: &str) -> Result<StanzaType, String> {
    let of = |candidate: StanzaType| match candidate {
        StanzaType::None => "none",
        other => other.as_str(),
    };
    TYPES.into_iter().find(|t| of(*t) == word).ok_or_else(|| format!("unknown stanza type `{word}`"))
}

/// Whether there are stanzas of this kind and type (RFC 6120 section 8.2.3, RFC 6121 sections 4.7.1 and 5.2.2).
fn has_type(kind: Kind, of: StanzaType) -> bool {
    use StanzaType::{Chat, Error, Get, Groupchat, Headline, None, Normal, Other, Result, Set};
    match kind {
        Kind::Message => matches!(of, None | Normal | Chat | Groupchat | Headline | Error | Other),
        Kind::Iq => matches!(of, Get | Set | Result | Error),
        Kind::Presence => !matches!(of, Normal | Chat | Groupchat | Headline | Get | Set | Result),
    }
}

impl InterestManifest {
    /// Converts it to the kernel's form.
    pub(crate) fn compile(&self) -> Result<Interest, String> {
        let kinds = self.kinds.iter().map(|word| kind(word)).collect::<Result<Vec<_>, _>>()?;
        let [first, others @ ..] = kinds.as_slice() else {
            return Err("an interest must name at least one kind".into());
        };
        let mut types = self.types.iter().map(|word| stanza_type(word)).collect::<Result<Vec<_>, _>>()?;
        let is_of_none = |of: StanzaType| !kinds.iter().any(|kind| has_type(*kind, of));
        if let Some((word, _)) = self.types.iter().zip(&types).find(|(_, of)| is_of_none(**of)) {
            let kinds = self.kinds.join(" or ");
            return Err(format!("an interest can never match: there is no {kinds} of type `{word}`"));
        }
        if types.contains(&StanzaType::Normal) {
            types.push(StanzaType::None); // a message without a type is normal (RFC 6121 section 5.2.2)
        }
        let one = |kind| match types.is_empty() {
            true => Interest::kinds(&[kind]),
            false => Interest::types(kind, &types),
        };
        let all = others.iter().fold(one(*first), |all, kind| all.and(one(*kind)));
        let namespaces: Vec<&str> = self.ns.iter().map(String::as_str).collect();
        Ok(if namespaces.is_empty() { all } else { all.payload_ns(&namespaces) })
    }
}
