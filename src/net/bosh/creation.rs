//! Session creation: the client's stream header, and the first response (XEP-0124 §7, XEP-0206 §3, §4).

use xmpp::{Jid, StreamHeader, ns};

use super::body::Attributes;
use super::condition::Condition;
use super::reply::Tag;
use super::terms::Terms;
use super::window::LARGEST;

/// The content of the first response.
pub(super) struct Creation {
    pub sid: String,
    pub rid: u64,
    /// Whether `secure` was requested and applies.
    pub secure: bool,
    /// The `from` of the server's stream header, once that was written.
    pub from: Option<Jid>,
    pub authid: Option<String>,
}

impl Creation {
    /// The attributes of the first response.
    pub fn tag(&self, terms: &Terms) -> Tag {
        let mut tag = Tag::new()
            .attr("xmlns:xmpp", ns::XBOSH)
            .attr("sid", &self.sid)
            .number("wait", terms.wait)
            .number("hold", terms.hold)
            .number("requests", terms.requests())
            .number("inactivity", terms.inactivity)
            .attr("charsets", "UTF-8");
        for (name, seconds) in [("polling", terms.polling), ("maxpause", terms.max_pause)] {
            tag = if seconds > 0 { tag.number(name, seconds) } else { tag };
        }
        let ver = terms.ver.map(|(major, minor)| format!("{major}.{minor}"));
        for (name, value) in [
            ("ver", ver.as_deref()),
            ("ack", terms.acks.then(|| self.rid.to_string()).as_deref()),
            ("secure", self.secure.then_some("true")),
            ("from", self.from.as_ref().map(Jid::as_str)),
            ("authid", self.authid.as_deref()),
        ] {
            tag = if let Some(value) = value { tag.attr(name, value) } else { tag };
        }
        tag.attr("xmpp:version", "1.0").attr("xmpp:restartlogic", "true")
    }
}

/// The stream header that the first request represents.
pub(super) fn header(asked: &Attributes) -> Result<StreamHeader, Condition> {
    if asked.rid == 0 || asked.rid > LARGEST || asked.terminate {
        return Err(Condition::BadRequest);
    }
    let to = asked.to.as_deref().and_then(|to| Jid::parse(to).ok()).ok_or(Condition::ImproperAddressing)?;
    Ok(StreamHeader {
        to: Some(to.domain_jid()),
        from: asked.from.as_deref().and_then(|from| Jid::parse(from).ok()),
        id: None,
        version: asked.version.as_deref().map_or((1, 0), version),
        lang: asked.lang.clone(),
        content_ns: ns::CLIENT.to_owned(),
    })
}

/// The stream header after a restart (XEP-0206 §5).
pub(super) fn restarted(header: &StreamHeader, asked: &Attributes) -> StreamHeader {
    let to = asked.to.as_deref().and_then(|to| Jid::parse(to).ok()).map(|to| to.domain_jid());
    StreamHeader {
        to: to.or_else(|| header.to.clone()),
        lang: asked.lang.clone().or_else(|| header.lang.clone()),
        ..header.clone()
    }
}

/// A version that cannot be parsed counts as older than 1.0.
fn version(text: &str) -> (u8, u8) {
    let parts =
        text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    parts.unwrap_or((0, 9))
}
