//! Single WebSocket frames (RFC 6455 §5.2), for callers that write and look at them one by one.

use std::io::Cursor;

use anyhow::{Context as _, Result};
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

/// Any will do where nothing on the way reads along.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A masked frame with that first byte, whether the byte means anything or not.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        is_final: first & 0x80 != 0,
        rsv1: first & 0x40 != 0,
        rsv2: first & 0x20 != 0,
        rsv3: first & 0x10 != 0,
        opcode: OpCode::from(first & 0x0f),
        mask: Some(MASK),
    };
    let mut frame = Vec::new();
    // Writing to memory does not fail.
    let _ = Frame::from_payload(header, payload.to_vec().into()).format(&mut frame);
    frame
}

/// What stands before a frame's payload.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub first: u8,
    pub is_masked: bool,
    /// Bytes of the whole frame.
    pub length: usize,
}

/// The head of the frame that `bytes` begin with; `None` until all of the head is there.
pub fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut cursor = Cursor::new(bytes);
    let Some((header, length)) = FrameHeader::parse(&mut cursor)? else { return Ok(None) };
    let length = usize::try_from(cursor.position() + length).context("the frame is too long")?;
    Ok(Some(Head { first: bytes[0], is_masked: header.mask.is_some(), length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_at_every_length() -> Result<()> {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let frame = masked(0x81, &vec![b'x'; length]);
            let expected = Head { first: 0x81, is_masked: true, length: frame.len() };
            assert_eq!(head(&frame)?, Some(expected));
            assert_eq!(
                frame.last().copied(),
                (length > 0).then(|| b'x' ^ MASK[(length - 1) % 4]).or(Some(MASK[3]))
            );
        }
        assert_eq!(head(&masked(0x81, &[b'x'; 200])[..3])?, None);
        assert_eq!(masked(0xC3, b"")[0], 0xC3);
        Ok(())
    }
}
