//! Converts a plugin's verdict to the kernel's.

use kernel::Verdict;
use xmpp::{Condition, Document, Element, ElementLimits, Kind, Stanza, StanzaError, StanzaType, ns};

use crate::amend::amend;
use crate::bindings::castling::plugin::types::{StanzaError as WitError, Verdict as WitVerdict};
use crate::failure::{Failure, FailureKind};
use crate::grant::Grants;
use crate::hook::Policy;

/// The index of a verdict among those of its hook.
pub(crate) fn index(verdict: &WitVerdict) -> usize {
    match verdict {
        WitVerdict::Pass => 0,
        WitVerdict::Drop => 1,
        WitVerdict::Reject(_) => 2,
        WitVerdict::Amend(_) => 3,
        WitVerdict::Replace(_) => 4,
        WitVerdict::Handled => 5,
    }
}

/// Whether it makes another stanza.
pub(crate) fn changes(verdict: &WitVerdict) -> bool {
    matches!(verdict, WitVerdict::Amend(_) | WitVerdict::Replace(_))
}

/// What a plugin may do to stanzas.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rights {
    pub replace: bool,
    pub retype: bool,
    pub readdress: bool,
}

impl Rights {
    pub fn new(grants: &Grants) -> Self {
        Self {
            replace: grants.allow("replace", ""),
            retype: grants.allow("retype", ""),
            readdress: grants.allow("stanza", "rewrite-address"),
        }
    }
}

/// The kernel's verdict. `limits`: what a changed stanza must keep.
pub(crate) fn convert(
    said: WitVerdict,
    stanza: &Stanza,
    rights: Rights,
    limits: impl FnOnce() -> ElementLimits,
) -> Result<Verdict, Failure> {
    match said {
        WitVerdict::Pass => Ok(Verdict::Continue),
        WitVerdict::Drop | WitVerdict::Handled => Ok(swallowed(stanza)),
        WitVerdict::Reject(error) => stanza_error(&error).map(|error| reject(stanza, error)),
        WitVerdict::Amend(_) | WitVerdict::Replace(_) if !rights.replace => {
            Err(bad("changing stanzas requires the grant replace"))
        }
        WitVerdict::Amend(changes) => amend(stanza, &changes, &limits()).map(Verdict::Replace).map_err(bad),
        WitVerdict::Replace(xml) => replace(&xml, stanza, rights, &limits()).map(Verdict::Replace),
    }
}

/// A stanza that goes no further. The kernel answers an IQ request; whoever waits for an answer that was swallowed gets an error in its
/// place (RFC 6120, 8.2.3).
fn swallowed(stanza: &Stanza) -> Verdict {
    match stanza.kind() == Kind::Iq && !stanza.is_request() && stanza.to().is_some() {
        true => Verdict::Replace(error_of(stanza)),
        false => Verdict::Drop,
    }
}

/// An error in place of the answer to an IQ request, from and to the same addresses.
fn error_of(answer: &Stanza) -> Stanza {
    let (id, error) = (answer.id().unwrap_or_default(), StanzaError::service_unavailable().to_element());
    Stanza::iq(StanzaType::Error, id, answer.from(), answer.to(), Some(&error))
}

fn bad(what: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Verdict, what)
}

/// The verdict of a policy on a client's stanza that could not be judged.
pub(crate) fn failed(policy: Policy, kind: FailureKind, stanza: &Stanza) -> Verdict {
    match policy {
        Policy::Open => Verdict::Continue,
        Policy::Drop => swallowed(stanza),
        // It may pass a second later.
        Policy::Reject if kind == FailureKind::Share => reject(stanza, StanzaError::resource_constraint()),
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
    if answered { Verdict::Reject(error) } else { swallowed(stanza) }
}

pub(crate) fn stanza_error(error: &WitError) -> Result<StanzaError, Failure> {
    let condition = Condition::from_name(&error.condition)
        .ok_or_else(|| bad(format!("unknown stanza error `{}`", error.condition)))?;
    let mut made = StanzaError::new(condition);
    if let Some(text) = &error.text {
        made = made.text(text.chars().filter(|c| !c.is_control()).take(4096).collect::<String>());
    }
    if let Some(app) = &error.app {
        let app = element(app)
            .map_err(|why| bad(format!("the application condition is not well-formed XML: {why}")))?;
        made = made.app(app);
    }
    Ok(made)
}

fn parse(xml: &str, limits: &ElementLimits) -> Result<Document, String> {
    Document::parse(xml.as_bytes().to_vec().into(), ns::CLIENT, limits).map_err(|error| error.to_string())
}

/// A stanza that a plugin has written.
pub(crate) fn stanza(xml: &str) -> Result<Stanza, String> {
    let document = parse(xml, &ElementLimits::default())?;
    Stanza::from_document(document).map_err(|why| why.error.to_string())
}

/// An element that a plugin has written.
pub(crate) fn element(xml: &str) -> Result<Element, String> {
    let document = parse(xml, &ElementLimits::default())?;
    document.root().to_bounded_element().ok_or_else(|| "its namespaces are too long".to_owned())
}

fn replace(xml: &str, old: &Stanza, rights: Rights, limits: &ElementLimits) -> Result<Stanza, Failure> {
    let document = parse(xml, limits).map_err(|why| bad(format!("the new stanza cannot be read: {why}")))?;
    let new = Stanza::from_document(document)
        .map_err(|why| bad(format!("the new stanza is invalid: {}", why.error)))?;
    if new.kind() != old.kind() {
        let (old, new) = (old.kind().as_str(), new.kind().as_str());
        return Err(bad(format!("a {old} must not be replaced by a {new}")));
    }
    if !rights.retype && new.stanza_type() != old.stanza_type() {
        return Err(bad("changing the type requires the grant retype"));
    }
    if old.kind() == Kind::Iq && (new.id() != old.id() || new.is_request() != old.is_request()) {
        return Err(bad("an IQ must keep its id, and a request must stay one"));
    }
    let new = match (new.from(), old.from()) {
        (None, Some(from)) => new.with_from(from.clone()),
        _ => new,
    };
    let new = match (new.to(), old.to()) {
        (None, to) => new.with_to(to.cloned()),
        _ => new,
    };
    if !rights.readdress && (new.from() != old.from() || new.to() != old.to()) {
        return Err(bad("changing addresses requires the grant stanza.rewrite-address"));
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse_str(xml).unwrap()
    }

    const NONE: Rights = Rights { replace: false, retype: false, readdress: false };
    const REPLACE: Rights = Rights { replace: true, ..NONE };

    fn own() -> ElementLimits {
        ElementLimits::OWN
    }

    fn replaced(xml: &str) -> Result<Verdict, Failure> {
        let old = stanza("<message from='a@b/c' to='d@e'><body>old</body></message>");
        convert(WitVerdict::Replace(xml.into()), &old, REPLACE, own)
    }

    #[test]
    fn each_change_needs_its_grant() {
        let old = stanza("<presence from='a@b/c'/>");
        let with = |xml: &str, rights: Rights| convert(WitVerdict::Replace(xml.into()), &old, rights, own);
        let same = "<presence><show>away</show></presence>";
        let (retype, readdress) = ("<presence type='subscribe' to='d@e'/>", "<presence to='d@e'/>");
        assert!(with(same, NONE).is_err() && with(same, REPLACE).is_ok());
        assert!(convert(WitVerdict::Amend(Vec::new()), &old, NONE, own).is_err());
        assert!(convert(WitVerdict::Amend(Vec::new()), &old, REPLACE, own).is_ok());
        assert!(with(retype, REPLACE).is_err() && with(readdress, REPLACE).is_err());
        assert!(with(retype, Rights { retype: true, ..REPLACE }).is_err(), "the address changes, too");
        assert!(with(readdress, Rights { readdress: true, ..REPLACE }).is_ok());
        assert!(with(retype, Rights { retype: true, readdress: true, ..REPLACE }).is_ok());
        let small = ElementLimits { stanza_bytes: 30, ..ElementLimits::OWN };
        let within = |xml: &str| convert(WitVerdict::Replace(xml.into()), &old, REPLACE, || small);
        assert!(within("<presence/>").is_ok() && within(same).is_err());
    }

    #[test]
    fn whoever_waits_for_a_swallowed_result_gets_an_error() {
        for said in [WitVerdict::Drop, WitVerdict::Handled] {
            let result = stanza("<iq type='result' id='1' from='a@b/c' to='d@e/f'><q xmlns='urn:q'/></iq>");
            let Ok(Verdict::Replace(error)) = convert(said.clone(), &result, NONE, own) else { panic!() };
            assert_eq!((error.stanza_type(), error.id()), (StanzaType::Error, Some("1")));
            assert_eq!((error.from(), error.to()), (result.from(), result.to()));
            assert_eq!(error.error(), Some(StanzaError::service_unavailable()));
            let request = stanza("<iq type='get' id='1' to='d@e'><q xmlns='urn:q'/></iq>");
            assert!(matches!(convert(said, &request, NONE, own), Ok(Verdict::Drop)), "the kernel answers it");
        }
        let result = stanza("<iq type='result' id='1' from='a@b/c' to='d@e/f'/>");
        let error = WitError { condition: "forbidden".into(), text: None, app: None };
        let rejected = convert(WitVerdict::Reject(error), &result, NONE, own).unwrap();
        let policies =
            [Policy::Drop, Policy::Reject].map(|policy| failed(policy, FailureKind::Trap, &result));
        for verdict in policies.into_iter().chain([rejected]) {
            assert!(matches!(verdict, Verdict::Replace(error) if error.stanza_type() == StanzaType::Error));
        }
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
        ] {
            let verdict = convert(WitVerdict::Reject(error()), &stanza(xml), NONE, own).unwrap();
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
        assert!(convert(WitVerdict::Reject(error), &stanza("<message/>"), NONE, own).is_err());
        let error = WitError { condition: "forbidden".into(), text: None, app: Some("<x".into()) };
        assert!(convert(WitVerdict::Reject(error), &stanza("<message/>"), NONE, own).is_err());
    }
}
