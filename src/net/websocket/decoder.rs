//! Decodes a client's bytes to messages (RFC 6455 section 5). Without I/O.

use std::io::Cursor;

use bytes::Bytes;
use bytestring::ByteString;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::fault::Fault;

/// Bytes of the longest frame header.
const HEADER: usize = 14;
/// Maximum payload of a control frame (section 5.5).
const CONTROL: u64 = 125;

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A complete text message in UTF-8.
    Text(ByteString),
    /// A ping, to be answered with the same bytes.
    Ping(Bytes),
    Pong,
    /// A close frame, with its code if present. Nothing follows it.
    Close(Option<u16>),
}

/// Reassembles messages. It consumes all input, so that the reader needs no buffer, and holds only an
/// incomplete message, never allocating much more than has arrived.
#[derive(Debug)]
pub struct Decoder {
    /// The largest message.
    limit: usize,
    /// A partially received header.
    header: [u8; HEADER],
    header_len: usize,
    frame: Option<Frame>,
    /// A text message whose last frame has not arrived.
    message: Option<Vec<u8>>,
    control: Vec<u8>,
    /// Set by a close frame or a fault: what follows is ignored.
    over: Option<Result<(), Fault>>,
}

/// A frame whose header has arrived.
#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: OpCode,
    last: bool,
    mask: [u8; 4],
    /// Bytes not yet received.
    left: usize,
    /// Bytes received, modulo the mask's length.
    turn: usize,
}

impl Decoder {
    /// For messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Decoder {
            limit,
            header: [0; HEADER],
            header_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
            over: None,
        }
    }

    /// Sets the largest message, from the next frame on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Consumes `input` up to the end of a message, or all of it, returning `None`, if there is none.
    ///
    /// # Errors
    /// [`Fault`]; every later call returns it again.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Fault> {
        if let Some(over) = self.over {
            *input = &[];
            return over.map(|()| None);
        }
        let message = self.advance(input);
        match &message {
            Ok(Some(Message::Close(_))) => self.over = Some(Ok(())),
            Ok(_) => return message,
            Err(fault) => self.over = Some(Err(*fault)),
        }
        (self.message, self.control) = (None, Vec::new());
        message
    }

    fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Fault> {
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.head(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let Some(frame) = self.payload(frame, input) else { return Ok(None) };
            if let Some(message) = self.end(frame)? {
                return Ok(Some(message));
            }
        }
    }

    /// The next frame's header.
    fn head(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Fault> {
        let had = self.header_len;
        let more = input.len().min(HEADER - had);
        let (Some(room), Some(came)) = (self.header.get_mut(had..had + more), input.get(..more)) else {
            return Ok(None);
        };
        room.copy_from_slice(came);
        let mut cursor = Cursor::new(self.header.get(..had + more).unwrap_or_default());
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Fault::protocol("reserved opcode"))?;
        let Some((header, length)) = parsed else {
            self.header_len = had + more;
            *input = input.get(more..).unwrap_or_default();
            return Ok(None);
        };
        let size = usize::try_from(cursor.position()).unwrap_or(HEADER);
        *input = input.get(size.saturating_sub(had)..).unwrap_or_default();
        self.header_len = 0;
        if header.len(length) != size {
            return Err(Fault::protocol("payload length is not minimally encoded"));
        }
        self.check(&header, length).map(Some)
    }

    /// Sections 5.2 to 5.5.
    fn check(&mut self, header: &FrameHeader, length: u64) -> Result<Frame, Fault> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Fault::protocol("reserved bits are set"));
        }
        let Some(mask) = header.mask else { return Err(Fault::protocol("unmasked frame")) };
        let held = self.message.as_ref().map(Vec::len);
        let had = held.unwrap_or(0);
        match (header.opcode, held) {
            (OpCode::Control(_), _) if length > CONTROL => {
                return Err(Fault::protocol("control frame is longer than 125 bytes"));
            }
            (OpCode::Control(_), _) if !header.is_final => {
                return Err(Fault::protocol("fragmented control frame"));
            }
            (OpCode::Control(_), _) => {}
            (OpCode::Data(Data::Binary), _) => return Err(Fault::BINARY),
            (OpCode::Data(Data::Continue), None) => {
                return Err(Fault::protocol("unexpected continuation frame"));
            }
            (OpCode::Data(Data::Text), Some(_)) => {
                return Err(Fault::protocol("expected a continuation frame"));
            }
            (OpCode::Data(_), _) if length > self.limit.saturating_sub(had) as u64 => {
                return Err(Fault::TOO_LARGE);
            }
            (OpCode::Data(_), _) => {
                self.message.get_or_insert_default();
            }
        }
        let left = usize::try_from(length).map_err(|_| Fault::TOO_LARGE)?;
        Ok(Frame { opcode: header.opcode, last: header.is_final, mask, left, turn: 0 })
    }

    /// Consumes available bytes of a frame's payload; returns the frame once it is complete.
    fn payload(&mut self, mut frame: Frame, input: &mut &[u8]) -> Option<Frame> {
        let (part, rest) = input.split_at(input.len().min(frame.left));
        *input = rest;
        let into = match frame.opcode {
            OpCode::Control(_) => &mut self.control,
            OpCode::Data(_) => self.message.get_or_insert_default(),
        };
        if into.is_empty() {
            // Exact, since it often becomes the stanza's buffer.
            into.reserve_exact(part.len());
        }
        let at = into.len();
        into.extend_from_slice(part);
        unmask(into.get_mut(at..).unwrap_or_default(), frame.mask, frame.turn);
        frame.left -= part.len();
        frame.turn = (frame.turn + part.len()) % 4;
        if frame.left == 0 {
            return Some(frame);
        }
        self.frame = Some(frame);
        None
    }

    /// The message that a complete frame finishes.
    fn end(&mut self, frame: Frame) -> Result<Option<Message>, Fault> {
        Ok(Some(match frame.opcode {
            OpCode::Data(_) if !frame.last => return Ok(None),
            OpCode::Data(_) => {
                let text = self.message.take().unwrap_or_default();
                let mut text = String::from_utf8(text).map_err(|_| Fault::ENCODING)?;
                text.shrink_to_fit();
                Message::Text(text.into())
            }
            OpCode::Control(control) => {
                let payload = std::mem::take(&mut self.control);
                match control {
                    Control::Close => Message::Close(close_code(&payload)?),
                    Control::Ping => Message::Ping(payload.into()),
                    _ => Message::Pong,
                }
            }
        }))
    }
}

/// Section 5.3; `turn` bytes of the payload preceded.
fn unmask(bytes: &mut [u8], mut mask: [u8; 4], turn: usize) {
    mask.rotate_left(turn % 4);
    let (words, rest) = bytes.as_chunks_mut::<4>();
    let word = u32::from_ne_bytes(mask);
    for bytes in words {
        *bytes = (u32::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// Section 5.5.1.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Fault::protocol("truncated close code")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return Err(Fault::protocol("invalid close code"));
    }
    std::str::from_utf8(reason).map_err(|_| Fault::ENCODING)?;
    Ok(Some(code))
}

#[cfg(test)]
mod tests;
