//! Files that include each other.

use std::fs;
use std::path::Path;

use crate::Reason;

use super::read::{All, read};

const NS: &str = "xmlns='urn:xmpp:pie:0' xmlns:i='http://www.w3.org/2001/XInclude'";

/// Writes files: names and texts, where `{NS}` stands for the declarations.
fn write(directory: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("{NS}", NS)).unwrap();
    }
}

fn names(all: &All) -> Vec<String> {
    all.users.iter().map(|user| format!("{}@{}", user.local, user.host)).collect()
}

#[test]
fn at_each_level() {
    let directory = tempfile::tempdir().unwrap();
    write(
        directory.path(),
        &[
            (
                "main.xml",
                "<server-data {NS}><i:include href='h1.xml'/><host jid='h2'><i:include href='h2/u.xml'/></host></server-data>",
            ),
            (
                "h1.xml",
                "<host {NS} jid='h1'><user name='a'><i:include href='sub/vcard%20a.xml'/></user><i:include href='h1/b=c.xml'/><user name='z'/></host>",
            ),
            (
                "sub/vcard a.xml",
                "<?xml version='1.0'?><vCard xmlns='vcard-temp'><i:include xmlns:i='http://www.w3.org/2001/XInclude' href='x.xml'/></vCard>",
            ),
            ("h1/b=c.xml", "<user {NS} name='b'/>"),
            ("h2/u.xml", "<user {NS} name='u'><i:include href='../h1.xml'/></user>"),
        ],
    );
    for from in [directory.path().to_owned(), directory.path().join("main.xml")] {
        let all = read(&from).unwrap();
        assert_eq!(names(&all), ["a@h1", "b@h1", "z@h1", "u@h2"]);
        assert_eq!((all.survey.users, all.survey.notes.len()), (Some(4), 0));
        let mut hosts = all.survey.hosts.clone();
        hosts.sort();
        assert_eq!(hosts, ["h1", "h2"]);
        // Deeper than a child of the user it is data.
        assert!(all.users[0].vcards[0].contains("href='x.xml'"));
        assert_eq!(all.users[3].skipped[0].reason, Reason::Damaged, "`..` is refused");
        assert!(all.leftovers.is_empty(), "{:?}", all.leftovers);
    }
}

#[test]
fn documents_in_the_order_of_their_names() {
    let directory = tempfile::tempdir().unwrap();
    let document =
        |name: &str| format!("<server-data {NS}><host jid='h'><user name='{name}'/></host></server-data>");
    let files = ["b.xml", "a/z.xml", "a.xml", "é.xml", "B.XML", "%x.xml", "d\\27.xml"]
        .map(|name| (name, document(name)));
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    write(directory.path(), &files);
    write(
        directory.path(),
        &[
            (".a/x.xml", &document("hidden")),
            (".d.xml", &document(".d")),
            ("not.txt", &document("text")),
            ("other.xml", "<other/>"),
        ],
    );
    let all = read(directory.path()).unwrap();
    let order: Vec<_> = all.users.iter().map(|user| user.local.as_str()).collect();
    assert_eq!(order, ["%x.xml", ".d", "B.XML", "a.xml", "a/z.xml", "b.xml", "d\\27.xml", "é.xml"]);
    assert_eq!(all.leftovers.len(), 1, "{:?}", all.leftovers);
    assert_eq!(all.leftovers[0].rows.key, "other.xml");
}

#[test]
fn nothing_outside_is_read() {
    let outer = tempfile::tempdir().unwrap();
    let secret = "<user {NS} name='outside'/>";
    let inside = outer.path().join("in");
    let absolute = outer.path().join("u.xml");
    write(outer.path(), &[("u.xml", secret), ("in/sub/u.xml", secret)]);
    std::os::unix::fs::symlink(&absolute, inside.join("link.xml")).unwrap();
    std::os::unix::fs::symlink(outer.path(), inside.join("up")).unwrap();
    let hrefs = [
        "../u.xml",
        "sub/../../u.xml",
        "%2e%2e/u.xml",
        "..%2fu.xml",
        "link.xml",
        "up/u.xml",
        "/etc/hostname",
        "missing.xml",
        "sub",
        "",
        "http://example.org/u.xml",
        "sub/u.xml#xpointer(x)",
        "a\u{0}b",
    ];
    let absolute = absolute.to_str().unwrap().to_owned();
    let hrefs = hrefs.iter().copied().chain([absolute.as_str()]).filter(|href| !href.contains('\0'));
    let mut includes: Vec<_> = hrefs.map(|href| format!("<i:include href='{href}'/>")).collect();
    includes.push("<i:include href='sub/u.xml' parse='text'/>".to_owned());
    includes.push("<i:include href='sub/u.xml' xpointer='x'/>".to_owned());
    includes.push("<i:include/>".to_owned());
    let url = format!("<i:include href='file://{absolute}'/>");
    let main = format!("<host {NS} jid='h'>{}{url}<user name='end'/></host>", includes.concat());
    write(&inside, &[("main.xml", &main)]);
    let all = read(&inside.join("main.xml")).unwrap();
    assert_eq!(names(&all), ["end@h"]);
    let rows = all.leftovers.iter().map(|one| one.rows.rows).sum::<u64>();
    assert_eq!(rows, includes.len() as u64 + 1, "{:#?}", all.leftovers);
    assert!(all.leftovers.iter().all(|one| one.host == "h" && one.rows.reason == Reason::Damaged));
    // Nor does the list of the directory follow links.
    let all = read(&inside).unwrap();
    assert_eq!(names(&all), ["end@h"]);
}

#[test]
fn circles_end() {
    let directory = tempfile::tempdir().unwrap();
    let both = [
        ("a.xml", "<host {NS} jid='h'><user name='a'><i:include href='b.xml'/></user></host>"),
        (
            "b.xml",
            "<host {NS} jid='h'><i:include href='a.xml'/><i:include href='b.xml'/><user name='b'/></host>",
        ),
    ];
    write(directory.path(), &both);
    let error = read(directory.path()).err().unwrap().to_string();
    assert!(error.contains("circle"), "{error}");
    let all = read(&directory.path().join("a.xml")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(names(&all), ["a@h"]);
    let all = read(&directory.path().join("b.xml")).unwrap();
    assert_eq!(names(&all), ["b@h"]);
    assert_eq!(all.leftovers.len(), 2, "{:?}", all.leftovers);
}

#[test]
fn a_user_of_no_host_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    write(
        directory.path(),
        &[
            ("a.xml", "<host {NS} jid='h'><user name='a'/></host>"),
            ("u.xml", "<user {NS} name='u' password='secret'/>"),
        ],
    );
    let all = read(directory.path()).unwrap();
    assert_eq!((names(&all), all.survey.users), (vec!["a@h".to_owned()], Some(1)));
    assert!(all.survey.notes[0].contains("no other file says"), "{:?}", all.survey.notes);
    assert_eq!(all.leftovers[0].rows.key, "u.xml");
    assert!(!format!("{:?}", all.leftovers).contains("secret"));
}

#[test]
fn a_broken_file_stops_no_other() {
    let directory = tempfile::tempdir().unwrap();
    write(
        directory.path(),
        &[
            ("main.xml", "<host {NS} jid='h'><i:include href='u/1.xml'/><i:include href='u/2.xml'/></host>"),
            (
                "u/1.xml",
                "<user {NS} name='1'><query xmlns='jabber:iq:roster'><item jid='a@b'/></query><vCard",
            ),
            ("u/2.xml", "<user {NS} name='2'/>"),
            ("z.xml", "<host {NS} jid='h'><user name='3'/></host>"),
        ],
    );
    let all = read(directory.path()).unwrap();
    assert_eq!(names(&all), ["1@h", "2@h", "3@h"]);
    assert_eq!(all.users[0].contacts.len(), 1);
    assert_eq!(
        (all.users[0].skipped[0].reason, all.users[0].skipped[0].key.as_str()),
        (Reason::BrokenXml, "u/1.xml")
    );
    assert_eq!(all.survey.notes.len(), 1);
}
