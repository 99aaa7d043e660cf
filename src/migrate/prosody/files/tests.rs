use std::fs::{create_dir_all, write};

use crate::Kind;

use super::*;

fn read(files: &[(&str, &[u8])]) -> (Survey, Vec<RawUser>, Vec<Leftover>) {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        create_dir_all(path.parent().unwrap()).unwrap();
        write(path, bytes).unwrap();
    }
    let mut source = Files::new(dir.path().to_owned());
    let survey = source.survey().unwrap();
    let mut users = Vec::new();
    while let Some(user) = source.next().unwrap() {
        users.push(user);
    }
    (survey, users, source.leftovers())
}

#[test]
fn one_bad_file_stops_nothing() {
    let (survey, users, leftovers) = read(&[
        ("h/accounts/a.dat", b"return {password=\"x\"};"),
        ("h/roster/a.dat", b"return { [\"b@h\"] = {"),
        ("h/private/a.dat", b"return 7"),
        ("h/vcard/a.list", b"item({});"),
        ("h/offline/a.list", b"item({name=\"message\", when=1, attr={}});\nitem(os.exit());\nitem({name=\"message\", attr={stamp=\"2007-09-11T10:11:12Z\"}});\n"),
        ("h/smacks_h/a.dat", b"return {};"),
        ("h/archive/a.list", b"item({});\nitem({});\n"),
        ("h/roster/%ff.dat", b"return {};"),
        ("h/uploads.list", b"item({});\nitem({});\n"),
    ]);
    assert_eq!((survey.hosts, survey.users, survey.notes.len()), (vec!["h".to_owned()], Some(1), 0));
    let [user] = users.as_slice() else { panic!("one user") };
    let stamps: Vec<_> = user.messages.iter().map(|message| message.stored_us).collect();
    assert_eq!(stamps, [Some(1_000_000), Some(1_189_505_472_000_000)]);
    let skipped: Vec<_> =
        user.skipped.iter().map(|one| (one.kind, one.reason, one.key.as_str(), one.rows)).collect();
    let expected = [
        (Kind::Offline, Reason::Damaged, "offline/a.list", 1),
        (Kind::Private, Reason::UnknownValue, "private/a.dat", 1),
        (Kind::Roster, Reason::Damaged, "roster/a.dat", 1),
        (Kind::VCard, Reason::UnknownValue, "vcard/a.list", 1),
        (Kind::Archive, Reason::NotTakenYet, "", 2),
        (Kind::Other, Reason::NotTakenYet, "", 1),
    ];
    assert_eq!(skipped, expected);
    let left: Vec<_> = leftovers
        .iter()
        .map(|one| (one.host.as_str(), one.rows.kind, one.rows.reason, one.rows.rows))
        .collect();
    assert_eq!(left, [("h", Kind::Roster, Reason::BadText, 1), ("h", Kind::Other, Reason::NotTakenYet, 2)]);
}

#[test]
fn users_without_accounts_and_hosts_with_none() {
    let (survey, users, _) = read(&[
        ("h/roster/b.dat", b"return {[\"c@h\"]={}};"),
        ("%c5%be%2eh/accounts/b.dat", b"return {password=\"x\"};"),
        ("upload%2eh/uploads.list", b"item({});\n"),
        ("custom_plugins/mod_x.lua", b""),
        ("prosody.pid", b"1"),
    ]);
    assert_eq!(survey.hosts, ["ž.h", "h"]);
    let found: Vec<_> =
        users.iter().map(|user| (user.host.as_str(), user.accounts.len(), user.contacts.len())).collect();
    assert_eq!(found, [("ž.h", 1, 0), ("h", 0, 1)]);
    let notes = survey.notes.join("; ");
    for words in ["custom_plugins", "h has no accounts", "upload.h is a component's"] {
        assert!(notes.contains(words), "{notes}");
    }
}
