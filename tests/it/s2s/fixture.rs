//! Two servers that know where the other one is.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::fixture::{Server, add_users, folder};
use crate::raw::Raw;
use crate::stream::bound;

/// Addresses on which nobody listens yet.
pub fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// One of the servers.
pub struct Side {
    /// Its domain, where it listens for other servers, and what else its `s2s` says.
    pub domain: &'static str,
    pub at: SocketAddr,
    pub policy: String,
    /// More lines of its configuration.
    pub more: String,
    /// Lines of its domain.
    pub of_domain: String,
    /// Where more domains are.
    pub connect: Vec<(String, SocketAddr)>,
}

impl Side {
    pub fn new(domain: &'static str) -> Self {
        Self {
            domain,
            at: free(),
            policy: String::new(),
            more: String::new(),
            of_domain: String::new(),
            connect: Vec::new(),
        }
    }

    /// Its configuration, with the other server's place.
    fn config(&self, other: &Side) -> String {
        let mut connect = format!("\"{}\" = \"{}\"", other.domain, other.at);
        for (domain, at) in &self.connect {
            connect += &format!(", \"{domain}\" = \"{at}\"");
        }
        let Self { domain, at, policy, more, of_domain, .. } = self;
        format!(
            "s2s = [\"{at}\"]\ncomponent = [\"127.0.0.1:0\"]\n[[domain]]\nname = \"{domain}\"\n{of_domain}\
             s2s = {{ connect = {{ {connect} }}{policy} }}\n{more}"
        )
    }
}

/// `here.example` with anna and `there.example` with bob.
pub struct Pair {
    pub here: Server,
    pub there: Server,
}

pub fn anna(pair: &Pair) -> Raw {
    online(&pair.here, "anna@here.example/a")
}

pub fn bob(pair: &Pair) -> Raw {
    online(&pair.there, "bob@there.example/b")
}

/// A client that is available, and has read its own presence.
pub fn online(server: &Server, jid: &str) -> Raw {
    let mut raw = bound(server, jid);
    raw.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    raw.next();
    raw.send("<presence/>");
    while raw.next().get("from") != Some(jid) {}
    raw
}

pub fn start(side: &Side, other: &Side, user: &str, prepare: impl FnOnce(&Path)) -> Server {
    let dir = folder(&side.config(other));
    prepare(dir.path());
    add_users(dir.path(), &[user]);
    Server::start_in(dir)
}

/// Two servers, each changed by a closure.
pub fn pair(change: impl FnOnce(&mut Side, &mut Side)) -> Pair {
    let (mut here, mut there) = (Side::new("here.example"), Side::new("there.example"));
    change(&mut here, &mut there);
    let started = start(&here, &there, "anna@here.example", |_| {});
    Pair { here: started, there: start(&there, &here, "bob@there.example", |_| {}) }
}

/// An authority of the tests.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Writes a certificate for these names, `cert.pem` and `key.pem`, and the authority's own, `roots.pem`.
    pub fn issue(&self, dir: &Path, names: &[&str], change: impl FnOnce(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
        fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(dir.join("roots.pem"), &self.pem).unwrap();
    }
}
