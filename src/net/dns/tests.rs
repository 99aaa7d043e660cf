use std::sync::Arc;

use hickory_resolver::proto::op::ResponseCode;
use runtime::{SeededRandom, SystemRandom};

use super::testing::Zone;
use super::*;

const STARTTLS: &str = "_xmpp-server._tcp.chess.example";
const DIRECT: &str = "_xmpps-server._tcp.chess.example";
const CHESS: &str = "chess.example";

/// The candidates of a domain, and how each is to be connected to.
async fn found(zone: &Zone, domain: &str) -> Result<Vec<String>, DnsError> {
    let candidates = zone.during(zone.resolver().candidates(domain)).await?;
    Ok(candidates.iter().map(|one| format!("{one} {:?}", one.security)).collect())
}

#[tokio::test]
async fn both_sets_are_merged() {
    let zone = Zone::new()
        .await
        .srv(STARTTLS, (10, 5, 5269, "b.Example."))
        .srv(STARTTLS, (30, 5, 5269, "d.example."))
        .srv(DIRECT, (5, 5, 5270, "a.example."))
        .srv(DIRECT, (20, 5, 443, "c.example."));
    let all = [
        "a.example:5270 Direct",
        "b.example:5269 StartTls",
        "c.example:443 Direct",
        "d.example:5269 StartTls",
    ];
    assert_eq!(found(&zone, CHESS).await.unwrap(), all);
    assert_eq!(found(&zone, "Chess.Example.").await.unwrap(), all);
    let mut asked = zone.asked();
    asked.truncate(2);
    asked.sort();
    assert_eq!(asked, [format!("SRV {STARTTLS}"), format!("SRV {DIRECT}")]);
}

#[tokio::test]
async fn a_domain_in_u_labels() {
    let zone = Zone::new().await.srv("_xmpp-server._tcp.xn--mller-kva.example", (0, 0, 5269, "a.example."));
    for domain in ["müller.example", "MÜLLER.example", "xn--mller-kva.example"] {
        assert_eq!(found(&zone, domain).await.unwrap(), ["a.example:5269 StartTls"]);
    }
}

#[tokio::test]
async fn without_srv_records_the_domain_itself() {
    let zone = Zone::new().await.host("xn--mller-kva.example", "192.0.2.1");
    assert_eq!(found(&zone, "müller.example").await.unwrap(), ["xn--mller-kva.example:5269 StartTls"]);
}

#[tokio::test]
async fn an_address_is_used_directly() {
    let zone = Zone::new().await;
    assert_eq!(found(&zone, "192.0.2.1").await.unwrap(), ["192.0.2.1:5269 StartTls"]);
    assert_eq!(found(&zone, "[2001:db8::1]").await.unwrap(), ["[2001:db8::1]:5269 StartTls"]);
    assert_eq!(zone.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_service_that_is_not_offered() {
    let dot = (0, 0, 0, ".");
    let not = Err(DnsError::NotOffered(CHESS.to_owned()));
    let here = |zone: Zone| zone.host(CHESS, "192.0.2.1");
    assert_eq!(found(&here(Zone::new().await.srv(STARTTLS, dot).srv(DIRECT, dot)), CHESS).await, not);
    // The domain knows of SRV records: no address of its own is tried.
    assert_eq!(found(&here(Zone::new().await.srv(STARTTLS, dot)), CHESS).await, not);
    assert_eq!(found(&here(Zone::new().await.srv(DIRECT, dot)), CHESS).await, not);
    let zone = Zone::new().await.srv(DIRECT, dot).srv(STARTTLS, (0, 0, 5269, "a.example."));
    assert_eq!(found(&zone, CHESS).await.unwrap(), ["a.example:5269 StartTls"]);
}

#[tokio::test]
async fn what_can_go_wrong() {
    let zone = Zone::new()
        .await
        .srv("_xmpp-client._tcp.empty.example", (0, 0, 5222, "."))
        .code("empty.example", ResponseCode::NoError)
        .code("_xmpp-server._tcp.broken.example", ResponseCode::ServFail)
        .code("_xmpps-server._tcp.closed.example", ResponseCode::Refused);
    let long = "a".repeat(64);
    let cases = [
        ("nowhere.example", "nowhere.example does not exist (NXDOMAIN)", false),
        ("empty.example", "empty.example has no address (A or AAAA record)", false),
        (
            "broken.example",
            "the name servers cannot answer for _xmpp-server._tcp.broken.example (SERVFAIL)",
            true,
        ),
        (
            "closed.example",
            "the name servers cannot answer for _xmpps-server._tcp.closed.example (REFUSED)",
            true,
        ),
        ("a..b", "\"_xmpp-server._tcp.a..b\" is not a valid domain name", false),
        (&long, &format!("\"_xmpp-server._tcp.{long}\" is not a valid domain name"), false),
        ("\u{fffd}", "\"\u{fffd}\" is not a valid domain name", false),
    ];
    for (domain, what, temporary) in cases {
        let error = found(&zone, domain).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_temporary()), (what, temporary));
    }
}

#[tokio::test]
async fn what_is_known_is_used_although_the_other_half_fails() {
    let zone =
        Zone::new().await.srv(STARTTLS, (0, 0, 5269, "a.example.")).code(DIRECT, ResponseCode::ServFail);
    assert_eq!(found(&zone, CHESS).await.unwrap(), ["a.example:5269 StartTls"]);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_a_lookup_ends() {
    let zone = Zone::new().await.code(STARTTLS, None).code(DIRECT, None);
    let start = tokio::time::Instant::now();
    assert_eq!(found(&zone, CHESS).await, Err(DnsError::Timeout(STARTTLS.to_owned())));
    assert!(start.elapsed() <= LOOKUP + ANSWER, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn without_a_name_server_a_lookup_fails() {
    // A port that nothing listens on any more.
    let resolver = Zone::new().await.resolver();
    let error = resolver.candidates(CHESS).await.unwrap_err();
    assert!(matches!(&error, DnsError::Unreachable(..) | DnsError::Timeout(_)), "{error}");
    assert!(error.is_temporary());
}

#[tokio::test]
async fn the_number_of_candidates_is_bounded() {
    let mut zone = Zone::new().await;
    for n in 0..20 {
        zone = zone
            .srv(STARTTLS, (n, 0, 5269, &format!("h{n}.example.")))
            .srv(DIRECT, (n, 0, 5270, "d.example."));
    }
    let found = found(&zone, CHESS).await.unwrap();
    assert_eq!(found.len(), 32);
    assert!(found.contains(&"h15.example:5269 StartTls".to_owned()));
}

#[tokio::test]
async fn the_services_of_a_domain() {
    let zone = Zone::new()
        .await
        .srv("_xmpp-client._tcp.chess.example", (1, 2, 5222, "A.example."))
        .srv("_xmpps-client._tcp.chess.example", (0, 0, 0, "."))
        .code(STARTTLS, ResponseCode::ServFail);
    let [clients, direct_clients, servers, direct_servers] =
        zone.during(zone.resolver().services(CHESS)).await;
    let record = SrvRecord { priority: 1, weight: 2, port: 5222, target: Some("a.example".into()) };
    assert_eq!(clients, (Service::XmppClient, Ok(vec![record])));
    let dot = SrvRecord { priority: 0, weight: 0, port: 0, target: None };
    assert_eq!(direct_clients, (Service::XmppsClient, Ok(vec![dot])));
    assert!(matches!(servers, (Service::XmppServer, Err(DnsError::Failed(..)))));
    assert_eq!(direct_servers, (Service::XmppsServer, Ok(Vec::new())));
}

#[tokio::test]
async fn addresses_are_cached() {
    let zone = Zone::new().await.host("a.example", "192.0.2.1").host("a.example", "2001:db8::1");
    let resolver = zone.resolver();
    let expected: Vec<IpAddr> = vec!["2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap()];
    for _ in 0..3 {
        assert_eq!(zone.during(resolver.addresses("a.example")).await, Ok(expected.clone()));
    }
    assert_eq!(zone.asked().len(), 2);
}

#[tokio::test]
async fn one_family_is_enough() {
    let zone = Zone::new().await.host("a.example", "192.0.2.1");
    assert_eq!(
        zone.during(zone.resolver().addresses("a.example")).await,
        Ok(vec!["192.0.2.1".parse().unwrap()])
    );
}

/// Weights are random, but a test decides how.
#[tokio::test]
async fn the_order_follows_the_randomness_that_was_given() {
    let mut zone = Zone::new().await;
    for n in 0..8 {
        zone = zone.srv(STARTTLS, (0, 1, 5269, &format!("h{n}.example.")));
    }
    let mut orders = Vec::new();
    for seed in [1, 1, 2] {
        let resolver = Resolver::with_servers(&[zone.address()], Arc::new(SeededRandom::new(seed))).unwrap();
        orders.push(zone.during(resolver.candidates(CHESS)).await.unwrap());
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
}

#[tokio::test]
async fn the_system_has_a_configuration_or_says_why_not() {
    if let Err(error) = Resolver::system(Arc::new(SystemRandom)) {
        assert!(matches!(error, DnsError::Configuration(_)), "{error}");
    }
}
