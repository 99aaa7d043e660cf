//! A plugin's manifest: JSON in the component's custom section `castling:plugin`.

use std::collections::BTreeMap;

use kernel::Interest;
use serde::{Deserialize, Serialize};
use xmpp::{Kind, StanzaType};

use crate::error::LoadError;
use crate::hook::Hook;
use crate::schema::Schema;

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
    pub interests: Vec<InterestManifest>,
    /// Whether the call carries the stanza's XML.
    #[serde(default)]
    pub want: Want,
    /// What happens to the stanza when the plugin fails; the operator may override it.
    #[serde(default)]
    pub on_failure: Option<String>,
}

/// Stanzas that match all of its keys.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InterestManifest {
    /// `message`, `presence`, `iq`.
    pub kinds: Vec<String>,
    /// The cases of WIT's `subtype`; all if empty. `normal` includes a message without a type.
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
        let manifest: Self =
            serde_json::from_slice(json).map_err(|error| LoadError::Manifest(error.to_string()))?;
        manifest.check().map_err(LoadError::Manifest)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.manifest != FORMAT {
            return Err(format!("its format is {}, but this server reads {FORMAT}", self.manifest));
        }
        if !is_name(&self.name) {
            let form = "a-z, 0-9 and `-`, at most 64 characters";
            return Err(format!("`{}` is not a valid name ({form})", self.name));
        }
        for (name, hook) in &self.hooks {
            let known = Hook::from_name(name).ok_or_else(|| format!("unknown hook `{name}`"))?;
            for interest in &hook.interests {
                interest.compile()?;
            }
            if let Some(word) = hook.on_failure.as_deref() {
                known.policy(word)?;
            }
        }
        self.grants.iter().try_for_each(|grant| crate::grant::Grant::parse(grant).map(drop))?;
        self.config.check_itself("config")
    }

    /// The manifest's entry for this hook.
    pub(crate) fn hook(&self, hook: Hook) -> Option<&HookManifest> {
        self.hooks.get(hook.name())
    }
}

/// Whether this is a valid plugin name, usable as a file name: lower-case letters, digits and hyphens, 64 at
/// most.
pub fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-')
}

const KINDS: [Kind; 3] = [Kind::Message, Kind::Presence, Kind::Iq];

/// The cases of WIT's `subtype`, in its order.
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

fn stanza_type(word: &str) -> Result<StanzaType, String> {
    let of = |candidate: StanzaType| match candidate {
        StanzaType::None => "none",
        other => other.as_str(),
    };
    TYPES.into_iter().find(|t| of(*t) == word).ok_or_else(|| format!("unknown stanza type `{word}`"))
}

impl InterestManifest {
    /// Converts it to the kernel's form.
    pub(crate) fn compile(&self) -> Result<Interest, String> {
        let mut types = self.types.iter().map(|word| stanza_type(word)).collect::<Result<Vec<_>, _>>()?;
        if types.contains(&StanzaType::Normal) {
            types.push(StanzaType::None); // a message without a type is normal (RFC 6121 section 5.2.2)
        }
        let mut all: Option<Interest> = None;
        for word in &self.kinds {
            let kind = KINDS.into_iter().find(|kind| kind.as_str() == word);
            let kind = kind.ok_or_else(|| format!("unknown stanza kind `{word}`"))?;
            let one = match types.is_empty() {
                true => Interest::kinds(&[kind]),
                false => Interest::types(kind, &types),
            };
            all = Some(match all {
                Some(all) => all.and(one),
                None => one,
            });
        }
        let all = all.ok_or("an interest must name at least one kind")?;
        let namespaces: Vec<&str> = self.ns.iter().map(String::as_str).collect();
        Ok(if namespaces.is_empty() { all } else { all.payload_ns(&namespaces) })
    }
}
