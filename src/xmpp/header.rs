//! The beginning of a stream: XML declaration and stream header (RFC 6120 §4.7, §4.8).

use bytes::Bytes;
use bytestring::ByteString;

use crate::attributes::RawAttributes;
use crate::document::Document;
use crate::error::{StreamCondition, StreamError};
use crate::escape::write_attribute;
use crate::jid::Jid;
use crate::limits::ElementLimits;
use crate::node::Node;
use crate::ns;
use crate::refusal::malformed;
use crate::tape::Outer;

/// The peer's stream header (RFC 6120 §4.7).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamHeader {
    /// The requested server, or the client being answered.
    pub to: Option<Jid>,
    /// The JID it claims.
    pub from: Option<Jid>,
    /// The stream id, in an answer.
    pub id: Option<String>,
    /// Major and minor; [`UNVERSIONED`](Self::UNVERSIONED) if absent.
    pub version: (u8, u8),
    /// The default language of what follows.
    pub lang: Option<String>,
    /// `jabber:client`, `jabber:server` or another namespace of stanzas.
    pub content_ns: String,
}

impl StreamHeader {
    /// The version of a stream without features: its header says none (RFC 6120 §4.7.5).
    pub const UNVERSIONED: (u8, u8) = (0, 9);

    /// Writes an XML declaration and the start of a stream over TCP, without its end.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<?xml version='1.0'?><stream:stream");
        let namespaces =
            [("xmlns", &*self.content_ns), ("xmlns:stream", ns::STREAM), ("xmlns:db", ns::DIALBACK)];
        // Dialback has its prefix on streams of servers alone (XEP-0220 §2.1).
        let most = if self.content_ns == ns::SERVER { 3 } else { 2 };
        self.write_attributes(out, namespaces.get(..most).unwrap_or_default());
        out.push(b'>');
    }

    /// Appends `<open/>`, the header with framed elements (RFC 7395 §3.4).
    pub fn write_open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<open");
        self.write_attributes(out, &[("xmlns", ns::FRAMING)]);
        out.extend_from_slice(b"/>");
    }

    /// Parses `<open/>` (RFC 7395 §3.4).
    pub fn from_open(root: Node<'_>) -> Result<StreamHeader, StreamError> {
        from_attributes(root, ns::CLIENT.to_owned())
    }

    fn write_attributes(&self, out: &mut Vec<u8>, namespaces: &[(&str, &str)]) {
        let version =
            (self.version != Self::UNVERSIONED).then(|| format!("{}.{}", self.version.0, self.version.1));
        let own = [
            ("id", self.id.as_deref()),
            ("from", self.from.as_ref().map(Jid::as_str)),
            ("to", self.to.as_ref().map(Jid::as_str)),
            ("xml:lang", self.lang.as_deref()),
            ("version", version.as_deref()),
        ];
        for (name, value) in namespaces.iter().map(|&(name, value)| (name, Some(value))).chain(own) {
            let Some(value) = value else { continue };
            out.extend_from_slice(format!(" {name}='").as_bytes());
            write_attribute(out, value);
            out.push(b'\'');
        }
    }
}

/// What the start tag of a stream, or of another enclosing element, declares for its children.
#[derive(Debug)]
pub(crate) struct HeaderScope {
    /// Its name with its prefix, which its end tag must repeat.
    name: String,
    pub(crate) default_ns: String,
    prefixes: Vec<Outer>,
}

impl HeaderScope {
    pub(crate) fn of(tag: Node<'_>) -> Self {
        let (mut default_ns, mut prefixes) = (String::new(), Vec::new());
        for (prefix, name) in tag.declarations() {
            match prefix {
                "" => default_ns = name.into_owned(),
                _ => prefixes.push((prefix.into(), name.as_ref().into())),
            }
        }
        let name = match tag.prefix() {
            "" => tag.name().to_owned(),
            prefix => format!("{prefix}:{}", tag.name()),
        };
        Self { name, default_ns, prefixes }
    }

    /// Parses an element inside.
    pub(crate) fn element(&self, bytes: Bytes, limits: &ElementLimits) -> Result<Document, StreamError> {
        let document = Document::read(bytes, &self.default_ns, &self.prefixes, limits)?;
        if self.default_ns == ns::CLIENT {
            return Ok(document);
        }
        // The default namespace is not the one stanzas are parsed with: write it again with its own.
        Document::from_element(&document.to_element())
    }

    /// Whether `tag` is the end tag.
    pub(crate) fn check_end(&self, tag: &[u8]) -> Result<(), StreamError> {
        let name = tag.strip_prefix(b"</").and_then(|tag| tag.strip_suffix(b">"));
        match name.map(<[u8]>::trim_ascii_end) == Some(self.name.as_bytes()) {
            true => Ok(()),
            false => Err(malformed("end tag does not match")),
        }
    }
}

/// The text after the XML declaration, or all of it if there is none.
///
/// # Errors
/// The declaration is not well-formed, or of another version or encoding.
pub fn without_declaration(text: &ByteString) -> Result<ByteString, StreamError> {
    if !text.starts_with("<?xml") {
        return Ok(text.clone());
    }
    let end = text.find("?>").ok_or_else(|| malformed("unterminated XML declaration"))? + 2;
    let (declaration, rest) = text.split_at(end);
    check_declaration(declaration.as_bytes())?;
    Ok(text.slice_ref(rest.trim_ascii_start()))
}

/// `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>` (XML §2.8); the last two are optional.
pub(crate) fn check_declaration(bytes: &[u8]) -> Result<(), StreamError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| StreamError::from(StreamCondition::UnsupportedEncoding))?;
    let inner = text.strip_prefix("<?xml").and_then(|text| text.strip_suffix("?>")).unwrap_or_default();
    let mut attributes = RawAttributes::new(inner);
    let mut order = ["version", "encoding", "standalone"].iter();
    let mut version = false;
    while let Some(attribute) = attributes.read()? {
        if !order.any(|&name| name == attribute.name) {
            return Err(malformed("invalid XML declaration"));
        }
        let allowed = match attribute.name {
            "version" => attribute.value == "1.0",
            "standalone" => matches!(attribute.value, "yes" | "no"),
            _ if attribute.value.eq_ignore_ascii_case("utf-8") => true,
            _ => {
                return Err(
                    StreamError::new(StreamCondition::UnsupportedEncoding).text("only UTF-8 is supported")
                );
            }
        };
        version |= attribute.name == "version";
        if !allowed {
            return Err(malformed("invalid XML declaration"));
        }
    }
    if version { Ok(()) } else { Err(malformed("XML declaration without a version")) }
}

pub(crate) fn read_header(root: Node<'_>) -> Result<(StreamHeader, HeaderScope), StreamError> {
    if root.ns() != ns::STREAM {
        return Err(StreamCondition::InvalidNamespace.into());
    }
    if root.name() != "stream" {
        return Err(StreamCondition::BadFormat.into());
    }
    let mut scope = HeaderScope::of(root);
    let content_ns = content_ns(&scope.default_ns, &scope.prefixes)?;
    if stanzas(&scope.default_ns) {
        scope.default_ns = ns::CLIENT.to_owned();
    }
    Ok((from_attributes(root, content_ns)?, scope))
}

fn from_attributes(root: Node<'_>, content_ns: String) -> Result<StreamHeader, StreamError> {
    let text = |name| root.attr(name).map(|value| value.into_owned());
    Ok(StreamHeader {
        to: address(root, "to")?,
        from: address(root, "from")?,
        id: text("id"),
        version: version(root)?,
        lang: text("xml:lang"),
        content_ns,
    })
}

fn stanzas(name: &str) -> bool {
    matches!(name, ns::CLIENT | ns::SERVER | ns::COMPONENT)
}

/// The namespace of stanzas: the default one, or if that is the stream namespace, one with a prefix (RFC 6120
/// §4.8.2).
fn content_ns(default_ns: &str, prefixes: &[Outer]) -> Result<String, StreamError> {
    let prefixed = || prefixes.iter().map(|(_, name)| name.as_ref()).find(|name| stanzas(name));
    let found = match default_ns {
        ns::STREAM | "" => prefixed(),
        other => Some(other).filter(|name| stanzas(name)),
    };
    found.map(str::to_owned).ok_or_else(|| StreamCondition::InvalidNamespace.into())
}

fn address(root: Node<'_>, name: &str) -> Result<Option<Jid>, StreamError> {
    let improper = |_| StreamError::from(StreamCondition::ImproperAddressing);
    root.attr(name).map(|jid| Jid::parse(&jid).map_err(improper)).transpose()
}

fn version(root: Node<'_>) -> Result<(u8, u8), StreamError> {
    let Some(text) = root.attr("version") else { return Ok(StreamHeader::UNVERSIONED) };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let parsed = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    parsed.ok_or_else(|| StreamCondition::UnsupportedVersion.into())
}
