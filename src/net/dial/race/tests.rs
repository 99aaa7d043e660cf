use std::cell::RefCell;
use std::future::{pending, ready};

use tokio::time::sleep;

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A lookup that takes this many milliseconds.
async fn after(millis: u64, texts: &[&str]) -> Lookup {
    let found = addresses(texts);
    sleep(Duration::from_millis(millis)).await;
    Ok(found)
}

/// What was tried and when, in milliseconds.
#[derive(Default)]
struct Log(RefCell<Vec<(u128, String)>>);

impl Log {
    fn note(&self, start: Instant, address: SocketAddr) {
        self.0.borrow_mut().push((start.elapsed().as_millis(), address.ip().to_string()));
    }

    fn entries(&self) -> Vec<(u128, String)> {
        self.0.borrow().clone()
    }
}

fn entries(expected: &[(u128, &str)]) -> Vec<(u128, String)> {
    expected.iter().map(|(at, address)| (*at, (*address).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn families_take_turns_every_quarter_of_a_second() {
    let (log, start) = (Log::default(), Instant::now());
    let connect = |address| {
        log.note(start, address);
        pending::<Result<(), Failure>>()
    };
    let (six, four) = (after(0, &["2001:db8::1", "2001:db8::2"]), after(0, &["192.0.2.1", "192.0.2.2"]));
    let error = race(&"a:1", 1, six, four, LIMIT, connect).await.unwrap_err();
    let expected = [(0, "2001:db8::1"), (250, "192.0.2.1"), (500, "2001:db8::2"), (750, "192.0.2.2")];
    // Timers have a resolution of a millisecond.
    let near = |(at, address): (u128, String)| ((at + 5) / 10 * 10, address);
    assert_eq!(log.entries().into_iter().map(near).collect::<Vec<_>>(), entries(&expected));
    assert_eq!(error.tried.len(), 4);
    assert!(error.tried.iter().all(|(_, failure)| matches!(failure, Failure::TimedOut)));
    assert!(start.elapsed() < LIMIT + Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn the_first_to_answer_wins() {
    let connect = |address: SocketAddr| async move {
        sleep(Duration::from_millis(if address.is_ipv6() { 400 } else { 100 })).await;
        Ok::<_, Failure>(address)
    };
    let (six, four) = (after(0, &["2001:db8::1"]), after(0, &["192.0.2.1"]));
    let (won, address) = race(&"a:1", 1, six, four, LIMIT, connect).await.unwrap();
    assert_eq!((won, address.to_string()), (address, "192.0.2.1:1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_next_starts_at_once() {
    let start = Instant::now();
    let connect =
        |address: SocketAddr| async move { if address.is_ipv6() { Err(Failure::Forbidden) } else { Ok(()) } };
    let (six, four) = (after(0, &["2001:db8::1", "2001:db8::2"]), after(20, &["192.0.2.1"]));
    let (_, address) = race(&"a:1", 1, six, four, LIMIT, connect).await.unwrap();
    assert!(address.is_ipv4() && start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
}

/// IPv6 addresses that come a little late are tried first; those that come much later are not waited for.
#[tokio::test(start_paused = true)]
async fn ipv6_is_waited_for_a_little() {
    for (millis, six_wins) in [(30, true), (200, false)] {
        let connect = |address: SocketAddr| ready(Ok::<_, Failure>(address));
        let (six, four) = (after(millis, &["2001:db8::1"]), after(0, &["192.0.2.1"]));
        let (_, address) = race(&"a:1", 1, six, four, LIMIT, connect).await.unwrap();
        assert_eq!(address.is_ipv6(), six_wins, "{millis}");
    }
}

#[tokio::test(start_paused = true)]
async fn lookups_that_fail() {
    let temporary = DnsError::Timeout("a".to_owned());
    let none = DnsError::NoSuchDomain("a".to_owned());
    let refused = |_| ready(Err::<(), _>(Failure::Forbidden));
    let lost = |six: Lookup, four: Lookup| race(&"a:1", 1, ready(six), ready(four), LIMIT, refused);
    let dns = |error: DialError| error.dns;
    let error = lost(Err(none.clone()), Err(none.clone())).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot connect to a:1: a does not exist (NXDOMAIN)");
    assert_eq!(dns(lost(Ok(Vec::new()), Err(temporary.clone())).await.unwrap_err()), Some(temporary.clone()));
    assert_eq!(dns(lost(Err(none.clone()), Err(temporary.clone())).await.unwrap_err()), Some(temporary));
    let empty = lost(Ok(Vec::new()), Ok(Vec::new())).await.unwrap_err();
    assert_eq!(empty.to_string(), "cannot connect to a:1: a has no address (A or AAAA record)");
    // One family was found and tried: that the other does not exist is no news.
    let tried = lost(Ok(addresses(&["2001:db8::1"])), Err(none)).await.unwrap_err();
    assert_eq!((tried.tried.len(), tried.dns), (1, None));
    let never = race(&"a:1", 1, pending(), pending(), LIMIT, refused).await.unwrap_err();
    assert_eq!(never.to_string(), "cannot connect to a:1: the DNS lookup timed out");
}
