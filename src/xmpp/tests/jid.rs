use proptest::prelude::*;

use crate::{Jid, JidError, Part, PrepError, prep_domain, prep_local, saslprep, to_ascii};

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn parts() {
    let full = jid("juliet@im.example/balcony");
    assert_eq!(
        (full.local(), full.domain(), full.resource()),
        (Some("juliet"), "im.example", Some("balcony"))
    );
    assert_eq!((full.bare_str(), full.as_str()), ("juliet@im.example", "juliet@im.example/balcony"));
    assert!(full.is_full() && !full.is_bare() && !full.is_domain());
    let bare = full.bare();
    assert_eq!((bare.as_str(), bare.resource(), bare.local()), ("juliet@im.example", None, Some("juliet")));
    assert!(bare.is_bare() && !bare.is_domain() && bare.same_bare(&full));
    assert_eq!(bare.bare().as_str().as_ptr(), bare.as_str().as_ptr());
    let domain = full.domain_jid();
    assert_eq!((domain.as_str(), domain.local()), ("im.example", None));
    assert!(domain.is_bare() && domain.is_domain());
    assert_eq!(bare.with_resource("x/y@z").unwrap(), jid("juliet@im.example/x/y@z"));
    assert_eq!(domain.with_resource("x").unwrap().as_str(), "im.example/x");
    assert_eq!(Jid::from_parts(Some("a"), "b", Some("c")).unwrap(), jid("a@b/c"));
}

#[test]
fn equal_when_prepared() {
    for (one, other) in [
        ("Juliet@IM.Example", "juliet@im.example"),
        ("a@example.com.", "a@example.com"),
        ("Fußball@example.com", "fussball@example.com"),
        ("ΣΑΣ@example.com", "σασ@example.com"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@bücher。example", "a@bücher.example"),
        ("\u{1F130}b@example.com", "ab@example.com"),
        ("a@[0:0::1]", "a@[::1]"),
        ("a\u{AD}b@example.com", "ab@example.com"),
        ("a@b/\u{212B}", "a@b/\u{C5}"),
    ] {
        assert_eq!(jid(one), jid(other));
    }
    assert_ne!(jid("a@b/C"), jid("a@b/c"));
    // IDNA 2008 and nameprep differ on `ß`, so it stays an A-label.
    assert_eq!(jid("xn--strae-oqa.example").as_str(), "xn--strae-oqa.example");
}

#[test]
fn accepted() {
    for text in [
        "example.com",
        "a@b",
        "a@b/ c ",
        "a@b/🦀",
        "🦀@b",
        "a--b.example",
        "a@r3---sn.example",
        "a@127.0.0.1",
        "a@[2001:db8::1]/r",
        "a_b@c_d",
        "d'@b".replace('\'', "").as_str(),
        "שלום.example",
        "a+b*!?;=~|{}[]()^`%$#,@b",
        "שלום@b",
    ] {
        jid(text);
    }
}

#[test]
fn refused() {
    use JidError::{Empty, Prep, TooLong};
    let long = "a".repeat(1024);
    for (text, error) in [
        ("", Empty(Part::Domain)),
        ("@b", Empty(Part::Local)),
        ("a@", Empty(Part::Domain)),
        ("a@b/", Empty(Part::Resource)),
        ("/r", Empty(Part::Domain)),
        ("a@.", Empty(Part::Domain)),
        ("a@b..c", Empty(Part::Domain)),
        ("a@.b", Empty(Part::Domain)),
        ("\u{AD}@b", Empty(Part::Local)),
        ("a b@c", Prep(Part::Local, PrepError::Prohibited)),
        ("a\"@c", Prep(Part::Local, PrepError::Prohibited)),
        ("a\x01@c", Prep(Part::Local, PrepError::Prohibited)),
        ("\u{FF20}@c", Prep(Part::Local, PrepError::Prohibited)),
        ("a@b c", Prep(Part::Domain, PrepError::Prohibited)),
        ("a@b@c", Prep(Part::Domain, PrepError::Prohibited)),
        ("a@b\u{2024}c", Prep(Part::Domain, PrepError::Prohibited)),
        ("a@אa.c", Prep(Part::Domain, PrepError::Bidi)),
        ("a@b\u{FF0F}c", Prep(Part::Domain, PrepError::Prohibited)),
        ("a@[::g]", Prep(Part::Domain, PrepError::Prohibited)),
        ("a@[::1", Prep(Part::Domain, PrepError::Prohibited)),
        ("a@b/\n", Prep(Part::Resource, PrepError::Prohibited)),
        ("a@b/\u{E000}", Prep(Part::Resource, PrepError::Prohibited)),
        ("אa@b", Prep(Part::Local, PrepError::Bidi)),
        (&format!("{long}@b"), TooLong(Part::Local)),
        (&format!("a@{long}"), TooLong(Part::Domain)),
        (&format!("a@b/{long}"), TooLong(Part::Resource)),
    ] {
        assert_eq!(Jid::parse(text), Err(error), "{text}");
    }
    assert_eq!(jid(&format!("{0}@{0}/{0}", &long[1..])).as_str().len(), 3071);
}

#[test]
fn strict_refuses_what_unicode_3_2_does_not_know() {
    assert_eq!(Jid::parse_strict("🦀@b"), Err(JidError::Prep(Part::Local, PrepError::Unassigned)));
    assert_eq!(Jid::parse_strict("a@b/🦀"), Err(JidError::Prep(Part::Resource, PrepError::Unassigned)));
    assert_eq!(jid("a@xn--trc").as_str(), "a@\u{C78}");
    assert_eq!(Jid::parse_strict("a@xn--trc"), Err(JidError::Prep(Part::Domain, PrepError::Unassigned)));
    assert_eq!(Jid::parse_strict("Jürgen@b").unwrap().as_str(), "jürgen@b");
}

#[test]
fn nothing_is_copied_that_does_not_change() {
    use std::borrow::Cow::{Borrowed, Owned};
    assert!(matches!(prep_local("juliet"), Ok(Borrowed("juliet"))));
    assert!(matches!(prep_domain("example.com."), Ok(Borrowed("example.com"))));
    assert!(matches!(prep_local("Juliet"), Ok(Owned(_))));
}

#[test]
fn a_labels() {
    assert_eq!(to_ascii("bücher.example").unwrap(), "xn--bcher-kva.example");
    assert_eq!(to_ascii("Example.com.").unwrap(), "example.com");
    assert_eq!(to_ascii("xn--bcher-kva.example").unwrap(), "xn--bcher-kva.example");
    assert_eq!(jid("a@xn--bcher-kva.example").domain(), "bücher.example");
}

#[test]
fn saslprep_examples() {
    // RFC 4013 §3.
    assert_eq!(saslprep("I\u{AD}X").unwrap(), "IX");
    assert_eq!(saslprep("user").unwrap(), "user");
    assert_eq!(saslprep("USER").unwrap(), "USER");
    assert_eq!(saslprep("\u{AA}").unwrap(), "a");
    assert_eq!(saslprep("\u{2168}").unwrap(), "IX");
    assert_eq!(saslprep("\u{7}"), Err(PrepError::Prohibited));
    assert_eq!(saslprep("\u{627}1"), Err(PrepError::Bidi));
    assert_eq!(saslprep("a\u{A0}b").unwrap(), "a b");
    assert_eq!(saslprep("🦀").unwrap(), "🦀");
}

#[test]
fn as_text_elsewhere() {
    let read: Jid = serde_json::from_str("\"A@B/C\"").unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), "\"a@b/C\"");
    assert!(serde_json::from_str::<Jid>("\"@\"").is_err());
    assert!(jid("a@b") < jid("a@c") && "a@b".parse() == Ok(jid("a@b")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn prepared_once_is_prepared(text in "(\\PC{1,8}@)?\\PC{1,12}(/\\PC{1,8})?") {
        if let Ok(jid) = Jid::parse(&text) {
            let again = Jid::parse(jid.as_str());
            prop_assert_eq!(again.as_ref(), Ok(&jid));
            let parts = Jid::from_parts(jid.local(), jid.domain(), jid.resource());
            prop_assert_eq!(parts, Ok(jid));
        }
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        if let Ok(jid) = Jid::parse(&text) {
            prop_assert_eq!(Jid::parse(jid.as_str()), Ok(jid));
        }
    }

    #[test]
    fn case_of_account_and_domain_is_nothing(text in "[a-zäöéα-ω]{1,9}@[a-zäö]{1,9}\\.example") {
        prop_assert_eq!(Jid::parse(&text.to_uppercase()), Jid::parse(&text));
    }

    #[test]
    fn what_is_strict_is_allowed(text in "\\PC{1,8}@\\PC{1,8}") {
        if let Ok(jid) = Jid::parse_strict(&text) {
            prop_assert_eq!(Jid::parse(&text), Ok(jid));
        }
    }
}
