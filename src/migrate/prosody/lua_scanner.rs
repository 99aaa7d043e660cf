//! The tokens of Lua (reference manual 5.4 §3.1), from bytes.

use crate::Reason;

use super::refusal::Refusal;

/// Where and why a text is not what Prosody writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    pub what: &'static str,
    pub reason: Reason,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::new(fault.reason, format!("line {}: {}", fault.line, fault.what))
    }
}

/// A place in a text.
pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Where it is, for [`back_to`](Self::back_to).
    pub fn place(&self) -> usize {
        self.at
    }

    pub fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    /// Takes `text`, if it is next.
    pub fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&b| !belongs(b)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Goes to the next line after `place` that begins with `word`, or to the end.
    pub fn skip_to_line_of(&mut self, word: &[u8], place: usize) {
        self.at = place;
        // What stands at `place` has failed.
        self.take_while(|b| b.is_ascii_whitespace());
        while self.peek().is_some() {
            self.take_while(|b| b != b'\n');
            self.eat(b"\n");
            if self.rest().starts_with(word) {
                return;
            }
        }
    }

    /// A fault here: the text was cut, or is none of Prosody's.
    pub fn fault(&self, what: &'static str) -> Fault {
        let before = self.bytes.get(..self.at).unwrap_or(self.bytes);
        Fault { line: 1 + before.iter().filter(|&&b| b == b'\n').count(), what, reason: Reason::Damaged }
    }

    /// A limit is exceeded here.
    pub fn too_large(&self, what: &'static str) -> Fault {
        Fault { reason: Reason::TooLarge, ..self.fault(what) }
    }

    /// Passes over white space and comments.
    pub fn blank(&mut self) -> Result<(), Fault> {
        loop {
            self.take_while(|b| b.is_ascii_whitespace() || b == b'\x0B');
            if !self.eat(b"--") {
                return Ok(());
            }
            match self.at_long_text() {
                true => drop(self.long_text()?),
                false => drop(self.take_while(|b| b != b'\n')),
            }
        }
    }

    /// A name or keyword; empty if there is none.
    pub fn word(&mut self) -> &'a [u8] {
        self.take_while(|b| b.is_ascii_alphanumeric() || b == b'_')
    }

    /// A number after blanks, with its sign.
    pub fn number(&mut self) -> Result<f64, Fault> {
        self.blank()?;
        let minus = self.eat(b"-");
        self.blank()?;
        let start = self.at;
        let mut before = b' ';
        while let Some(b) = self.peek() {
            let sign = matches!(b, b'+' | b'-') && matches!(before, b'e' | b'E' | b'p' | b'P');
            if !(b.is_ascii_alphanumeric() || b == b'.' || sign) {
                break;
            }
            before = b;
            self.at += 1;
        }
        let text = self.bytes.get(start..self.at).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let number = text.and_then(number).ok_or_else(|| self.fault("not a number"))?;
        Ok(if minus { -number } else { number })
    }

    /// Whether `[[` or `[=[` is next.
    pub fn at_long_text(&self) -> bool {
        self.long_level().is_some()
    }

    fn long_level(&self) -> Option<usize> {
        let rest = self.rest().strip_prefix(b"[")?;
        let level = rest.iter().take_while(|&&b| b == b'=').count();
        (rest.get(level) == Some(&b'[')).then_some(level)
    }

    /// `[[ … ]]`, without an escape in it; a line break at its start does not belong to it.
    pub fn long_text(&mut self) -> Result<Vec<u8>, Fault> {
        let level = self.long_level().ok_or_else(|| self.fault("not a value"))?;
        let end = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
        self.at += level + 2;
        let _ = self.eat(b"\r\n") || self.eat(b"\n");
        let rest = self.rest();
        let mut from = 0;
        // From bracket to bracket: a search by windows would take long for a long end.
        while let Some(found) = rest.get(from..).and_then(|rest| rest.iter().position(|&b| b == b']')) {
            let at = from + found;
            let here = rest.get(at..).unwrap_or_default();
            if here.starts_with(&end) {
                self.at += at + end.len();
                return Ok(rest.get(..at).unwrap_or_default().to_vec());
            }
            let same = here.iter().skip(1).take(level).take_while(|&&b| b == b'=').count();
            from = at + 1 + same;
        }
        Err(self.fault("a text without its end"))
    }

    /// A string between quotes.
    pub fn quoted(&mut self, quote: u8) -> Result<Vec<u8>, Fault> {
        let start = self.at;
        self.at += 1;
        let mut text = Vec::new();
        loop {
            text.extend_from_slice(self.take_while(|b| b != quote && b != b'\\' && b != b'\n'));
            match self.peek() {
                Some(b'\\') => self.escape(&mut text)?,
                Some(b) if b == quote => {
                    self.at += 1;
                    return Ok(text);
                }
                _ => {
                    self.at = start;
                    return Err(self.fault("a text without its end"));
                }
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        self.at += 1;
        let byte = self.peek().ok_or_else(|| self.fault("a text without its end"))?;
        if byte.is_ascii_digit() {
            text.push(self.decimal()?);
            return Ok(());
        }
        self.at += 1;
        match byte {
            b'a' => text.push(0x07),
            b'b' => text.push(0x08),
            b'f' => text.push(0x0C),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'v' => text.push(0x0B),
            b'\\' | b'"' | b'\'' | b'\n' => text.push(byte),
            b'x' => text.push(self.hexadecimal()?),
            b'z' => drop(self.take_while(|b| b.is_ascii_whitespace() || b == b'\x0B')),
            b'u' => self.character(text)?,
            _ => return Err(self.fault("an unknown escape")),
        }
        Ok(())
    }

    /// `\ddd`: up to three digits.
    fn decimal(&mut self) -> Result<u8, Fault> {
        let digits = self.rest().iter().take(3).take_while(|b| b.is_ascii_digit());
        let (length, number) =
            digits.fold((0, 0_u16), |(length, number), b| (length + 1, number * 10 + u16::from(b - b'0')));
        self.at += length;
        u8::try_from(number).map_err(|_| self.fault("an escape beyond 255"))
    }

    /// `\xHH`
    fn hexadecimal(&mut self) -> Result<u8, Fault> {
        let digits = self.rest().get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        self.at += 2;
        byte.ok_or_else(|| self.fault("an unknown escape"))
    }

    /// `\u{HHH}`
    fn character(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let opened = self.eat(b"{");
        let digits = std::str::from_utf8(self.take_while(|b| b.is_ascii_hexdigit())).unwrap_or_default();
        let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        match character {
            Some(character) if opened && self.eat(b"}") => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                Ok(())
            }
            _ => Err(self.fault("an unknown escape")),
        }
    }
}

/// A number without a sign: decimal, or a whole one in hexadecimal.
fn number(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().map(|number| number as f64);
    }
    // `parse` would take `inf` and the like.
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.').then(|| text.parse().ok()).flatten()
}
