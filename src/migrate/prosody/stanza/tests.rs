use proptest::prelude::*;

use super::super::lua_parser::returned;
use super::*;

fn read(lua: &str) -> Value {
    returned(format!("return {lua};").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}: {lua}"))
}

fn written(lua: &str) -> String {
    xml(&read(lua)).unwrap_or_else(|refusal| panic!("{refusal:?}: {lua}"))
}

fn reason(lua: &str) -> Option<Reason> {
    xml(&read(lua)).err().map(|refusal| refusal.reason)
}

#[test]
fn namespaces() {
    let lua = r#"{ name="a", attr={xmlns="urn:a", ["urn:a\001x"]="1", ["urn:b\001y"]="2", ["urn:c|z"]="3", ["xml:lang"]="en", p="4"},
        { name="b", attr={xmlns="urn:a"} }, { name="c", attr={} }, { name="d", attr={xmlns=""}, { name="e" } }, { name="f", attr={xmlns="jabber:client"} } }"#;
    let text = "<a xmlns='urn:a' xmlns:ns1='urn:a' ns1:x='1' xmlns:ns2='urn:b' ns2:y='2' xmlns:ns3='urn:c' ns3:z='3' xml:lang='en' p='4'>\
        <b/><c/><d xmlns=''><e/></d><f xmlns='jabber:client'/></a>";
    assert_eq!(written(lua), text);
    let root = element(text).unwrap();
    let namespace =
        |name: &str| root.attributes().iter().find(|one| one.name == name).and_then(|one| one.ns.clone());
    assert_eq!(namespace("ns1:x").as_deref(), Some("urn:a"));
    assert_eq!(namespace("ns3:z").as_deref(), Some("urn:c"));
    assert_eq!(
        written(r#"{name="message", {name="body", "x"}}"#),
        "<message xmlns='jabber:client'><body>x</body></message>"
    );
    assert_eq!(written(r#"{name="x", attr={xmlns=""}}"#), "<x xmlns=''/>");
}

#[test]
fn text_between_elements_and_what_xml_cannot_hold() {
    let lua = r#"{ name="a", attr={xmlns="u", b="<&'\"\n"}, "1 < 2 & ", { name="b" }, "\001\r]]>", 7 }"#;
    let text = "<a xmlns='u' b='&lt;&amp;&apos;\"&#10;'>1 &lt; 2 &amp; <b/>\u{FFFD}&#13;]]&gt;7</a>";
    assert_eq!(written(lua), text);
    assert_eq!(element(text).unwrap().get("b"), Some("<&'\"\n"));
}

#[test]
fn of_two_values_the_last_counts_and_order_is_that_of_the_indexes() {
    assert_eq!(
        written(r#"{ [2]="b", [1]="a", name="x", name="y", attr={} }"#),
        "<y xmlns='jabber:client'>ab</y>"
    );
}

#[test]
fn archived_elements_lose_what_the_archive_added() {
    let Value::Table(table) = read(
        r#"{ {name="delay", attr={xmlns="urn:xmpp:delay", stamp="2007-09-11T10:11:12Z"}}, key="k", when=1, with="w", name="message",
            attr={stamp="2026-11-23T20:24:05Z", stamp_legacy="20261123T20:24:05", to="a@b"} }"#,
    ) else {
        panic!("no table")
    };
    let expected = "<message xmlns='jabber:client' to='a@b'><delay xmlns='urn:xmpp:delay' stamp='2007-09-11T10:11:12Z'/></message>";
    assert_eq!(archived_xml(&table).as_deref(), Ok(expected));
}

#[test]
fn what_would_be_other_xml_is_refused() {
    for lua in [
        "{}",
        r#"{name=""}"#,
        r#"{name="a b"}"#,
        r#"{name="a><evil"}"#,
        r#"{name="a:b"}"#,
        r#"{name="a", attr={["b c"]="1"}}"#,
        r#"{name="a", attr={["b='1' c"]="1"}}"#,
        r#"{name="a", attr={["\001b"]="1"}}"#,
        r#"{name="a", attr={["u\001"]="1"}}"#,
        r#"{name="a", attr={["u v\001b"]="1"}}"#,
        r#"{name="a", attr={["http://www.w3.org/2000/xmlns/\001b"]="1"}}"#,
        r#"{name="a", attr={xmlns="http://www.w3.org/2000/xmlns/"}}"#,
        r#"{name="a", attr={xmlns="a b"}}"#,
        r#"{name="a", attr={b="1", b="2"}}"#,
        r#"{name="a", attr={["u\001b"]="1", ["u|b"]="2"}}"#,
        r#"{name="a", attr={b=true}}"#,
        r#"{name="a", attr={"b"}}"#,
        r#"{name="a", attr="b"}"#,
        r#"{name="a", true}"#,
        r#"{name="a", {}}"#,
    ] {
        assert_eq!(reason(lua), Some(Reason::BrokenXml), "{lua}");
    }
    for lua in [
        r#"{name="\255"}"#,
        r#"{name="a", "\255"}"#,
        r#"{name="a", attr={b="\255"}}"#,
        r#"{name="a", attr={["\255"]="b"}}"#,
    ] {
        assert_eq!(reason(lua), Some(Reason::BadText), "{lua}");
    }
    assert_eq!(reason("true"), Some(Reason::UnknownValue));
}

#[test]
fn xml_as_it_is_stored_in_databases() {
    let xml = |text: &str| xml(&Value::Xml(text.to_owned()));
    let text = "<message to='a@b' xmlns:ns1='urn:b' ns1:x='1'><x xmlns='urn:c'/></message>";
    let expected =
        "<message xmlns='jabber:client' to='a@b' xmlns:ns1='urn:b' ns1:x='1'><x xmlns='urn:c'/></message>";
    assert_eq!(xml(text).as_deref(), Ok(expected));
    for text in ["", "<a", "<a/><b/>", "<!DOCTYPE a><a/>", "<p:a/>"] {
        assert_eq!(xml(text).err().map(|refusal| refusal.reason), Some(Reason::BrokenXml), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_says_the_same(name in "[a-c<>&:'\" ]{1,3}", attribute in "[a-c\u{1}|=:xmln ]{1,8}", value in ".{0,8}", text in ".{0,8}") {
        let key = |text: &str| Key::Text(text.as_bytes().to_vec());
        let value_of = |text: &str| Value::Text(text.as_bytes().to_vec());
        let attributes = Table { entries: vec![(key(&attribute), value_of(&value))] };
        let entries = vec![(key("name"), value_of(&name)), (key("attr"), Value::Table(attributes)), (Key::Index(1), value_of(&text))];
        if let Ok(written) = xml(&Value::Table(Table { entries })) {
            let read = element(&written).unwrap();
            prop_assert_eq!(read.name(), &name);
            prop_assert!(read.children().next().is_none() && read.attributes().len() <= 1);
            let allowed = |text: &str| text.replace(|c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}'), "\u{FFFD}");
            prop_assert_eq!(read.text_content(), allowed(&text));
            if let Some(one) = read.attributes().first() {
                prop_assert_eq!(&one.value, &allowed(&value));
            }
        }
    }
}
