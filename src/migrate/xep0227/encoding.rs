//! The encoding of a file (XML 1.0 §4.3.3, appendix F).

use std::io::BufRead;

use crate::xep0227::fault::Fault;
use crate::xep0227::input::Input;

/// Skips a byte order mark, and checks that the file is in UTF-8 as far as its first bytes say so.
pub(crate) fn check<R: BufRead>(input: &mut Input<R>) -> Result<(), Fault> {
    let start = input.peek()?;
    if let [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, ..] | [_, 0, ..] = start {
        return Err(Fault::Encoding("UTF-16 or UTF-32".to_owned()));
    }
    let mark = if start.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    input.skip(mark);
    match declared(input.peek()?) {
        Some(name) if !is_utf8(&name) => Err(Fault::Encoding(name)),
        _ => Ok(()),
    }
}

/// US-ASCII is UTF-8 as well.
fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The encoding that the XML declaration names.
fn declared(start: &[u8]) -> Option<String> {
    let declaration = start.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).take(1024).position(|pair| pair == b"?>")?;
    let text = String::from_utf8_lossy(declaration.get(..end)?).into_owned();
    let (_, after) = text.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let name = value.get(1..)?.split(quote).next()?;
    Some(name.chars().filter(char::is_ascii_graphic).take(40).collect())
}
