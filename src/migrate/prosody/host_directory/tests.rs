use std::fs::{create_dir_all, write};
use std::os::unix::fs::symlink;

use super::*;

#[test]
fn only_what_prosody_writes_is_a_users() {
    let dir = tempfile::tempdir().unwrap();
    let host = dir.path().join("h");
    for store in ["roster", "config", "pep_urn%3ax", "%2e%2e"] {
        create_dir_all(host.join(store)).unwrap();
    }
    let outside = dir.path().join("secret.dat");
    write(&outside, "return {password=\"x\"};").unwrap();
    for name in [
        "roster/a.dat",
        "roster/A%2fb.dat",
        "roster/.dat",
        "roster/a.b.dat",
        "roster/%2E.dat",
        "roster/a.dat~",
        "roster/a.lidx",
        "config/a.dat",
        "pep_urn%3ax/a.list",
        "cron.dat",
    ] {
        write(host.join(name), "return {};").unwrap();
    }
    symlink(&outside, host.join("roster/link.dat")).unwrap();
    symlink(dir.path(), host.join("accounts")).unwrap();
    let mut found = HostDirectory::list(&host).unwrap();
    let users: Vec<_> = found.users.iter().map(|(user, places)| (user.as_str(), places.len())).collect();
    assert_eq!(users, [("A/b", 1), ("a", 2)]);
    let leftovers: Vec<_> =
        found.take_leftovers().into_iter().map(|one| (one.kind, one.reason, one.key, one.rows)).collect();
    let odd = |kind, key: &str| (kind, Reason::BadText, key.to_owned(), 1);
    let expected = [
        odd(Kind::Other, "accounts"),
        odd(Kind::Roster, "roster/%2E.dat"),
        odd(Kind::Roster, "roster/.dat"),
        odd(Kind::Roster, "roster/a.b.dat"),
        odd(Kind::Roster, "roster/link.dat"),
        (Kind::Room, Reason::NotTakenYet, String::new(), 1),
        (Kind::Other, Reason::NotTakenYet, String::new(), 1),
    ];
    assert_eq!(leftovers, expected);
}
