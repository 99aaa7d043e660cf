//! word-filter, as built: the user of `amend`.

use ::kernel::Verdict;
use serde_json::json;
use xmpp::Condition;

use super::kit::{Kit, Options, Running, built};

fn running(kit: &Kit) -> Running {
    let plugin = kit.platform.load("word-filter", &built("word-filter")).unwrap();
    assert_eq!(plugin.inspection().asks, ["content", "replace"]);
    let options = Options {
        config: json!({ "words": ["patzer", "größe"] }),
        on_second: json!({ "words": [] }),
        grants: &["content", "replace"],
        ..Options::default()
    };
    kit.deploy(&plugin, options).unwrap()
}

#[test]
fn words_are_replaced_in_every_language_and_formatted_copies_go() {
    let kit = Kit::new();
    let running = running(&kit);
    let xml = "<message from='a@chess.example/x' to='b@chess.example' type='chat' id='1'><subject>Patzer?</subject>\
               <body>nice game</body><body xml:lang='de'>du PATZER!</body><x xmlns='urn:x'>patzer</x>\
               <html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>patzer</body>\
               </html></message>";
    let Verdict::Replace(new) = running.client_in(1, xml) else { panic!("it is not changed") };
    let expected = "<message from='a@chess.example/x' to='b@chess.example' type='chat' id='1'><subject>***?</subject>\
                    <body>nice game</body><body xml:lang='de'>du ***!</body><x xmlns='urn:x'>patzer</x></message>";
    assert_eq!(new.to_element().to_xml(xmpp::ns::CLIENT), expected);
    assert!(matches!(running.client_in(11, xml), Verdict::Continue), "the other domain has no words");
    let stats = kit.platform.stats_of("word-filter");
    assert_eq!(stats.hooks[0].verdicts["amend"], 1);
    assert_eq!(stats.metrics.iter().map(|metric| metric.value).sum::<f64>(), 1.0);
}

#[test]
fn what_has_none_of_the_words_passes_as_it_is() {
    let kit = Kit::new();
    let running = running(&kit);
    for xml in [
        "<message from='a@chess.example/x' type='chat'><body>patzers</body></message>",
        "<message from='a@chess.example/x' type='chat'><x xmlns='urn:x'>patzer</x></message>",
        "<message from='a@chess.example/x' type='chat'/>",
    ] {
        assert!(matches!(running.client_in(1, xml), Verdict::Continue), "{xml}");
    }
}

/// In an element within the body, in a formatted copy alone, in a message that says that it is an error.
#[test]
fn there_is_no_way_around_it() {
    let kit = Kit::new();
    let running = running(&kit);
    let html = "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>patzer</body></html>";
    for (sent, expected) in [
        ("<body>you <b xmlns='urn:x'>patzer</b>!</body>".to_owned(), "<body>you !</body>"),
        ("<body>you patzer<b xmlns='urn:x'>s</b></body>".to_owned(), "<body>you ***</body>"),
        ("<body>you pat<b xmlns='urn:x'>s</b>zer</body><body/>".to_owned(), "<body>you ***</body><body/>"),
        (format!("<body>hello</body>{html}"), "<body>hello</body>"),
        (html.to_owned(), ""),
    ] {
        for kind in ["chat", "error"] {
            let xml = |content: &str| {
                format!("<message from='a@chess.example/x' type='{kind}'>{content}</message>")
            };
            let Verdict::Replace(new) = running.client_in(1, &xml(&sent)) else {
                panic!("it is not changed: {sent}")
            };
            let expected =
                if expected.is_empty() { xml("").replace("></message>", "/>") } else { xml(expected) };
            assert_eq!(new.to_element().to_xml(xmpp::ns::CLIENT), expected);
        }
    }
    assert!(matches!(
        running.client_in(11, &format!("<message from='a@b.example/x'>{html}</message>")),
        Verdict::Continue
    ));
}

/// What would take too long to look through, or grow too much, must not get past it.
#[test]
fn what_is_too_long_is_refused() {
    let kit = Kit::new();
    let running = running(&kit);
    let body =
        |text: String| format!("<message from='a@chess.example/x' type='chat'><body>{text}</body></message>");
    let long = format!("patzer {}", ">".repeat(20_000));
    for (text, passes) in [(long.clone(), false), ("a ".repeat(10_001), false), ("a ".repeat(10_000), true)] {
        let said = running.client_in(1, &body(text));
        match said {
            Verdict::Continue if passes => {}
            Verdict::Reject(error) if !passes => assert_eq!(error.condition, Condition::NotAcceptable),
            other => panic!("{other:?}"),
        }
    }
    let bodies = |count| {
        let bodies = (0..count).map(|lang| format!("<body xml:lang='x-{lang}'>patzer</body>"));
        format!("<message from='a@chess.example/x' type='chat'>{}</message>", bodies.collect::<String>())
    };
    assert!(matches!(running.client_in(1, &bodies(101)), Verdict::Reject(_)));
    assert!(matches!(running.client_in(1, &bodies(100)), Verdict::Replace(_)));
    assert_eq!(kit.failures("word-filter"), []);
    let Verdict::Replace(new) = running.client_in(1, &body(long[..20_000].to_owned())) else { panic!() };
    assert_eq!(new.child("body", xmpp::ns::CLIENT).unwrap().text().len(), 19_997);
}

#[test]
fn words_that_can_never_be_found_are_named() {
    let kit = Kit::new();
    let plugin = kit.platform.load("word-filter", &built("word-filter")).unwrap();
    let options = Options {
        config: json!({ "words": ["two words", "patzer"] }),
        grants: &["content", "replace"],
        ..Options::default()
    };
    let running = kit.deploy(&plugin, options).unwrap();
    let line = "\"two words\" can never be found: a word is a sequence of letters and digits";
    assert_eq!(
        running.0.heard(),
        ["chess.example", "wuchess.example"].map(|domain| format!("{domain}: {line}"))
    );
}
