//! A peer's certificate is read without a panic, whatever its bytes are; it is valid for no domain that it does not name.

#![no_main]

use libfuzzer_sys::fuzz_target;
use net::{PeerCertificate, Roots};

fuzz_target!(|data: &[u8]| {
    let Some(peer) = PeerCertificate::from_der([data.to_vec(), data.to_vec()]) else { return };
    let roots = Roots::from_der([data]);
    for name in peer.dns_names().iter().chain(&peer.xmpp_addrs()) {
        let _ = peer.is_for(name);
    }
    for domain in ["chess.example", "a.chess.example", "192.0.2.1", "[2001:db8::1]", "müller.example", ""] {
        let valid = peer.verify(domain, &roots, 1_795_508_100_000_000).is_ok();
        assert!(!valid || peer.is_for(domain), "valid for a name that it does not have");
    }
    let _ = (peer.verify_client(&roots, 0), peer.not_after_us(), peer.end_point());
});
