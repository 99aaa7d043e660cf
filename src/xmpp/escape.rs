//! Escaping text for XML, and unescaping it.

use std::borrow::Cow;

use crate::chars::is_char;
use crate::sink::Out;

/// Appends `text` as character data. Characters not allowed in XML become U+FFFD.
pub(crate) fn write_text(out: &mut impl Out, text: &str) {
    write(out, text, |b| match b {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        // A raw one would be read back as a line feed.
        b'\r' => Some("&#13;"),
        _ => None,
    });
}

/// Appends `text` as an attribute's value between single quotes. Characters that XML cannot carry become
/// U+FFFD.
pub(crate) fn write_attribute(out: &mut impl Out, text: &str) {
    write(out, text, |b| match b {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'\'' => Some("&apos;"),
        b'"' => Some("&quot;"),
        // Raw ones would be read back as spaces.
        b'\t' => Some("&#9;"),
        b'\n' => Some("&#10;"),
        b'\r' => Some("&#13;"),
        _ => None,
    });
}

fn write(out: &mut impl Out, text: &str, replacement: impl Fn(u8) -> Option<&'static str>) {
    let text = if crate::chars::all_chars(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace(|c| !is_char(c), "\u{FFFD}"))
    };
    let mut written = 0;
    for (at, &b) in text.as_bytes().iter().enumerate() {
        if let Some(replacement) = replacement(b) {
            out.push_str(text.get(written..at).unwrap_or_default());
            out.push_str(replacement);
            written = at + 1;
        }
    }
    out.push_str(text.get(written..).unwrap_or_default());
}

/// The character that the reference between `&` and `;` stands for: one of the five names or a number.
pub(crate) fn reference(name: &str) -> Option<char> {
    match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => {}
    }
    let (digits, radix) = match name.strip_prefix("#x") {
        Some(digits) => (digits, 16),
        None => (name.strip_prefix('#')?, 10),
    };
    // `from_str_radix` would accept a sign.
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|&c| is_char(c))
}

/// Appends validated character data, with its references and CDATA sections resolved.
pub(crate) fn push_text(out: &mut String, mut raw: &str) {
    while let Some(at) = raw.find(['&', '<']) {
        let (before, rest) = raw.split_at(at);
        out.push_str(before);
        if let Some((name, after)) = rest.strip_prefix('&').and_then(|rest| rest.split_once(';')) {
            out.extend(reference(name));
            raw = after;
        } else if let Some((data, after)) =
            rest.strip_prefix("<![CDATA[").and_then(|rest| rest.split_once("]]>"))
        {
            out.push_str(data);
            raw = after;
        } else {
            // Unreachable with validated text.
            return;
        }
    }
    out.push_str(raw);
}

/// The value of a validated attribute: whitespace becomes spaces (XML §3.3.3), references are resolved.
pub(crate) fn attribute(raw: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'&', b'\t', b'\n', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    push_text(&mut text, &raw.replace(['\t', '\n'], " "));
    Cow::Owned(text)
}
