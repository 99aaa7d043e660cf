//! Files that stand for elements (XInclude 1.0 §3): relative, and inside of the directory that is imported.

use std::path::{Path, PathBuf};

use xmpp::Element;

/// The file that an `include` in the file `from` names, with its links resolved. `inside` is the directory that must
/// not be left, in the same form.
///
/// # Errors
/// Why it is not read.
pub(crate) fn target(include: &Element, from: &Path, inside: &Path) -> Result<PathBuf, String> {
    if include.get("parse").is_some_and(|parse| parse != "xml") || include.get("xpointer").is_some() {
        return Err("only whole files of XML are included".to_owned());
    }
    let href = include.get("href").unwrap_or_default();
    let base = from.parent().unwrap_or(inside);
    // Some write the name as it is, and not as a URI.
    let decoded = decode(href).filter(|decoded| decoded != href);
    let names = decoded.as_deref().into_iter().chain([href]);
    let mut refusal = None;
    for name in names {
        match checked(name, base, inside) {
            Ok(path) => return Ok(path),
            Err(why) => refusal = refusal.or(Some(why)),
        }
    }
    Err(refusal.unwrap_or_default())
}

fn checked(name: &str, base: &Path, inside: &Path) -> Result<PathBuf, String> {
    if name.is_empty() || name.contains(['\0', '#']) || is_absolute(name) {
        return Err("only relative names of files are included".to_owned());
    }
    if name.split('/').any(|part| part == "..") {
        return Err("it leads out of its directory".to_owned());
    }
    let path = base.join(name).canonicalize().map_err(|error| error.to_string())?;
    if !path.starts_with(inside) {
        return Err("it leads out of the directory that is imported".to_owned());
    }
    if !path.is_file() {
        return Err("it is no file".to_owned());
    }
    Ok(path)
}

/// Whether it is a path from the root, or a URI with a scheme (RFC 3986 §3.1).
fn is_absolute(name: &str) -> bool {
    let scheme = name.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    name.starts_with(['/', '\\']) || Path::new(name).is_absolute() || scheme.is_some_and(is_scheme)
}

/// A URI's path with its percent-encoding undone (RFC 3986 §2.1); `None` if it is not valid.
fn decode(href: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(href.len());
    let mut rest = href.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}
