//! String preparation: the stringprep profiles for JIDs (RFC 6122 appendices A and B, RFC 3491) and for
//! passwords and user names (RFC 4013).
//!
//! Deployed servers route addresses with code points that were unassigned in Unicode 3.2, so these are
//! refused only by the `strict` forms, which are for names about to be created.

use std::borrow::Cow;

use stringprep::tables;

use crate::jid::{JidError, Part};

/// Why a string is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PrepError {
    /// It contains a character the profile prohibits.
    #[error("a character that is not allowed")]
    Prohibited,
    /// It mixes writing directions (RFC 3454 §6).
    #[error("both right-to-left and left-to-right characters")]
    Bidi,
    /// It contains a code point unassigned in Unicode 3.2.
    #[error("a character that is not in Unicode 3.2")]
    Unassigned,
}

/// Longest part of a JID in bytes, prepared or not (RFC 7622 §3.1).
pub(crate) const MAX_PART: usize = 1023;

#[derive(Clone, Copy)]
pub(crate) struct Profile {
    fold: bool,
    prohibited: fn(char) -> bool,
}

const NODE: Profile =
    Profile { fold: true, prohibited: |c| c <= ' ' || c == '\x7F' || "\"&'/:<>@".contains(c) };
const NAME: Profile = Profile { fold: true, prohibited: |_| false };
const RESOURCE: Profile = Profile { fold: false, prohibited: |c| c < ' ' || c == '\x7F' };

impl Profile {
    /// Maps until nothing changes: normalization may produce characters that the mapping (of Unicode 3.2) has
    /// not seen, such as the `A` in U+1F130.
    fn prepare(self, text: &str, strict: bool) -> Result<String, PrepError> {
        use unicode_normalization::UnicodeNormalization;
        if strict && text.chars().any(tables::unassigned_code_point) {
            return Err(PrepError::Unassigned);
        }
        let mut text = text.to_owned();
        for _ in 0..8 {
            let kept = text.chars().filter(|&c| !tables::commonly_mapped_to_nothing(c));
            let mapped: String = if self.fold {
                kept.flat_map(tables::case_fold_for_nfkc).nfkc().collect()
            } else {
                kept.nfkc().collect()
            };
            if mapped == text {
                self.check(&text)?;
                return Ok(text);
            }
            text = mapped;
        }
        Err(PrepError::Prohibited)
    }

    fn check(self, text: &str) -> Result<(), PrepError> {
        if text.chars().any(|c| prohibited_everywhere(c) || (self.prohibited)(c)) {
            return Err(PrepError::Prohibited);
        }
        if bidi_mixed(text) { Err(PrepError::Bidi) } else { Ok(()) }
    }
}

/// Tables C.1.2 and C.2.2 to C.9 of RFC 3454.
fn prohibited_everywhere(c: char) -> bool {
    !c.is_ascii()
        && (tables::non_ascii_space_character(c)
            || tables::non_ascii_control_character(c)
            || tables::private_use(c)
            || tables::non_character_code_point(c)
            || tables::inappropriate_for_plain_text(c)
            || tables::inappropriate_for_canonical_representation(c)
            || tables::change_display_properties_or_deprecated(c)
            || tables::tagging_character(c))
}

fn bidi_mixed(text: &str) -> bool {
    if !text.chars().any(tables::bidi_r_or_al) {
        return false;
    }
    let ends = [text.chars().next(), text.chars().next_back()];
    text.chars().any(tables::bidi_l) || !ends.iter().flatten().all(|&c| tables::bidi_r_or_al(c))
}

fn sized(text: Cow<'_, str>, part: Part) -> Result<Cow<'_, str>, JidError> {
    match text.len() {
        0 => Err(JidError::Empty(part)),
        1..=MAX_PART => Ok(text),
        _ => Err(JidError::TooLong(part)),
    }
}

/// Limits the work before it is done: no profile shrinks a text to less than a third.
fn bounded(text: &str, part: Part) -> Result<(), JidError> {
    if text.len() > 4 * MAX_PART { Err(JidError::TooLong(part)) } else { Ok(()) }
}

/// Prepares a localpart (nodeprep). Borrows where nothing changes.
pub fn prep_local(local: &str) -> Result<Cow<'_, str>, JidError> {
    local_part(local, false)
}

/// Prepares a domainpart (nameprep): lower case, U-labels, no trailing dot. IP literals are allowed.
pub fn prep_domain(domain: &str) -> Result<Cow<'_, str>, JidError> {
    domain_part(domain, false)
}

/// Prepares a resourcepart (resourceprep). Borrows where nothing changes.
pub fn prep_resource(resource: &str) -> Result<Cow<'_, str>, JidError> {
    resource_part(resource, false)
}

pub(crate) fn local_part(local: &str, strict: bool) -> Result<Cow<'_, str>, JidError> {
    if local.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'[' ..=b'`' | b'{'..=b'~' | b'('..=b'.' | b'#'..=b'%' | b'!' | b';' | b'=' | b'?')) {
        return sized(Cow::Borrowed(local), Part::Local);
    }
    bounded(local, Part::Local)?;
    let text = NODE.prepare(local, strict).map_err(|why| JidError::Prep(Part::Local, why))?;
    sized(Cow::Owned(text), Part::Local)
}

pub(crate) fn resource_part(resource: &str, strict: bool) -> Result<Cow<'_, str>, JidError> {
    if resource.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return sized(Cow::Borrowed(resource), Part::Resource);
    }
    bounded(resource, Part::Resource)?;
    let text = RESOURCE.prepare(resource, strict).map_err(|why| JidError::Prep(Part::Resource, why))?;
    sized(Cow::Owned(text), Part::Resource)
}

pub(crate) fn domain_part(domain: &str, strict: bool) -> Result<Cow<'_, str>, JidError> {
    if let Some(address) = domain.strip_prefix('[') {
        return ip_literal(address);
    }
    let plain = domain.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'));
    let text = if plain && !domain.contains("xn--") {
        Cow::Borrowed(domain)
    } else {
        bounded(domain, Part::Domain)?;
        Cow::Owned(unicode_domain(domain, strict)?)
    };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('.').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.ends_with('.') {
                text.pop();
            }
            Cow::Owned(text)
        }
    };
    let text = sized(text, Part::Domain)?;
    if text.split('.').any(str::is_empty) {
        return Err(JidError::Empty(Part::Domain));
    }
    Ok(text)
}

fn ip_literal(address: &str) -> Result<Cow<'_, str>, JidError> {
    let address = address.strip_suffix(']').and_then(|address| address.parse::<std::net::Ipv6Addr>().ok());
    let refused = JidError::Prep(Part::Domain, PrepError::Prohibited);
    address.map(|address| Cow::Owned(format!("[{address}]"))).ok_or(refused)
}

/// Prepares label by label, so that writing directions may differ between them (RFC 3490 §4).
fn unicode_domain(domain: &str, strict: bool) -> Result<String, JidError> {
    let refused = |why| JidError::Prep(Part::Domain, why);
    let mut out = String::with_capacity(domain.len());
    // The full stops of IDNA (RFC 3490 §3.1).
    for (at, label) in domain.split(['.', '\u{3002}', '\u{FF0E}', '\u{FF61}']).enumerate() {
        let label = NAME.prepare(label, strict).map_err(refused)?;
        if !label.chars().all(in_label) {
            return Err(refused(PrepError::Prohibited));
        }
        if at > 0 {
            out.push('.');
        }
        out.push_str(&unicode_label(&label));
    }
    if strict && out.chars().any(tables::unassigned_code_point) {
        return Err(refused(PrepError::Unassigned));
    }
    Ok(out)
}

/// Whether a prepared character is allowed in a label: of ASCII only what host names consist of.
fn in_label(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '-' | '_') || !(c.is_ascii() || c == '\u{3002}')
}

/// The U-label of an A-label; the A-label itself if nameprep would change the decoded form (such as `ß`),
/// since parsing it again would then give another name.
fn unicode_label(label: &str) -> Cow<'_, str> {
    let Some(decoded) = label.strip_prefix("xn--").and_then(idna::punycode::decode_to_string) else {
        return Cow::Borrowed(label);
    };
    let same = |prepared: &String| *prepared == decoded;
    let stable = !decoded.is_ascii()
        && !decoded.starts_with("xn--")
        && decoded.chars().all(in_label)
        && idna::domain_to_ascii(&decoded).is_ok_and(|ascii| ascii == label)
        && NAME.prepare(&decoded, false).ok().as_ref().is_some_and(same);
    if stable { Cow::Owned(decoded) } else { Cow::Borrowed(label) }
}

/// Prepares a user name or a password (RFC 4013). Unassigned code points are allowed, as in a query (RFC 3454
/// §7): clients prepare with newer tables, and both sides must get the same bytes.
pub fn saslprep(text: &str) -> Result<Cow<'_, str>, PrepError> {
    use unicode_normalization::UnicodeNormalization;
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Ok(Cow::Borrowed(text));
    }
    let space = |c| if tables::non_ascii_space_character(c) { ' ' } else { c };
    let kept = text.chars().filter(|&c| !tables::commonly_mapped_to_nothing(c));
    let prepared: String = kept.map(space).nfkc().collect();
    RESOURCE.check(&prepared)?;
    Ok(Cow::Owned(prepared))
}
