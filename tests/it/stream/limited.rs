//! How many log-ins may fail from one address.

use client::Scram;
use xmpp::ns;

use super::{JACK, failure, open};
use crate::fixture::{BRANDS, Server, until};

#[test]
fn failed_log_ins_are_limited_by_address() {
    let server = Server::start_with(&format!("[limits]\nlogins_per_minute = 2\n{BRANDS}"), &[JACK]);
    for _ in 0..2 {
        assert_eq!(open(&server).authenticate("jack", "wrong"), Err("not-authorized".into()));
    }
    let limited = Err("temporary-auth-failure".into());
    assert_eq!(open(&server).authenticate("jack", "secret"), limited, "the right password, too");
    let free = Server::start_with(&format!("[limits]\nlogins_per_minute = 0\n{BRANDS}"), &[JACK]);
    for _ in 0..4 {
        assert_eq!(open(&free).authenticate("jack", "wrong"), Err("not-authorized".into()));
    }
    open(&free).authenticate("jack", "secret").unwrap();
}

#[test]
fn exchanges_that_are_given_up_count_as_failed() {
    let server = Server::start_with(&format!("[limits]\nlogins_per_minute = 3\n{BRANDS}"), &[JACK]);
    let mut aborting = open(&server);
    aborting.begin(&Scram::sha256("jack", "secret"));
    aborting.send(&format!("<abort xmlns='{}'/>", ns::SASL));
    assert_eq!(failure(&aborting.next()), "aborted");
    let mut broken = open(&server);
    broken.begin(&Scram::sha256("jack", "secret"));
    broken.send(&format!("<response xmlns='{}'>!</response>", ns::SASL));
    assert_eq!(failure(&broken.next()), "incorrect-encoding");
    let mut leaving = open(&server);
    leaving.begin(&Scram::sha256("jack", "secret"));
    drop(leaving);
    let limited = Err("temporary-auth-failure".into());
    until("the right password is refused, too", || open(&server).authenticate("jack", "secret") == limited);
}

#[test]
fn exchanges_that_were_begun_in_time_are_not_all_judged() {
    let server = Server::start_with(&format!("[limits]\nlogins_per_minute = 5\n{BRANDS}"), &[JACK]);
    let begun: Vec<_> = (0..20)
        .map(|number| {
            let mut raw = open(&server);
            let scram = Scram::sha256("jack", if number == 19 { "secret" } else { "wrong" });
            let challenge = raw.begin(&scram);
            (raw, scram, challenge)
        })
        .collect();
    let outcomes: Vec<_> = begun
        .into_iter()
        .map(|(mut raw, scram, challenge)| failure(&raw.finish(&scram, &challenge)))
        .collect();
    let [first, rest] = [&outcomes[..5], &outcomes[5..]];
    assert!(first.iter().all(|outcome| outcome == "not-authorized"), "{outcomes:?}");
    assert!(rest.iter().all(|outcome| outcome == "temporary-auth-failure"), "{outcomes:?}");
}
