//! Names of files for addresses.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The longest name, in bytes; file systems allow 255, with the suffix.
const LONGEST: usize = 160;
/// How much of a longer one is left.
const LEFT: usize = 100;

/// What a domain's directory must not end with.
const SUFFIXES: [&str; 3] = [".xml", ".part", ".unfinished"];

/// A name of a file, without its suffix, for a local part or domain. Different ones have different names, also where
/// file systems do not tell upper and lower case apart. Bytes other than `a`-`z`, `0`-`9`, `.`, `_`, `-` are written as
/// `=` with two hexadecimal digits: `%` would have to be encoded once more in the URI that includes the file, and not
/// every server decodes those. The rest of a long name is replaced by `==` and a digest.
pub(crate) fn file_name(address: &str) -> String {
    let mut name = String::with_capacity(address.len());
    for (at, byte) in address.bytes().enumerate() {
        // A name that begins with them is hidden, or taken for an option; one that ends so is another file's.
        let is_taken = at == 0 || address.get(at..).is_some_and(|end| SUFFIXES.contains(&end));
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => name.push(char::from(byte)),
            b'.' | b'-' if !is_taken => name.push(char::from(byte)),
            _ => {
                let _ = write!(name, "={byte:02x}");
            }
        }
    }
    if name.len() <= LONGEST {
        return name;
    }
    name.truncate(LEFT);
    name.push_str("==");
    for byte in Sha256::digest(address.as_bytes()).iter().take(16) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}
