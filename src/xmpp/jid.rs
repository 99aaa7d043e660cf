//! JIDs: `local@domain/resource` (RFC 7622).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::prep::{self, PrepError};

/// A part of a JID.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// The part before the `@`.
    Local,
    Domain,
    /// The part after the `/`.
    Resource,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Local => "localpart",
            Part::Domain => "domainpart",
            Part::Resource => "resourcepart",
        })
    }
}

/// Why a text is not a valid JID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JidError {
    /// The part is empty, or a label of the domain is.
    #[error("the {0} is empty")]
    Empty(Part),
    /// The part is longer than 1,023 bytes.
    #[error("the {0} is longer than {max} bytes", max = prep::MAX_PART)]
    TooLong(Part),
    /// The part is refused by its stringprep profile.
    #[error("the {0} contains {1}")]
    Prep(Part, PrepError),
}

/// A prepared JID: one text and two offsets; cloned by reference count. Equality and order are those of the
/// bytes.
#[derive(Clone)]
pub struct Jid {
    text: Arc<str>,
    /// Where the localpart ends; 0 if absent (it is never empty).
    at: u16,
    /// Where the domain ends.
    slash: u16,
}

/// What the parts were parsed from.
#[derive(Clone, Copy)]
struct Source<'a> {
    /// Becomes the JID's text if preparation changes nothing; empty if there is none.
    text: &'a str,
    strict: bool,
}

/// Parts from different sources.
const PARTS: Source<'_> = Source { text: "", strict: false };

impl Jid {
    /// Parses and prepares a JID; code points unassigned in Unicode 3.2 are allowed.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        Self::read(text, false)
    }

    /// Parses a JID that is to be created (an account, a room): unassigned code points are refused.
    pub fn parse_strict(text: &str) -> Result<Self, JidError> {
        Self::read(text, true)
    }

    /// A JID from its parts, which are prepared.
    pub fn from_parts(local: Option<&str>, domain: &str, resource: Option<&str>) -> Result<Self, JidError> {
        Self::prepare(local, domain, resource, PARTS)
    }

    /// A JID of only a domain.
    pub fn domain_only(domain: &str) -> Result<Self, JidError> {
        Self::prepare(None, domain, None, PARTS)
    }

    fn read(text: &str, strict: bool) -> Result<Self, JidError> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        Self::prepare(local, domain, resource, Source { text, strict })
    }

    fn prepare(
        local: Option<&str>,
        domain: &str,
        resource: Option<&str>,
        source: Source<'_>,
    ) -> Result<Self, JidError> {
        let Source { text, strict } = source;
        let local = local.map(|local| prep::local_part(local, strict)).transpose()?;
        let domain = prep::domain_part(domain, strict)?;
        let resource = resource.map(|resource| prep::resource_part(resource, strict)).transpose()?;
        let (at, slash) = offsets(local.as_deref(), &domain);
        let length = slash + resource.as_ref().map_or(0, |resource| resource.len() + 1);
        let same = |part: &Cow<'_, str>| matches!(part, Cow::Borrowed(_));
        if length == text.len() && same(&domain) && local.iter().chain(&resource).all(same) {
            return Ok(Self { text: text.into(), at: at as u16, slash: slash as u16 });
        }
        Ok(Self::join(local.as_deref(), &domain, resource.as_deref()))
    }

    /// Joins prepared parts: each has at most 1,023 bytes, so the offsets fit.
    fn join(local: Option<&str>, domain: &str, resource: Option<&str>) -> Self {
        let (at, slash) = offsets(local, domain);
        let mut text = String::with_capacity(slash + resource.map_or(0, |resource| resource.len() + 1));
        if let Some(local) = local {
            text.push_str(local);
            text.push('@');
        }
        text.push_str(domain);
        if let Some(resource) = resource {
            text.push('/');
            text.push_str(resource);
        }
        Self { text: text.into(), at: at as u16, slash: slash as u16 }
    }

    /// The part before the `@`.
    pub fn local(&self) -> Option<&str> {
        self.text.get(..usize::from(self.at)).filter(|local| !local.is_empty())
    }

    pub fn domain(&self) -> &str {
        let start = if self.at == 0 { 0 } else { usize::from(self.at) + 1 };
        self.text.get(start..usize::from(self.slash)).unwrap_or_default()
    }

    /// The part after the `/`.
    pub fn resource(&self) -> Option<&str> {
        self.text.get(usize::from(self.slash) + 1..)
    }

    /// The text without the resource.
    pub fn bare_str(&self) -> &str {
        self.text.get(..usize::from(self.slash)).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The JID without its resource; allocates only if there was one.
    pub fn bare(&self) -> Jid {
        if self.is_bare() { self.clone() } else { Self { text: self.bare_str().into(), ..*self } }
    }

    /// The same account or domain with this resource, which is prepared.
    pub fn with_resource(&self, resource: &str) -> Result<Jid, JidError> {
        let resource = prep::prep_resource(resource)?;
        Ok(Self::join(self.local(), self.domain(), Some(&resource)))
    }

    /// Only the domain; allocates only if there was more.
    pub fn domain_jid(&self) -> Jid {
        if self.is_domain() { self.clone() } else { Self::join(None, self.domain(), None) }
    }

    /// Whether there is no resource.
    pub fn is_bare(&self) -> bool {
        self.text.len() == usize::from(self.slash)
    }

    /// Whether there is a resource.
    pub fn is_full(&self) -> bool {
        !self.is_bare()
    }

    /// Whether there is only a domain.
    pub fn is_domain(&self) -> bool {
        self.at == 0 && self.is_bare()
    }

    /// Whether both belong to the same account (or domain), whatever their resources.
    pub fn same_bare(&self, other: &Jid) -> bool {
        self.bare_str() == other.bare_str()
    }
}

/// Where the localpart and the domain end.
fn offsets(local: Option<&str>, domain: &str) -> (usize, usize) {
    let at = local.map_or(0, str::len);
    (at, domain.len() + local.map_or(0, |local| local.len() + 1))
}

/// The A-label form of a domain, for comparison with names in TLS, HTTP and DNS, which use only that: lower
/// case, without a trailing dot. `None` if a label has no such form.
pub fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Some(Cow::Borrowed(domain));
    }
    idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::EMPTY).ok()
}

impl PartialEq for Jid {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Jid {}

impl Hash for Jid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Ord for Jid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Jid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl AsRef<str> for Jid {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl FromStr for Jid {
    type Err = JidError;

    fn from_str(text: &str) -> Result<Self, JidError> {
        Self::parse(text)
    }
}

impl Serialize for Jid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Jid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}
