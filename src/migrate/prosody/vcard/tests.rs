use crate::Reason;
use crate::prosody::understood::understood;

use super::super::lua_parser::{Parser, returned};
use super::*;

fn belongings(lists: &[(&str, &str)]) -> Belongings {
    let mut from = Belongings::new("a", "h");
    let mut nodes = String::from("return {");
    for (store, list) in lists {
        let mut parser = Parser::new(list.as_bytes());
        while let Some(item) = parser.item() {
            let item = Item::of_list(&item.unwrap_or_else(|fault| panic!("{fault:?}")));
            from.items.entry((*store).to_owned()).or_default().push(item);
        }
        nodes.push_str(&format!("[{:?}]={{}},", store.strip_prefix("pep_").unwrap()));
    }
    let nodes = returned(format!("{nodes}}}").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
    from.tables.insert("pep".into(), nodes.table().cloned().unwrap());
    from
}

/// An item with a vCard4, whose elements are written as XML here.
fn card(xml: &str) -> Item {
    let xml = format!("<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>{xml}</vcard>");
    Item { key: Ok("current".into()), when_us: None, xml: Ok(xml) }
}

const META: &str = r#"
item({ key="old", name="metadata", attr={xmlns="urn:xmpp:avatar:metadata"} });
item({ key="new", name="metadata", attr={xmlns="urn:xmpp:avatar:metadata"},
    {name="info", attr={xmlns="urn:xmpp:avatar:metadata", id="new", type="image/png", bytes="3"}} });
"#;
const PICTURES: &str = r#"
item({ key="old", name="data", attr={xmlns="urn:xmpp:avatar:data"}, "b2xk" });
item({ key="new", name="data", attr={xmlns="urn:xmpp:avatar:data"}, "bmV3" });
"#;

#[test]
fn a_vcard4_with_an_avatar() {
    let mut from = belongings(&[(AVATAR_METADATA, META), (AVATAR_DATA, PICTURES)]);
    let xml = "<fn><text>A &lt; B</text></fn>\
        <n><surname>B</surname><given>A</given><additional>M</additional><additional>N</additional><prefix/></n>\
        <nickname><text>ab</text></nickname><bday><date>1990-01-02</date></bday>\
        <group name='g'><title><text>Dr</text></title></group><role><text>r</text></role><url><uri>http://h/</uri></url>\
        <note><text>n</text></note><gender><sex>F</sex></gender><org><text>O</text><text>U</text></org>\
        <adr><parameters><type><text>Home</text></type></parameters><pobox/><street>S 1</street><country>C</country></adr>\
        <tel><parameters><type><text>work</text><text>cell</text></type></parameters><uri>tel:+1</uri></tel>\
        <email><text>a@h</text></email><impp><uri>xmpp:a@h</uri></impp><impp><uri>sip:a@h</uri></impp>";
    from.items.insert(VCARD4.into(), vec![card(xml)]);
    let user = understood(from);
    let expected = "<vCard xmlns='vcard-temp'><FN>A &lt; B</FN><N><FAMILY>B</FAMILY><GIVEN>A</GIVEN><MIDDLE>M,N</MIDDLE></N>\
        <NICKNAME>ab</NICKNAME><BDAY>1990-01-02</BDAY><ROLE>r</ROLE><URL>http://h/</URL><NOTE>n</NOTE>\
        <ORG><ORGNAME>O</ORGNAME><ORGUNIT>U</ORGUNIT></ORG><ADR><HOME/><STREET>S 1</STREET><CTRY>C</CTRY></ADR>\
        <TEL><WORK/><CELL/><NUMBER>+1</NUMBER></TEL><EMAIL><INTERNET/><USERID>a@h</USERID></EMAIL><JABBERID>a@h</JABBERID>\
        <TITLE>Dr</TITLE><PHOTO><TYPE>image/png</TYPE><BINVAL>bmV3</BINVAL></PHOTO></vCard>";
    assert_eq!(user.vcards, [expected]);
    // The gender and an address of another network; the earlier metadata and picture.
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.rows)).collect();
    assert_eq!(skipped, [(Kind::VCard, 2), (Kind::Pep, 2)]);
}

#[test]
fn a_vcard_that_is_stored_counts_more() {
    let mut from = belongings(&[(AVATAR_METADATA, META), (AVATAR_DATA, PICTURES)]);
    let vcard = returned(
        br#"return {name="vCard", attr={xmlns="vcard-temp"}, {name="FN", attr={xmlns="vcard-temp"}, "A"}}"#,
    );
    from.tables.insert("vcard".into(), vcard.ok().and_then(|value| value.table().cloned()).unwrap());
    let user = understood(from);
    assert_eq!(user.vcards, ["<vCard xmlns='vcard-temp'><FN>A</FN></vCard>"]);
    assert_eq!(user.skipped.iter().map(|one| (one.kind, one.rows)).collect::<Vec<_>>(), [(Kind::Pep, 6)]);
}

#[test]
fn pictures_elsewhere_missing_or_broken() {
    let url = r#"item({ key="x", name="metadata", attr={xmlns="urn:xmpp:avatar:metadata"},
        {name="info", attr={xmlns="urn:xmpp:avatar:metadata", id="x", url="http://h/x.png"}} });"#;
    let user = understood(belongings(&[(AVATAR_METADATA, url)]));
    assert_eq!(
        user.vcards,
        ["<vCard xmlns='vcard-temp'><PHOTO><EXTVAL>http://h/x.png</EXTVAL></PHOTO></vCard>"]
    );
    let user = understood(belongings(&[(AVATAR_METADATA, META)]));
    assert!(user.vcards.is_empty());
    let user = understood(belongings(&[(AVATAR_DATA, PICTURES)]));
    assert!(user.vcards.is_empty());
    assert_eq!(user.skipped.iter().map(|one| (one.kind, one.rows)).collect::<Vec<_>>(), [(Kind::Pep, 3)]);
    let user = understood(belongings(&[(VCARD4, "item({name='a b'});")]));
    assert!(user.vcards.is_empty());
    assert_eq!((user.skipped[0].kind, user.skipped[0].reason), (Kind::VCard, Reason::BrokenXml));
}
