//! One piece of markup: from `<` to `>`.

use std::io::BufRead;

use crate::xep0227::fault::Fault;
use crate::xep0227::input::{Input, Sink};

/// What a piece of markup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    /// A start tag, or an empty element.
    Start { empty: bool },
    /// An end tag.
    End,
    /// A CDATA section.
    Data,
    /// A comment or processing instruction; it is not copied.
    Aside,
}

const ENDS: &str = "the file ends within a tag";

/// Reads the markup after a `<` and copies it, `<` and `>` included. Whether it is well-formed is checked by those who
/// make something of it: here it matters only where it ends.
pub(crate) fn read<R: BufRead>(input: &mut Input<R>, sink: &mut Sink) -> Result<Markup, Fault> {
    match next(input)? {
        b'/' => {
            sink.push(b"</");
            finish(input.until(|byte| byte == b'>', sink)?)?;
            sink.push(b">");
            Ok(Markup::End)
        }
        b'?' => {
            let mut last = 0;
            skip_to(input, move |byte| std::mem::replace(&mut last, byte) == b'?' && byte == b'>')?;
            Ok(Markup::Aside)
        }
        b'!' => declaration(input, sink),
        byte if byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || !byte.is_ascii() => {
            sink.push(&[b'<', byte]);
            start(input, sink)
        }
        _ => Err(Fault::broken("`<` is not followed by the name of an element")),
    }
}

/// A start tag, whose attributes may contain `>`.
fn start<R: BufRead>(input: &mut Input<R>, sink: &mut Sink) -> Result<Markup, Fault> {
    let (mut quote, mut last) = (None, 0);
    let ends = |byte| {
        match quote {
            Some(open) if open == byte => quote = None,
            Some(_) => {}
            None if byte == b'>' => return true,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {}
        }
        last = byte;
        false
    };
    finish(input.until(ends, sink)?)?;
    sink.push(b">");
    Ok(Markup::Start { empty: last == b'/' })
}

/// What begins with `<!`: a comment or a CDATA section. Anything else could define entities.
fn declaration<R: BufRead>(input: &mut Input<R>, sink: &mut Sink) -> Result<Markup, Fault> {
    match next(input)? {
        b'-' if next(input)? == b'-' => {
            skip_to(input, ended_by(b'-'))?;
            Ok(Markup::Aside)
        }
        b'[' => {
            for expected in b"CDATA[" {
                if next(input)? != *expected {
                    return Err(Fault::broken("`<![` begins no CDATA section"));
                }
            }
            sink.push(b"<![CDATA[");
            finish(input.until(ended_by(b']'), sink)?)?;
            sink.push(b">");
            Ok(Markup::Data)
        }
        _ => Err(Fault::broken("document type declarations are refused — remove it")),
    }
}

/// The `>` after two of `mark`.
fn ended_by(mark: u8) -> impl FnMut(u8) -> bool {
    let mut marks = 0_u64;
    move |byte| {
        let ended = byte == b'>' && marks >= 2;
        marks = if byte == mark { marks + 1 } else { 0 };
        ended
    }
}

fn skip_to<R: BufRead>(input: &mut Input<R>, ends: impl FnMut(u8) -> bool) -> Result<(), Fault> {
    finish(input.until(ends, &mut Sink::none())?)
}

fn next<R: BufRead>(input: &mut Input<R>) -> Result<u8, Fault> {
    input.byte()?.ok_or_else(|| Fault::broken(ENDS))
}

fn finish(ended: bool) -> Result<(), Fault> {
    if ended { Ok(()) } else { Err(Fault::broken(ENDS)) }
}
