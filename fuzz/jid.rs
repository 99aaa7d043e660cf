//! A prepared JID is prepared: reading it again, or its parts, changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xmpp::{Jid, saslprep, to_ascii};

fuzz_target!(|text: &str| {
    if let Ok(once) = saslprep(text) {
        assert_eq!(saslprep(&once).as_deref(), Ok(once.as_ref()), "prepared twice differs");
    }
    let Ok(jid) = Jid::parse(text) else {
        assert!(Jid::parse_strict(text).is_err(), "strict takes what is refused");
        return;
    };
    assert_eq!(Jid::parse(jid.as_str()).as_ref(), Ok(&jid));
    assert_eq!(Jid::from_parts(jid.local(), jid.domain(), jid.resource()).as_ref(), Ok(&jid));
    assert_eq!(Jid::parse(jid.bare_str()).as_ref(), Ok(&jid.bare()));
    assert_eq!(Jid::domain_only(jid.domain()).as_ref(), Ok(&jid.domain_jid()));
    if let Ok(strict) = Jid::parse_strict(text) {
        assert_eq!(strict, jid);
    }
    for part in [jid.local().unwrap_or("-"), jid.domain(), jid.resource().unwrap_or("-")] {
        assert!((1..=1023).contains(&part.len()));
    }
    if let Some(ascii) = to_ascii(jid.domain()) {
        assert_eq!(to_ascii(&ascii).as_deref(), Some(ascii.as_ref()));
    }
});
