//! Which files an export has.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::export::round_trip;
use super::read::read;
use crate::xep0227::export::{Export, ExportPassword, ExportUser, Reader, UNFINISHED, file_name};
use crate::{Kind, Reason};

fn named(local: &str) -> ExportUser {
    ExportUser { local: local.to_owned(), ..ExportUser::default() }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn names_of_users_are_kept() {
    let locals =
        ["alice", "a.b", ".", "..", ".x", "-rf", "d\\27artagnan", "žofie", "a=b", "a%2fb", "a b", "=2e"];
    let users: Vec<_> = locals.iter().map(|local| named(local)).collect();
    let back: Vec<_> = round_trip(&users).into_iter().map(|user| user.local).collect();
    assert_eq!(back, locals);
}

#[test]
fn names_of_files_are_safe_and_different() {
    let long = "ž".repeat(511);
    let mut names: Vec<String> = [
        "chess.example",
        "Chess.example",
        ".",
        "..",
        "-rf",
        "žofie",
        "a=b",
        "a/b",
        "../x",
        "a b",
        "",
        "=2e",
        "a.xml",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend([long.clone(), format!("{long}a"), format!("{long}b"), "a".repeat(1023), "a".repeat(1022)]);
    let files: BTreeSet<_> = names.iter().map(|name| file_name(name)).collect();
    assert_eq!(files.len(), names.len());
    let is_safe = |name: &String| {
        name.len() <= 200
            && !name.starts_with(['.', '-'])
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"=._-".contains(&b))
    };
    assert!(files.iter().all(is_safe), "{files:?}");
    assert!(files.contains("chess.example") && files.contains("=c5=beofie") && files.contains("=2e."));
    assert_eq!(file_name("a.xml"), "a=2exml");
}

#[test]
fn a_document_for_each_domain() {
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("a/export");
    let mut export = Export::begin(&directory, Reader::Any).unwrap();
    let user = ExportUser { password: ExportPassword::Plain("'".to_owned()), ..named("u") };
    assert!(export.user(&user).is_err(), "no domain has begun");
    for host in ["a.example", "b&.example", "server-data"] {
        export.host(host).unwrap();
        export.user(&user).unwrap();
        let file = directory.join(format!("hosts/{}.xml", file_name(host)));
        assert!(!file.exists(), "it appears when it is whole");
    }
    assert!(export.host("a.example").is_err(), "the same domain");
    assert!(read(&directory).err().unwrap().to_string().contains("did not end"));
    export.finish().unwrap();
    assert!(!directory.join(UNFINISHED).exists());
    let (main, host) = (directory.join("server-data.xml"), directory.join("hosts/a.example.xml"));
    assert_eq!(
        [&directory, &directory.join("hosts"), &main, &host].map(|path| mode(path)),
        [0o700, 0o700, 0o600, 0o600]
    );
    let want = "<?xml version='1.0' encoding='UTF-8'?>\n\
        <server-data xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'>\n\
        <xi:include href='hosts/a.example.xml'/>\n<xi:include href='hosts/b=26.example.xml'/>\n\
        <xi:include href='hosts/server-data.xml'/>\n</server-data>\n";
    assert_eq!(fs::read_to_string(&main).unwrap(), want);
    let want = "<?xml version='1.0' encoding='UTF-8'?>\n<host xmlns='urn:xmpp:pie:0' jid='a.example'>\n\
        <user name='u' password='&apos;'>\n<account xmlns='https://castling.im/ns/export#0' password='plain'/>\n\
        <query xmlns='jabber:iq:roster'/>\n</user>\n</host>\n";
    assert_eq!(fs::read_to_string(&host).unwrap(), want);
    let all = read(&directory).unwrap();
    assert_eq!(all.survey.hosts, ["a.example", "b&.example", "server-data"]);
    assert_eq!(all.users.len(), 3);
    assert_eq!(read(&host).unwrap().users.len(), 1, "a domain alone");
}

#[test]
fn a_document_for_each_user() {
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("export");
    let mut export = Export::begin(&directory, Reader::Prosody).unwrap();
    for host in ["a.example", "b.example"] {
        export.host(host).unwrap();
        export.user(&named("u")).unwrap();
        assert!(export.user(&named("u")).is_err(), "the same user");
    }
    let skipped = export.user(&named(&"a".repeat(250))).unwrap();
    assert_eq!(
        skipped.iter().map(|one| (one.kind, one.reason)).collect::<Vec<_>>(),
        [(Kind::Account, Reason::TooLarge)]
    );
    export.finish().unwrap();
    let file = directory.join("u@a.example.xml");
    let want = "<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0'>\n<host jid='a.example'>\n\
        <user name='u'>\n<query xmlns='jabber:iq:roster'/>\n</user>\n</host>\n</server-data>\n";
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), (want, 0o600));
    let names: Vec<_> =
        read(&directory).unwrap().users.into_iter().map(|user| (user.local, user.host)).collect();
    assert_eq!(names, [("u".to_owned(), "a.example".to_owned()), ("u".to_owned(), "b.example".to_owned())]);
}

#[test]
fn only_an_unfinished_export_is_replaced() {
    for reader in [Reader::Any, Reader::Prosody] {
        let outer = tempfile::tempdir().unwrap();
        let directory = outer.path().join("export");
        let mut export = Export::begin(&directory, reader).unwrap();
        export.host("a.example").unwrap();
        export.user(&named("gone")).unwrap();
        export.host("b.example").unwrap();
        drop(export);
        let mut export = Export::begin(&directory, reader).unwrap();
        export.host("a.example").unwrap();
        export.user(&named("new")).unwrap();
        export.finish().unwrap();
        let all = read(&directory).unwrap();
        assert_eq!(all.users.iter().map(|user| user.local.as_str()).collect::<Vec<_>>(), ["new"]);
        assert!(all.leftovers.is_empty() && all.survey.notes.is_empty());
        let error = Export::begin(&directory, reader).err().unwrap().to_string();
        assert!(error.contains("is not empty"), "{error}");
        fs::write(outer.path().join("file"), "x").unwrap();
        assert!(Export::begin(&outer.path().join("file"), reader).is_err());
    }
}
