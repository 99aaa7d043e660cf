use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};

use super::*;
use crate::testing::NOW_US;
use crate::testing::authority::{Authority, Request, dns, own, srv, xmpp_addr};

const CHESS: &str = "chess.example";

#[test]
fn a_server_by_each_kind_of_name() {
    let ca = Authority::new("one");
    let names = [
        dns(CHESS),
        dns("*.example"),
        srv("_xmpp-server.chess.example"),
        srv("_XMPPS-Server.Chess.Example"),
        xmpp_addr(CHESS),
    ];
    for name in names {
        let peer = ca.peer(&Request::new(vec![dns("other.example"), name.clone()]));
        assert_eq!(peer.verify(CHESS, &ca.roots(), NOW_US), Ok(()), "{name:?}");
    }
    let peer = ca.peer(&Request::new(vec![dns("xn--mller-kva.example")]));
    for name in ["müller.example", "xn--mller-kva.example"] {
        assert_eq!(peer.verify(name, &ca.roots(), NOW_US), Ok(()));
    }
}

#[test]
fn a_server_by_another_name() {
    let ca = Authority::new("one");
    let names = vec![dns("Other.example"), srv("_xmpp-client.chess.example"), xmpp_addr("a@chess.example")];
    let peer = ca.peer(&Request::new(names));
    let fault = peer.verify(CHESS, &ca.roots(), NOW_US).unwrap_err();
    let listed = "other.example, _xmpp-client.chess.example, a@chess.example";
    assert_eq!(fault.to_string(), format!("the certificate is only valid for {listed}"));
    assert_eq!(peer.verify("\u{fffd}", &ca.roots(), NOW_US), Err(fault), "no domain");
    let nameless = ca.peer(&Request::new(Vec::new())).verify(CHESS, &ca.roots(), NOW_US);
    assert_eq!(nameless, Err(PeerFault::WrongName(Vec::new())));
}

#[test]
fn by_time() {
    let ca = Authority::new("one");
    let verify = |years| {
        let peer = ca.peer(&Request { years, ..Request::new(vec![dns(CHESS)]) });
        peer.verify(CHESS, &ca.roots(), NOW_US)
    };
    assert_eq!(verify((2026, 2027)), Ok(()));
    assert_eq!(verify((2024, 2026)), Err(PeerFault::Expired));
    assert_eq!(verify((2027, 2028)), Err(PeerFault::NotYetValid));
}

#[test]
fn by_issuer() {
    let (ca, other) = (Authority::new("one"), Authority::new("two"));
    let request = Request::new(vec![dns(CHESS)]);
    let verify = |peer: PeerCertificate| peer.verify(CHESS, &ca.roots(), NOW_US);
    assert_eq!(verify(other.peer(&request)), Err(PeerFault::UnknownIssuer));
    assert_eq!(verify(own(&request)), Err(PeerFault::SelfSigned));
    // The same name with another key.
    assert!(verify(Authority::new("one").peer(&request)).is_err());
    let authority = PeerCertificate::from_der(ca.peer(&request).chain().map(<[u8]>::to_vec)).unwrap();
    assert_eq!(verify(authority), Ok(()));
}

/// What public CAs issue is for servers only, and good in both directions between servers.
#[test]
fn by_usage() {
    let ca = Authority::new("one");
    let verified = |usages| {
        let peer = ca.peer(&Request { usages, ..Request::new(vec![dns(CHESS)]) });
        let server = peer.verify(CHESS, &ca.roots(), NOW_US).is_ok();
        (server, peer.verify_client(&ca.roots(), NOW_US).is_ok())
    };
    assert_eq!(verified(&[ServerAuth]), (true, false));
    assert_eq!(verified(&[ClientAuth]), (false, true));
    assert_eq!(verified(&[ServerAuth, ClientAuth]), (true, true));
    assert_eq!(verified(&[]), (true, true));
}

#[test]
fn a_client() {
    let (ca, other) = (Authority::new("one"), Authority::new("two"));
    let names = vec![xmpp_addr("Juliet@chess.example"), xmpp_addr("müller@chess.example")];
    let peer = ca.peer(&Request { usages: &[ClientAuth], ..Request::new(names) });
    assert_eq!(peer.verify_client(&ca.roots(), NOW_US), Ok(()));
    assert_eq!(peer.verify_client(&other.roots(), NOW_US), Err(PeerFault::UnknownIssuer));
    assert_eq!(peer.xmpp_addrs(), ["Juliet@chess.example", "müller@chess.example"]);
    assert_eq!(peer.not_after_us(), Some(2_208_988_800_000_000));
    assert_eq!(peer.dns_names(), Vec::<String>::new());
}

#[test]
fn what_is_no_certificate() {
    let ca = Authority::new("one");
    let whole = ca.peer(&Request::new(vec![dns(CHESS)]));
    let leaf = whole.chain().next().unwrap().to_vec();
    assert_ne!(whole.fingerprint_sha256(), ca.peer(&Request::new(vec![dns(CHESS)])).fingerprint_sha256());
    for len in 0..leaf.len() {
        let cut = PeerCertificate::from_der([leaf[..len].to_vec()]).unwrap();
        assert_eq!(cut.verify(CHESS, &ca.roots(), NOW_US), Err(PeerFault::Malformed));
        assert_eq!((cut.not_after_us(), cut.xmpp_addrs()), (None, Vec::new()));
    }
    assert_eq!(PeerCertificate::from_der([]), None);
    // A broken or unneeded intermediate does not matter.
    let chain = [leaf, b"junk".to_vec()];
    let peer = PeerCertificate::from_der(chain).unwrap();
    assert_eq!(peer.verify(CHESS, &ca.roots(), NOW_US), Ok(()));
}

/// The certificates that the fuzz target begins with; OpenSSL has made them.
#[test]
fn seeds() {
    let seeds = std::fs::read_dir("../../fuzz/seeds/certificate").unwrap();
    let mut count = 0;
    for seed in seeds {
        let path = seed.unwrap().path();
        let peer = PeerCertificate::from_der([std::fs::read(&path).unwrap()]).unwrap();
        assert_eq!(peer.xmpp_addrs(), ["juliet@chess.example"], "{path:?}");
        assert_eq!(peer.names().unwrap().srv, ["_xmpp-server.chess.example".into()]);
        for (domain, is_for) in
            [(CHESS, true), ("a.chess.example", true), ("[2001:db8::1]", true), ("b", false)]
        {
            assert_eq!(peer.is_for(domain), is_for, "{domain}");
        }
        let bits = if path.ends_with("pss") { 512 } else { 256 };
        assert_eq!(peer.end_point().map(|hash| hash.len() * 8), Some(bits), "{path:?}");
        count += 1;
    }
    assert_eq!(count, 3);
}

proptest::proptest! {
    /// Changed bytes of a certificate with every kind of name.
    #[test]
    fn never_panics(at in 0_usize..700, byte: u8) {
        let names = vec![dns(CHESS), srv("_xmpp-server.chess.example"), xmpp_addr("a@chess.example")];
        let mut der = own(&Request::new(names)).chain().next().unwrap().to_vec();
        if let Some(place) = der.get_mut(at) {
            *place = byte;
        }
        let peer = PeerCertificate::from_der([der]).unwrap();
        let _ = (peer.dns_names(), peer.xmpp_addrs(), peer.names().map(|names| names.include(CHESS)));
    }
}
