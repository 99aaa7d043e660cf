//! Converts a plugin's verdict to the kernel's.

use kernel::Verdict;
use xmpp::{Condition, Document, ElementLimits, Kind, Stanza, StanzaError, StanzaType, ns};

use crate::bindings::castling::plugin::types::{StanzaError as WitError, Verdict as WitVerdict};
use crate::failure::{Failure, FailureKind};
use crate::hook::Policy;
use crate::limits::TEXT_BYTES;

/// The index of a verdict among those of its hook.
pub(crate) fn index(verdict: &WitVerdict) -> usize {
    match verdict {
        WitVerdict::Pass => 0,
        WitVerdict::Drop => 1,
        WitVerdict::Reject(_) => 2,
        WitVerdict::Replace(_) => 3,
        WitVerdict::Handled => 4,
    }
}

/// The kernel's verdict. `may_readdress`: whether `stanza.rewrite-address` is granted.
pub(crate) fn convert(said: WitVerdict, stanza: &Stanza, may_readdress: bool) -> Result<Verdict, Failure> {
    match said {
        WitVerdict::Pass => Ok(Verdict::Continue),
        WitVerdict::Drop => Ok(Verdict::Drop),
        WitVerdict::Handled => Ok(Verdict::Handled),
        WitVerdict::Reject(error) => stanza_error(&error).map(|error| reject(stanza, error)),
        WitVerdict::Replace(xml) => replace(xml, stanza, may_readdress).map(Verdict::Replace),
    }
}

/// The verdict of a policy on a client's stanza that could not be judged.
pub(crate) fn failed(policy: Policy, stanza: &Stanza) -> Verdict {
    match policy {
        Policy::Open => Verdict::Continue,
        Policy::Drop => Verdict::Drop,
        Policy::Reject => reject(stanza, StanzaError::internal_server_error()),
    }
}

/// Stanzas that cannot be answered are dropped, and so is presence: an error would only reveal that it was
/// seen.
fn reject(stanza: &Stanza, error: StanzaError) -> Verdict {
    let answered = match stanza.kind() {
        Kind::Presence => false,
        Kind::Message => stanza.stanza_type() != StanzaType::Error,
        Kind::Iq => stanza.is_request(),
    };
    if answered { Verdict::Reject(error) } else { Verdict::Drop }
}

fn stanza_error(error: &WitError) -> Result<StanzaError, Failure> {
    let bad = |what: String| Failure::new(FailureKind::Verdict, what);
    let condition = Condition::from_name(&error.condition)
        .ok_or_else(|| bad(format!("unknown stanza error `{}`", error.condition)))?;
    let mut made = StanzaError::new(condition);
    if let Some(text) = &error.text {
        made = made.text(text.chars().filter(|c| !c.is_control()).take(4096).collect::<String>());
    }
    if let Some(app) = &error.app {
        let document = parse(app)
            .map_err(|why| bad(format!("the application condition is not well-formed XML: {why}")))?;
        made = made.app(document.to_element());
    }
    Ok(made)
}

fn parse(xml: &str) -> Result<Document, String> {
    let limits = ElementLimits { stanza_bytes: TEXT_BYTES, ..ElementLimits::default() };
    Document::parse(xml.as_bytes().to_vec().into(), ns::CLIENT, &limits).map_err(|error| error.to_string())
}

fn replace(xml: String, old: &Stanza, may_readdress: bool) -> Result<Stanza, Failure> {
    let bad = |what: String| Failure::new(FailureKind::Verdict, what);
    let document = parse(&xml).map_err(|why| bad(format!("the new stanza is not well-formed XML: {why}")))?;
    let new = Stanza::from_document(document)
        .map_err(|why| bad(format!("the new stanza is invalid: {}", why.error)))?;
    if new.kind() != old.kind() {
        let (old, new) = (old.kind().as_str(), new.kind().as_str());
        return Err(bad(format!("a {old} must not be replaced by a {new}")));
    }
    if old.kind() == Kind::Iq && new.id() != old.id() {
        return Err(bad("an IQ must keep its id".into()));
    }
    let new = match (new.from(), old.from()) {
        (None, Some(from)) => new.with_from(from.clone()),
        _ => new,
    };
    let new = match (new.to(), old.to()) {
        (None, to) => new.with_to(to.cloned()),
        _ => new,
    };
    if !may_readdress && (new.from() != old.from() || new.to() != old.to()) {
        return Err(bad("changing addresses requires the grant stanza.rewrite-address".into()));
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse_str(xml).unwrap()
    }

    fn replaced(xml: &str) -> Result<Verdict, Failure> {
        let old = stanza("<message from='a@b/c' to='d@e'><body>old</body></message>");
        convert(WitVerdict::Replace(xml.into()), &old, false)
    }

    #[test]
    fn a_replacement_keeps_kind_and_addresses() {
        let Ok(Verdict::Replace(new)) = replaced("<message><body>new</body></message>") else {
            panic!("refused");
        };
        assert_eq!(new.from().map(|from| from.as_str()), Some("a@b/c"));
        assert_eq!(new.to().map(|to| to.as_str()), Some("d@e"));
        for xml in [
            "<presence/>",
            "<message from='x@y'/>",
            "<message to='x@y'/>",
            "<message>",
            "<message/><message/>",
            "<!DOCTYPE x><message/>",
            "",
        ] {
            let failure = replaced(xml).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Verdict, "{xml}: {failure}");
        }
    }

    #[test]
    fn what_has_no_answer_is_dropped() {
        let error = || WitError { condition: "forbidden".into(), text: Some("no\u{7}".into()), app: None };
        for (xml, answered) in [
            ("<message/>", true),
            ("<message type='error'/>", false),
            ("<presence/>", false),
            ("<iq type='get' id='1'><q xmlns='urn:q'/></iq>", true),
            ("<iq type='result' id='1'/>", false),
        ] {
            let verdict = convert(WitVerdict::Reject(error()), &stanza(xml), false).unwrap();
            match verdict {
                Verdict::Reject(error) => assert!(answered && error.text.as_deref() == Some("no"), "{xml}"),
                Verdict::Drop => assert!(!answered, "{xml}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_unknown_condition_is_a_failure() {
        let error = WitError { condition: "nonsense".into(), text: None, app: None };
        assert!(convert(WitVerdict::Reject(error), &stanza("<message/>"), false).is_err());
        let error = WitError { condition: "forbidden".into(), text: None, app: Some("<x".into()) };
        assert!(convert(WitVerdict::Reject(error), &stanza("<message/>"), false).is_err());
    }
}
