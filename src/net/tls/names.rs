//! The names in a certificate (RFC 5280 section 4.2.1.6).

use std::net::IpAddr;

use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// id-on-xmppAddr (RFC 6120 section 13.7.1.4).
const XMPP_ADDR: Oid<'_> = oid!(1.3.6.1.5.5.7.8.5);
/// id-on-dnsSRV (RFC 4985 section 2).
const DNS_SRV: Oid<'_> = oid!(1.3.6.1.5.5.7.8.7);
/// The services that a server's certificate may be for; an SRV-ID begins with one.
const SERVICES: [&str; 2] = ["_xmpp-server.", "_xmpps-server."];

/// Only what servers and clients of XMPP are named by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Host names as A-labels in lower case, some with `*` as their first label (RFC 6125 §6.4.3).
    pub(super) dns: Vec<Box<str>>,
    /// SRV-IDs in lower case: `_service.` and a host name.
    pub(super) srv: Vec<Box<str>>,
    /// XmppAddrs: JIDs, as they are written.
    pub(super) xmpp: Vec<Box<str>>,
    pub(super) addresses: Vec<IpAddr>,
}

impl Names {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut names = Names::default();
        let found = certificate.subject_alternative_name().ok().flatten();
        for name in found.into_iter().flat_map(|found| &found.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.dns.push(name.to_ascii_lowercase().into()),
                GeneralName::OtherName(id, value) if *id == XMPP_ADDR => {
                    names.xmpp.extend(explicit(value, Tag::Utf8String));
                }
                GeneralName::OtherName(id, value) if *id == DNS_SRV => {
                    let name = explicit(value, Tag::Ia5String);
                    names.srv.extend(name.map(|name| name.to_ascii_lowercase().into()));
                }
                GeneralName::IPAddress(bytes) => names.addresses.extend(address(bytes)),
                _ => {}
            }
        }
        names
    }

    /// Whether they name the server of a domain (RFC 6120 section 13.7.1.2), an A-label in lower case or an
    /// address.
    pub(super) fn include(&self, domain: &str) -> bool {
        let bare = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']')).unwrap_or(domain);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let of_service = |name: &str| {
            SERVICES.iter().any(|service| name.strip_prefix(service).is_some_and(|host| is(host, domain)))
        };
        self.dns.iter().any(|name| is(name, domain))
            || self.srv.iter().any(|name| of_service(name))
            || self.xmpp.iter().any(|name| xmpp::to_ascii(name).is_some_and(|name| name == domain))
    }

    /// All of them, for people.
    pub(super) fn all(&self) -> Vec<String> {
        let texts = self.dns.iter().chain(&self.srv).chain(&self.xmpp).map(|name| name.to_string());
        texts.chain(self.addresses.iter().map(ToString::to_string)).collect()
    }
}

/// Whether a presented host name is this one; `*` stands for exactly the first label (RFC 6125 section 6.4.3).
fn is(presented: &str, domain: &str) -> bool {
    let within = |parent| domain.split_once('.').is_some_and(|(_, rest)| rest == parent);
    presented == domain || presented.strip_prefix("*.").is_some_and(within)
}

/// The text within an otherName: `[0] EXPLICIT`, of this type.
fn explicit(value: &[u8], tag: Tag) -> Option<Box<str>> {
    let (_, outer) = Any::from_der(value).ok()?;
    if outer.tag() != Tag(0) || !outer.header.is_contextspecific() {
        return None;
    }
    let (_, inner) = Any::from_der(outer.data).ok()?;
    if inner.tag() != tag {
        return None;
    }
    std::str::from_utf8(inner.data).ok().map(Into::into)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dns: &[&str], srv: &[&str], xmpp: &[&str]) -> Names {
        let list = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        Names {
            dns: list(dns),
            srv: list(srv),
            xmpp: list(xmpp),
            addresses: vec!["192.0.2.1".parse().unwrap()],
        }
    }

    #[test]
    fn of_a_domain() {
        let cases = [
            (names(&["chess.example"], &[], &[]), true),
            (names(&["*.example"], &[], &[]), true),
            (names(&["*.chess.example", "*", "*example", "c*.example", "chess.example\0"], &[], &[]), false),
            (names(&[], &["_xmpp-server.chess.example"], &[]), true),
            (names(&[], &["_xmpps-server.*.example"], &[]), true),
            (names(&[], &["_xmpp-client.chess.example", "chess.example"], &[]), false),
            (names(&[], &[], &["Chess.Example"]), true),
            (names(&[], &[], &["a@chess.example", "chess.example/b", "*.example"]), false),
        ];
        for (names, includes) in cases {
            assert_eq!(names.include("chess.example"), includes, "{names:?}");
        }
        assert!(names(&[], &[], &["müller.example"]).include("xn--mller-kva.example"));
    }

    #[test]
    fn of_an_address() {
        let mut names = names(&["192.0.2.2"], &[], &["192.0.2.3"]);
        names.addresses.push("2001:db8::1".parse().unwrap());
        let included =
            ["192.0.2.1", "[2001:db8::1]", "192.0.2.2", "192.0.2.3"].map(|name| names.include(name));
        assert_eq!(included, [true, true, false, false]);
    }
}
