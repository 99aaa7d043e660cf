//! Documents made by hand.

use crate::{Kind, Reason};
use proptest::prelude::*;
use storage::{Kinds, Subscription};

use super::read::{read, read_text, read_user};

const HEAD: &str = "<server-data xmlns='urn:xmpp:pie:0'><host jid='h.example'>";

#[test]
fn a_roster() {
    let user = read_user(
        "<query xmlns='jabber:iq:roster' version='7'><item jid='a@b' name='' ask='subscribe'><group>x</group><group>x</group></item>\
         <item jid='c@d' subscription='both' ask='subscribe' approved='1'/><item jid='e@f' subscription='remove' ask='unsubscribe'/>\
         <item name='nobody'/><other/></query>",
    );
    let [first, second, third] = user.contacts.as_slice() else { panic!("{:?}", user.contacts) };
    assert_eq!((first.jid.as_str(), first.name.as_deref(), first.ask), ("a@b", Some(""), true));
    assert_eq!(
        (&first.subscription, first.groups.as_slice()),
        (&Ok(Subscription::None), &["x".into(), "x".into()][..])
    );
    assert_eq!((&second.subscription, second.approved, second.ask), (&Ok(Subscription::Both), true, false));
    assert_eq!((&third.subscription, third.ask), (&Err("remove".to_owned()), false));
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.reason, one.key.as_str())).collect();
    assert_eq!(
        skipped,
        [(Kind::Roster, Reason::BadJid, "nobody"), (Kind::Roster, Reason::UnknownValue, "other")]
    );
}

#[test]
fn privacy_lists() {
    let user = read_user(
        "<query xmlns='jabber:iq:privacy'><default/><default name='d'/><active name='x'/><list name='d'>\
         <item type='jid' value='a@b' action='deny' order='-5'><message/><presence-in/></item>\
         <item action='allow' order='99999999999'/><item action='deny' order='1'><message/><iq/><presence-in/><presence-out/></item>\
         <item action='maybe' order='1'/><item action='deny' order='one'/><item action='deny' order='1'><sound/></item>\
         </list><list name='none'/></query><blocklist xmlns='urn:xmpp:blocking'><item jid='q@r'/><item/></blocklist>",
    );
    assert_eq!(user.default_lists, ["d"]);
    assert_eq!(user.blocked, ["q@r"]);
    let [first, second, third] = user.rules.as_slice() else { panic!("{:?}", user.rules) };
    assert_eq!((first.order, first.allow, first.kinds), (-5, false, Kinds::MESSAGE | Kinds::PRESENCE_IN));
    assert_eq!((first.subject.as_deref(), first.value.as_deref()), (Some("jid"), Some("a@b")));
    assert_eq!(
        (second.order, second.allow, second.kinds, &second.subject),
        (99_999_999_999, true, Kinds::ALL, &None)
    );
    let four = Kinds::MESSAGE | Kinds::IQ | Kinds::PRESENCE_IN | Kinds::PRESENCE_OUT;
    assert!(third.kinds == four && four != Kinds::ALL);
    let reasons: Vec<_> = user.skipped.iter().map(|one| one.reason).collect();
    use Reason::{BadJid, Empty, Stale, UnknownValue};
    assert_eq!(reasons, [Stale, UnknownValue, UnknownValue, UnknownValue, Empty, BadJid]);
}

#[test]
fn stanzas_in_the_wrong_namespace() {
    let user = read_user(
        "<presence from='a@b' type='subscribe'><status>hi</status></presence><presence xmlns='jabber:client' from='c@d' type='subscribed'/>\
         <offline-messages><message from='a@b/c' to='u@h.example'><body>x</body><delay xmlns='urn:xmpp:delay' from='a@b' stamp='2001-01-01T00:00:00Z'/>\
         <delay xmlns='urn:xmpp:delay' from='h.example' stamp='2002-01-01T00:00:00.000001Z'/></message>\
         <message xmlns='jabber:client'><delay xmlns='urn:xmpp:delay' from='a@b' stamp='2001-01-01T00:00:00Z'/></message><iq/>\
         <presence xmlns='jabber:client' from='e@f' type='subscribe'/></offline-messages>",
    );
    let [first, second] = user.requests.as_slice() else { panic!("{:?}", user.requests) };
    assert_eq!((first.jid.as_str(), second.jid.as_str()), ("a@b", "e@f"));
    let stanza = "<presence xmlns='jabber:client' from='a@b' type='subscribe'><status>hi</status></presence>";
    assert_eq!(first.stanza.as_deref(), Some(stanza));
    assert!(
        user.messages[0]
            .xml
            .starts_with("<message xmlns='jabber:client' from='a@b/c' to='u@h.example'><body>x</body>")
    );
    let times: Vec<_> = user.messages.iter().map(|message| message.stored_us).collect();
    assert_eq!(times, [Some(1_009_843_200_000_001), None]);
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.key.as_str())).collect();
    assert_eq!(skipped, [(Kind::Request, "c@d"), (Kind::Offline, "iq")]);
}

#[test]
fn bookmarks_of_pep_stand_in() {
    let items = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'>\
        <item id='r@c.example'><conference xmlns='urn:xmpp:bookmarks:1' name='R' autojoin='1'><nick>n</nick><extensions/></conference></item></items>\
        <items node='other'><item id='1'><x xmlns='y'/></item><item id='2'><x xmlns='y'/></item></items></pubsub>";
    let made = "<storage xmlns='storage:bookmarks'><conference jid='r@c.example' name='R' autojoin='1'><nick>n</nick></conference></storage>";
    let user = read_user(items);
    assert_eq!(user.private, [made]);
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.rows)).collect();
    assert_eq!(skipped, [(Kind::Pep, 2), (Kind::Private, 1)]);
    let user = read_user(&format!(
        "{items}<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>"
    ));
    assert_eq!(user.private, ["<storage xmlns='storage:bookmarks'/>"]);
    assert_eq!(
        user.skipped.iter().map(|one| (one.kind, one.rows)).collect::<Vec<_>>(),
        [(Kind::Pep, 2), (Kind::Pep, 1)]
    );
}

#[test]
fn a_vcard_of_pep_stands_in() {
    let items = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:vcard4'><item id='current'>\
        <vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>A B</text></fn><n><surname>B</surname><given>A</given></n>\
        <photo><uri>data:image/png;base64,AAAA</uri></photo></vcard></item></items></pubsub>";
    let made = "<vCard xmlns='vcard-temp'><FN>A B</FN><N><FAMILY>B</FAMILY><GIVEN>A</GIVEN></N>\
        <PHOTO><TYPE>image/png</TYPE><BINVAL>AAAA</BINVAL></PHOTO></vCard>";
    assert_eq!(read_user(items).vcards, [made]);
    let user = read_user(&format!("{items}<vCard xmlns='vcard-temp'><FN>C</FN></vCard>"));
    assert_eq!(user.vcards, ["<vCard xmlns='vcard-temp'><FN>C</FN></vCard>"]);
    assert_eq!(user.skipped.iter().map(|one| (one.kind, one.rows)).collect::<Vec<_>>(), [(Kind::Pep, 1)]);
}

#[test]
fn what_is_unknown_is_named() {
    let all = read_text(format!(
        "<?xml version='1.0'?><!-- c --><?pi x?>{HEAD}text<!-- > ' --><user name='u'><a xmlns='n'/>\
         <a xmlns='n'/><archive xmlns='urn:xmpp:pie:0#mam'><result/><result><r/></result></archive></user>\
         <room xmlns='m'/></host><motd xmlns='k'/></server-data><!-- end -->\n"
    ));
    let all = all.unwrap();
    let [unknown, archive] = all.users[0].skipped.as_slice() else { panic!("{:?}", all.users[0].skipped) };
    assert_eq!((unknown.kind, unknown.reason, unknown.rows), (Kind::Other, Reason::NotTakenYet, 2));
    assert_eq!(unknown.key, "<a/> of \"n\"");
    assert_eq!((archive.kind, archive.rows), (Kind::Archive, 2));
    let left: Vec<_> = all.leftovers.iter().map(|one| (one.host.as_str(), one.rows.key.as_str())).collect();
    assert_eq!(left, [("h.example", "a.xml"), ("h.example", "<room/> of \"m\""), ("", "<motd/> of \"k\"")]);
}

#[test]
fn prefixes_of_outer_elements() {
    let xml = "<p:server-data xmlns:p='urn:xmpp:pie:0' xmlns:r = \"jabber:iq:roster\"><p:host jid='h&amp;'>\
        <p:user name='u' password='&lt;&quot;'  xmlns='jabber:iq:private' xmlns:x='urn:x'><r:query><r:item jid='a@b'/></r:query><query><x:a x:b='1'/></query></p:user\n></p:host></p:server-data>";
    let all = read_text(xml).unwrap();
    let user = all.user("u@h&");
    assert_eq!(user.contacts[0].jid, "a@b");
    assert_eq!(user.private, ["<a xmlns='urn:x' xmlns:x='urn:x' x:b='1'/>"]);
    assert!(matches!(&user.accounts[0].password, crate::RawPassword::Unknown { text, .. } if text == "<\""));
}

#[test]
fn broken_elements_are_left_out() {
    let all = read_text(format!(
        "{HEAD}<user name='u'><query xmlns='jabber:iq:roster'><item jid='a@b'></query></item><vCard xmlns='vcard-temp'>&nbsp;</vCard>\
         <query xmlns='jabber:iq:private'><a xmlns='x'>1<!-- > --><![CDATA[</a>]]></a></query></user><user name='v'/></host></server-data>"
    ));
    let all = all.unwrap();
    let user = all.user("u@h.example");
    assert_eq!(user.private, ["<a xmlns='x'>1&lt;/a&gt;</a>"]);
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.reason)).collect();
    assert_eq!(skipped, [(Kind::Roster, Reason::BrokenXml), (Kind::VCard, Reason::BrokenXml)]);
    assert!(all.user("v@h.example").skipped.is_empty());
}

#[test]
fn a_file_that_breaks_off_keeps_what_it_has() {
    let user = "<user name='u'><vCard xmlns='vcard-temp'><FN>f</FN></vCard>";
    for rest in ["", "<a xmlns='", "</host>", "<b>", "<!DOCTYPE x>", "<a xmlns='\u{1}'/>", "<!-- "] {
        let all = read_text(format!("{HEAD}{user}{rest}")).unwrap();
        assert_eq!((all.users.len(), all.survey.notes.len()), (1, 1), "{rest}");
        assert_eq!(all.users[0].vcards.len(), 1, "{rest}");
        let broken =
            all.users[0].skipped.iter().filter(|one| one.reason == Reason::BrokenXml && one.key == "a.xml");
        assert_eq!(broken.count(), 1, "{rest}: {:?}", all.users[0].skipped);
    }
    let invalid = [
        HEAD.as_bytes(),
        b"<user name='u'><vCard xmlns='vcard-temp'>\xE4</vCard></user></host></server-data>",
    ]
    .concat();
    let all = read_text(invalid).unwrap();
    assert_eq!(all.users[0].skipped[0].reason, Reason::BadText);
}

#[test]
fn encodings() {
    let whole = format!("{HEAD}<user name='ž'/></host></server-data>");
    for (start, encoding) in
        [("\u{FEFF}", ""), ("\u{FEFF}", " encoding=\"utf-8\""), ("", " encoding = 'UTF-8'")]
    {
        let all = read_text(format!("{start}<?xml version='1.0'{encoding}?>{whole}")).unwrap();
        assert_eq!(all.users[0].local, "ž");
    }
    let latin =
        read_text(format!("<?xml version='1.0' encoding='ISO-8859-1'?>{whole}")).err().unwrap().to_string();
    assert!(latin.contains("a.xml") && latin.contains("ISO-8859-1") && latin.contains("iconv"), "{latin}");
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(read_text(wide).err().unwrap().to_string().contains("UTF-16"));
}

#[test]
fn other_files_are_refused() {
    for xml in ["", "  ", "text", "<x/>", "<!DOCTYPE html><html/>", "<user xmlns='other' name='u'/>"] {
        let error = read_text(xml).err().unwrap().to_string();
        assert!(error.contains("no file in the format of XEP-0227"), "{xml}: {error}");
    }
    assert!(read(std::path::Path::new("/nowhere/at-all")).is_err());
}

#[test]
fn an_old_namespace_and_a_user_twice() {
    let all = read_text(
        "<host xmlns='http://www.xmpp.org/extensions/xep-0227.html#ns' jid='h'><user name='u'>\
         <offline-messages><message/></offline-messages></user><user name='u' password='p'/></host>",
    );
    let all = all.unwrap();
    assert_eq!(all.users.len(), 2);
    assert_eq!(all.users[0].messages[0].xml, "<message xmlns='jabber:client'/>");
}

#[test]
fn a_large_element_is_left_out() {
    let large = "y".repeat(crate::xep0227::names::ELEMENT_BYTES);
    let user = read_user(&format!("<vCard xmlns='vcard-temp'><A/><B>{large}</B></vCard><a xmlns='n'/>"));
    assert!(user.vcards.is_empty());
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.reason, one.rows)).collect();
    assert_eq!(skipped, [(Kind::VCard, Reason::TooLarge, 2), (Kind::Other, Reason::NotTakenYet, 1)]);
}

#[test]
fn deep_nesting_is_left_out() {
    let deep = format!("{}{}", "<d>".repeat(200_000), "</d>".repeat(200_000));
    let user = read_user(&format!("<query xmlns='jabber:iq:private'><a xmlns='x'>{deep}</a></query>"));
    assert_eq!(user.skipped[0].reason, Reason::TooLarge);
}

const PIECES: &[&str] = &[
    "<server-data xmlns='urn:xmpp:pie:0'>",
    "<host jid='h'>",
    "<user name='u'>",
    "</user>",
    "</host>",
    "</server-data>",
    "<user name='v'/>",
    "<query xmlns='jabber:iq:roster'>",
    "</query>",
    "<item jid='a@b'/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?x",
    "?>",
    "'",
    "\"",
    ">",
    "<",
    "</",
    "/>",
    "&amp;",
    "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='a.xml'/>",
    "<offline-messages><message/></offline-messages>",
    "<scram-credentials xmlns='urn:xmpp:pie:0#scram'/>",
    " xmlns:p='q'",
    "<p:x/>",
    "\0",
    "\u{FEFF}",
    "<!DOCTYPE",
    "é",
];

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_text(&bytes);
        let _ = read_text([HEAD.as_bytes(), b"<user name='u'>", &bytes].concat());
    }

    #[test]
    fn any_markup_is_answered(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..30)) {
        let _ = read_text(pieces.concat());
        if let Ok(all) = read_text(format!("{HEAD}{}", pieces.concat())) {
            prop_assert!(all.users.iter().all(|user| user.accounts.len() == 1));
        }
    }
}
