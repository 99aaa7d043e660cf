//! A WebAssembly custom section, written by hand: it carries a plugin's manifest.

use crate::failure::{Failure, Outcome};

/// Length of the magic number, version and layer at the start of a module or component.
const HEADER: usize = 8;

/// Returns `wasm` with exactly one custom section `name` containing `payload`, after all others.
pub fn embed(wasm: &[u8], name: &str, payload: &[u8]) -> Outcome<Vec<u8>> {
    if wasm.len() < HEADER || !wasm.starts_with(b"\0asm") {
        return Err(Failure::new("not a WebAssembly file"));
    }
    let mut out = wasm.get(..HEADER).unwrap_or_default().to_vec();
    let mut rest = wasm.get(HEADER..).unwrap_or_default();
    while !rest.is_empty() {
        let (section, after) = first_section(rest)?;
        if section_name(section) != Some(name.as_bytes()) {
            out.extend_from_slice(section.whole);
        }
        rest = after;
    }
    let mut body = Vec::with_capacity(name.len() + payload.len() + 5);
    put_length(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(payload);
    out.push(0);
    put_length(&mut out, body.len());
    out.extend_from_slice(&body);
    Ok(out)
}

#[derive(Clone, Copy)]
struct Section<'a> {
    id: u8,
    body: &'a [u8],
    whole: &'a [u8],
}

fn first_section(bytes: &[u8]) -> Outcome<(Section<'_>, &[u8])> {
    let parsed = (|| {
        let (&id, after) = bytes.split_first()?;
        let (length, after) = take_length(after)?;
        let body = after.get(..length)?;
        let rest = after.get(length..)?;
        let whole = bytes.get(..bytes.len() - rest.len())?;
        Some((Section { id, body, whole }, rest))
    })();
    parsed.ok_or_else(|| Failure::new("a damaged WebAssembly file: a section ends too early"))
}

/// The name of a custom section; `None` for every other section.
fn section_name(section: Section<'_>) -> Option<&[u8]> {
    if section.id != 0 {
        return None;
    }
    let (length, rest) = take_length(section.body)?;
    rest.get(..length)
}

/// Unsigned LEB128, at most 32 bits as the specification requires.
fn take_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let value = usize::try_from(u32::try_from(value).ok()?).ok()?;
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

fn put_length(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        out.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_section_is_appended_after_what_was_there() {
        let mut wasm = EMPTY.to_vec();
        wasm.extend_from_slice(b"\x07\x02ab\x00\x05\x04name");
        let out = embed(&wasm, "m", b"{}").unwrap();
        assert_eq!(out, [&wasm[..], b"\x00\x04\x01m{}"].concat());
    }

    #[test]
    fn an_older_one_is_replaced_and_lengths_over_127_hold() {
        let long = vec![b'x'; 300];
        let once = embed(EMPTY, "castling:plugin", &long).unwrap();
        assert_eq!(&once[8..11], [0, 0xbc, 0x02], "316 bytes: 1 + 15 + 300");
        let twice = embed(&once, "castling:plugin", b"new").unwrap();
        assert_eq!(twice, embed(EMPTY, "castling:plugin", b"new").unwrap());
    }

    #[test]
    fn damage_is_refused() {
        assert!(embed(b"hello", "m", b"").is_err());
        for cut in [b"\x01".as_slice(), b"\x01\x05abc", b"\x01\xff\xff\xff\xff\xff\x01"] {
            assert!(embed(&[EMPTY, cut].concat(), "m", b"").is_err(), "{cut:?}");
        }
    }
}
