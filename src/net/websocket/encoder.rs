//! Server frames (RFC 6455 section 5). Without I/O.

/// Where a payload is written first: behind room for a medium-sized header.
const HEADER: usize = 4;

/// Appends a text frame with what `write` appends.
pub(super) fn text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    write(out);
    let length = out.len().saturating_sub(start + HEADER);
    let mut header = [0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let size = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(small @ ..126), _) => {
            header[1] = small;
            2
        }
        (_, Ok(middling)) => {
            header[1] = 126;
            header[2..4].copy_from_slice(&middling.to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    };
    out.splice(start..start + HEADER, header.into_iter().take(size));
}

/// Appends a ping.
pub(super) fn ping(out: &mut Vec<u8>) {
    control(out, 0x89, &[]);
}

/// Appends a pong.
pub(super) fn pong(out: &mut Vec<u8>, payload: &[u8]) {
    control(out, 0x8A, payload);
}

/// Appends a close frame; without a code if the peer gave none.
pub(super) fn close(out: &mut Vec<u8>, code: Option<u16>) {
    match code {
        Some(code) => control(out, 0x88, &code.to_be_bytes()),
        None => control(out, 0x88, &[]),
    }
}

/// A control frame carries at most 125 bytes, a limit the peer's pings obey as well.
fn control(out: &mut Vec<u8>, head: u8, payload: &[u8]) {
    let Some(length) = u8::try_from(payload.len()).ok().filter(|&length| length < 126) else { return };
    out.extend_from_slice(&[head, length]);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::{Role, WebSocketConfig};
    use tungstenite::{Message, WebSocket};

    use super::*;

    /// The messages a third-party client reads; asserts that they are complete.
    fn read(bytes: Vec<u8>) -> Vec<Message> {
        let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
        let stream = std::io::Cursor::new(bytes);
        let mut client = WebSocket::from_raw_socket(stream, Role::Client, Some(config));
        std::iter::from_fn(|| client.read().ok()).collect()
    }

    #[test]
    fn every_form_of_a_length() {
        let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000];
        let mut out = Vec::new();
        for length in lengths {
            text(&mut out, |out| out.resize(out.len() + length, b'x'));
        }
        let messages: Vec<_> = lengths.iter().map(|&length| Message::text("x".repeat(length))).collect();
        assert_eq!(read(out), messages);
    }

    #[test]
    fn the_shortest_header() {
        let mut out = b"before".to_vec();
        text(&mut out, |out| out.extend_from_slice(b"<a/>"));
        assert_eq!(out, b"before\x81\x04<a/>");
    }

    #[test]
    fn control_frames() {
        let mut out = Vec::new();
        pong(&mut out, &[7; 125]);
        pong(&mut out, &[7; 126]);
        close(&mut out, Some(1009));
        assert_eq!(out, [&[0x8A, 125][..], &[7; 125], &[0x88, 2, 3, 241]].concat());
        let mut out = Vec::new();
        close(&mut out, None);
        assert_eq!(out, [0x88, 0]);
    }
}
