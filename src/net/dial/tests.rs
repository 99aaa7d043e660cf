use socket2::SockRef;
use tokio::net::TcpListener;

use super::*;
use crate::dns::Security;
use crate::dns::testing::Zone;

const LIMIT: Duration = Duration::from_secs(30);

fn candidate(host: Host, port: u16) -> Candidate {
    Candidate { host, port, security: Security::StartTls }
}

fn named(port: u16) -> Candidate {
    candidate(Host::Name("a.example".into()), port)
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that nothing listens on.
async fn closed() -> SocketAddr {
    listener().await.1
}

#[tokio::test]
async fn by_name() {
    let (listener, address) = listener().await;
    let zone = Zone::new().await.host("a.example", "127.0.0.1");
    let resolver = zone.resolver();
    let candidate = named(address.port());
    let dialled = zone.during(dial(&resolver, &candidate, LIMIT, &|_| true));
    let (dialled, accepted) = tokio::join!(dialled, listener.accept());
    let (stream, peer) = dialled.unwrap();
    assert_eq!((peer, accepted.unwrap().1), (address, stream.local_addr().unwrap()));
    assert!(stream.nodelay().unwrap() && SockRef::from(&stream).keepalive().unwrap());
}

#[tokio::test]
async fn the_other_family_if_one_is_closed() {
    let (_listener, address) = listener().await;
    let zone = Zone::new().await.host("a.example", "127.0.0.1").host("a.example", "::1");
    let resolver = zone.resolver();
    let (_, peer) = zone.during(dial(&resolver, &named(address.port()), LIMIT, &|_| true)).await.unwrap();
    assert_eq!(peer, address);
}

#[tokio::test]
async fn each_address_says_what_went_wrong() {
    let port = closed().await.port();
    let zone = Zone::new().await.host("a.example", "127.0.0.1").host("a.example", "::1");
    let resolver = zone.resolver();
    let error = zone
        .during(dial(&resolver, &named(port), LIMIT, &|address| address.is_ipv4()))
        .await
        .unwrap_err()
        .to_string();
    let start = format!(
        "cannot connect to a.example:{port}: [::1]:{port}: connections to this address are not allowed"
    );
    assert!(error.starts_with(&start), "{error}");
    assert!(error.contains(&format!("; 127.0.0.1:{port}: Connection refused")), "{error}");
    let unknown = candidate(Host::Name("b.example".into()), 1);
    let error = zone.during(dial(&resolver, &unknown, LIMIT, &|_| true)).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot connect to b.example:1: b.example does not exist (NXDOMAIN)");
}

#[tokio::test]
async fn by_address() {
    let (_listener, address) = listener().await;
    let resolver = Zone::new().await.resolver();
    let literal = candidate(Host::Address(address.ip()), address.port());
    assert_eq!(dial(&resolver, &literal, LIMIT, &|_| true).await.unwrap().1, address);
    assert_eq!(connect(address, LIMIT, &|_| true).await.unwrap().peer_addr().unwrap(), address);
    let closed = closed().await;
    let error = connect(closed, LIMIT, &|_| true).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot connect to {closed}: Connection refused")));
}

fn sent<T: Send>(_: &T) {}

#[tokio::test]
async fn a_task_can_dial() {
    let (resolver, candidate) = (Zone::new().await.resolver(), named(1));
    sent(&dial(&resolver, &candidate, LIMIT, &|_| true));
    sent(&resolver.candidates("a.example"));
}

/// The connector asks about the address that it would connect to.
#[tokio::test]
async fn what_is_forbidden() {
    let (_listener, address) = listener().await;
    let port = address.port();
    let mapped = SocketAddr::new("::ffff:127.0.0.1".parse().unwrap(), port);
    for disguised in [address, mapped] {
        let error = connect(disguised, LIMIT, &|asked| asked != address).await.unwrap_err();
        assert!(matches!(error.tried[..], [(tried, Failure::Forbidden)] if tried == address), "{error}");
    }
    assert_eq!(connect(mapped, LIMIT, &|_| true).await.unwrap().peer_addr().unwrap(), address);
    for never in ["0.0.0.0", "::", "224.0.0.1", "ff02::1"] {
        let error =
            connect(SocketAddr::new(never.parse().unwrap(), port), LIMIT, &|_| true).await.unwrap_err();
        assert!(matches!(error.tried[..], [(_, Failure::Forbidden)]), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_does_not_answer() {
    let zone = Zone::new().await.code("a.example", None);
    let resolver = zone.resolver();
    let error = zone.during(dial(&resolver, &named(1), Duration::from_secs(1), &|_| true)).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot connect to a.example:1: the DNS lookup timed out");
}
