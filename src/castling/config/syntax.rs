//! The first error of syntax of a configuration, in words. What is read after it may follow from it, so it stands alone.

use std::ops::Range;

use settings::{Complaint, Kind, Section};
use toml::de::Error;

use super::document::Source;
use super::keys::ROOT;

/// An error of syntax.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its line, counted from 1.
    pub line: usize,
    pub complaint: Complaint,
    /// The line and a caret below the fault; `None` where the line may hold a password.
    pub excerpt: Option<String>,
}

/// The first of the parser's errors.
pub fn first(source: &Source, errors: &[Error]) -> Option<Fault> {
    let at = |error: &Error| error.span().map_or(0, |span| span.start);
    let error = errors.iter().min_by_key(|error| at(error))?;
    let place = Place::new(source, at(error));
    let (offset, complaint) = place
        .odd_character()
        .or_else(|| place.unclosed(error.message()))
        .or_else(|| place.known(error.message()))
        .unwrap_or_else(|| (place.offset, complaint(error.message(), "correct it at the caret")));
    Some(Fault { line: source.line(offset), complaint, excerpt: excerpt(source, offset) })
}

fn complaint(message: &str, remedy: impl Into<String>) -> Complaint {
    Complaint::new(format!("invalid TOML: {message}"), remedy)
}

/// Where the parser stopped.
struct Place<'a> {
    text: &'a str,
    offset: usize,
    /// The bytes of its line, without the line feed.
    line: Range<usize>,
}

type Found = Option<(usize, Complaint)>;

impl<'a> Place<'a> {
    fn new(source: &'a Source, offset: usize) -> Self {
        let text = source.text.as_str();
        // An error at the end of a line is that line's, as is one at the end of the file.
        let offset = offset.min(text.trim_end().len());
        let line = line_of(text, offset);
        Self { text, offset, line }
    }

    fn line(&self) -> &'a str {
        &self.text[self.line.clone()]
    }

    /// Quotation marks of a word processor, and characters that cannot be seen.
    fn odd_character(&self) -> Found {
        let (at, odd) = self.line().char_indices().find(|(_, c)| is_curly(*c) || is_invisible(*c))?;
        let offset = self.line.start + at;
        if is_curly(odd) {
            let straight: String = self.line().chars().map(|c| if is_curly(c) { '"' } else { c }).collect();
            let quoted = straight.find('"').zip(straight.rfind('"'));
            let quoted = quoted.filter(|(from, to)| from < to && excerpt_allowed(self.line()));
            let remedy = quoted.map_or("write \" instead".to_owned(), |(from, to)| {
                format!("write {}", &straight[from..=to])
            });
            return Some((offset, Complaint::new("typographic quotation marks", remedy)));
        }
        let before = self.line()[..at].split_whitespace().next_back();
        let place = before.map_or("at the start of the line".to_owned(), |word| format!("after `{word}`"));
        let message = format!("an invisible character (U+{:04X}) {place}", u32::from(odd));
        Some((offset, Complaint::new(message, "type the line again")))
    }

    /// A list or a table that begins before the error and is not closed where it should be.
    fn unclosed(&self, message: &str) -> Found {
        let (offset, bracket) = innermost_open(&self.text[..self.offset])?;
        let begins_elsewhere = !self.line.contains(&offset);
        let (noun, end) = if bracket == b'[' { ("list", ']') } else { ("table", '}') };
        let cut_short = self.line().trim_start().starts_with('[') || self.line().contains('=');
        if begins_elsewhere && (cut_short || message.starts_with("unclosed")) {
            let message = format!("the {noun} that begins here is not closed");
            return Some((offset, Complaint::new(message, format!("add {end}"))));
        }
        let message = format!("the {noun} is not closed");
        let at_the_end = self.text[self.offset..self.line.end].trim().is_empty();
        (!begins_elsewhere && at_the_end)
            .then(|| (self.offset, Complaint::new(message, format!("add {end}"))))
    }

    /// What the parser reports in words of its grammar.
    fn known(&self, message: &str) -> Found {
        let line = self.line().trim();
        let header = line.starts_with('[') && !line.contains('=');
        if message.contains("duplicate key") {
            let complaint = match header {
                true => Complaint::new("the table is declared already", "merge the two"),
                false => Complaint::new("the key is set twice", "remove one of the two"),
            };
            return Some((self.offset, complaint));
        }
        if header && message.starts_with("unclosed") {
            let name = line.trim_matches(['[', ']', ' ']);
            let header = if line.starts_with("[[") { format!("[[{name}]]") } else { format!("[{name}]") };
            return Some((
                self.offset,
                Complaint::new("the table header is malformed", format!("write {header}")),
            ));
        }
        let (key, value) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()))?;
        let complaint = match value.as_bytes().first() {
            None => Complaint::new(format!("`{key}` has no value"), format!("write {key} = VALUE")),
            Some(quote @ (b'"' | b'\'')) if value[1..].bytes().all(|byte| byte != *quote) => {
                Complaint::new("the string is not closed", format!("add {} at its end", char::from(*quote)))
            }
            Some(first) if first.is_ascii_alphabetic() && !key.is_empty() && excerpt_allowed(line) => {
                unquoted(key, value)
            }
            _ if message.starts_with("string values must be quoted") => {
                Complaint::new("strings must be quoted", "quote it, or add the comma that is missing")
            }
            _ => return None,
        };
        Some((self.offset, complaint))
    }
}

fn unquoted(key: &str, value: &str) -> Complaint {
    let value = value.split('#').next().unwrap_or_default().trim_end();
    let flag = match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some("true"),
        "false" | "no" | "off" => Some("false"),
        _ => None,
    };
    match flag {
        Some(flag) => Complaint::new(format!("{value} is not a TOML value"), format!("write {key} = {flag}")),
        None => Complaint::new("strings must be quoted", format!("write {key} = \"{value}\"")),
    }
}

fn is_curly(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201F}' | '«' | '»' | '‹' | '›')
}

/// Spaces that TOML does not know, and characters without a width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{A0}' | '\u{AD}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}' | '\u{205F}'..='\u{2064}')
        || matches!(c, '\u{3000}' | '\u{FEFF}')
}

/// The last bracket of a value that is still open at the end of `text`; strings, comments and headers are skipped.
fn innermost_open(text: &str) -> Option<(usize, u8)> {
    let mut open: Vec<(usize, u8)> = Vec::new();
    let (mut start_of_line, mut at) = (true, 0);
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = &text.as_bytes()[at..];
        match byte {
            b'#' => at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            b'[' if start_of_line && open.is_empty() => {
                at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            }
            b'"' | b'\'' => at += string(rest, byte),
            b'[' | b'{' => open.push((at, byte)),
            b']' | b'}' => drop(open.pop()),
            _ => {}
        }
        start_of_line = bytes.get(at) == Some(&b'\n') || (start_of_line && byte.is_ascii_whitespace());
        at += 1;
    }
    open.pop()
}

/// The offset of a string's last byte.
fn string(text: &[u8], quote: u8) -> usize {
    let triple = [quote; 3];
    if text.starts_with(&triple) {
        let end = text[3..].windows(3).position(|three| three == triple);
        return end.map_or(text.len(), |end| end + 5);
    }
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return at - 1,
            b'\\' if quote == b'"' => escaped = !escaped,
            byte if *byte == quote && !escaped => return at,
            _ => escaped = false,
        }
    }
    text.len()
}

fn line_of(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find(['\n', '\r']).map_or(text.len(), |at| offset + at);
    start..end
}

fn excerpt(source: &Source, offset: usize) -> Option<String> {
    let range = line_of(&source.text, offset);
    let line = &source.text[range.clone()];
    excerpt_allowed(line).then(|| {
        let before = source.text[range.start..offset].chars().count();
        format!("    {}\n    {}^", line.replace('\t', " "), " ".repeat(before))
    })
}

/// Whether a line can be shown: a header, or a key of the schema that has no room for a password. Settings of plugins
/// and the lines of a longer string are none.
fn excerpt_allowed(line: &str) -> bool {
    let key = line.split('=').next().unwrap_or_default().trim();
    let word = key.rsplit('.').next().unwrap_or_default().trim_matches(['"', '\'', ' ', '\u{A0}']);
    let header = line.trim_start().starts_with('[') && !line.contains(['=', '"', '\'']);
    let shown = !line.contains("://") && !SECRET.contains(&word) && is_key(&ROOT, word);
    line.len() <= 200 && (header || (line.contains('=') && shown))
}

/// Keys whose values may hold a password.
const SECRET: [&str; 6] = ["url", "secret", "config", "queries", "plugins", "datasources"];

fn is_key(section: &Section, name: &str) -> bool {
    let inner = |kind: &Kind| match kind {
        Kind::Section(inner) | Kind::Sections(inner) | Kind::Overrides(inner) => is_key(inner, name),
        _ => false,
    };
    section.keys.iter().any(|key| key.name == name || inner(&key.kind))
}

#[cfg(test)]
mod tests;
