//! Certificates: what they prove, and which are refused.

use std::path::Path;

use rcgen::{CertificateParams, date_time_ymd};

use super::basics::{error, proved};
use super::fixture::{Authority, Pair, Side, anna, bob, start};

/// Two servers with certificates of these authorities, which believe only in the first. `there`: what is different about the
/// other's.
fn certified(policy: &str, there: impl FnOnce(&Authority, &Path)) -> Pair {
    let authority = Authority::new();
    let mut sides = [Side::new("here.example"), Side::new("there.example")];
    for side in &mut sides {
        side.policy = format!(", roots = \"roots.pem\", {policy}");
        side.of_domain = "tls = { cert = \"cert.pem\", key = \"key.pem\" }\n".into();
    }
    let issue = |dir: &Path| authority.issue(dir, &["here.example"], |_| {});
    let here = start(&sides[0], &sides[1], "anna@here.example", issue);
    let there = start(&sides[1], &sides[0], "bob@there.example", |dir| there(&authority, dir));
    Pair { here, there }
}

const DEMANDED: &str = "verify = \"certificate\"";

#[test]
fn a_valid_certificate_proves_both_sides() {
    for policy in [DEMANDED, "verify = \"dialback\""] {
        let pair = certified(policy, |authority, dir| authority.issue(dir, &["there.example"], |_| {}));
        let (mut anna, mut bob) = (anna(&pair), bob(&pair));
        anna.send("<message to='bob@there.example' id='1'><body>hi</body></message>");
        bob.next();
        bob.send("<message to='anna@here.example' id='1'><body>hi</body></message>");
        anna.next();
        for server in [&pair.here, &pair.there] {
            let proved = proved(server);
            assert!(
                !proved.is_empty() && proved.iter().all(|(_, by)| by == "certificate"),
                "{policy}: {proved:?}"
            );
        }
        let said = pair.here.ok(&["s2s", "check", "there.example"]);
        assert!(said.contains("its certificate is valid for there.example"), "{said}");
        assert!(said.contains("a stream from here.example to there.example works"), "{said}");
    }
}

type Change = fn(&mut CertificateParams);

#[test]
fn what_is_not_valid_gets_nothing_through_where_certificates_are_demanded() {
    let cases: [(&str, &[&str], Change, &str); 3] = [
        ("expired", &["there.example"], |params| params.not_after = date_time_ymd(2024, 1, 1), "expired"),
        ("another name", &["elsewhere.example"], |_| {}, "elsewhere.example"),
        ("unknown", &["there.example"], |_| {}, "issue"),
    ];
    for (case, names, change, word) in cases {
        let pair = certified(DEMANDED, |authority, dir| {
            if case == "unknown" {
                let other = Authority::new();
                authority.issue(dir, &["x.example"], |_| {});
                let roots = std::fs::read(dir.join("roots.pem")).unwrap();
                other.issue(dir, names, change);
                std::fs::write(dir.join("roots.pem"), roots).unwrap();
            } else {
                authority.issue(dir, names, change);
            }
        });
        let (mut anna, mut bob) = (anna(&pair), bob(&pair));
        anna.send("<message to='bob@there.example' id='1'><body>hi</body></message>");
        assert_eq!(error(&anna.next()), "remote-server-timeout", "{case}");
        bob.send("<message to='anna@here.example' id='1'><body>hi</body></message>");
        assert_eq!(error(&bob.next()), "remote-server-timeout", "{case}");
        assert!(anna.ping().is_empty() && bob.ping().is_empty(), "{case}: nothing has come through");
        let said = pair.here.run(&["s2s", "check", "there.example"]);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains("certificate is not valid") && said.contains(word), "{case}: {said}");
    }
}
