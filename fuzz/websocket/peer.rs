//! Tungstenite's own reader.

use std::io::{Cursor, Read, Result, Write};

use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, WebSocket};

use super::decoder::Message;

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It did not: more may come.
    Open,
    /// The client closed it; that message is the last.
    Closed,
    /// It is closed with this code.
    Fault(u16),
}

/// Bytes that have come; what is written goes nowhere.
struct Socket<'a>(Cursor<&'a [u8]>);

impl Read for Socket<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.0.read(into)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a server reads.
pub fn read(bytes: &[u8], limit: usize) -> (Vec<Message>, End) {
    // A frame's bound is looked at first, and would hide what else is wrong with its header.
    let config = WebSocketConfig::default()
        .max_message_size(Some(limit))
        .max_frame_size(Some(1 << 20))
        .read_buffer_size(1024);
    let mut socket = WebSocket::from_raw_socket(Socket(Cursor::new(bytes)), Role::Server, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => messages.push(Message::Text(text.as_str().into())),
            Ok(tungstenite::Message::Ping(payload)) => messages.push(Message::Ping(payload)),
            Ok(tungstenite::Message::Pong(_)) => messages.push(Message::Pong),
            Ok(tungstenite::Message::Close(close)) => match close {
                // That is what it makes of a code that is not sent.
                Some(close) if close.code == CloseCode::Protocol && close.reason == "Protocol violation" => {
                    return (messages, End::Fault(1002));
                }
                close => {
                    messages.push(Message::Close(close.map(|close| close.code.into())));
                    return (messages, End::Closed);
                }
            },
            Ok(_) => return (messages, End::Fault(1003)),
            Err(error) => return (messages, end(&error)),
        }
    }
}

fn end(error: &Error) -> End {
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    match error {
        Error::Protocol(ResetWithoutClosingHandshake) => End::Open,
        Error::Protocol(_) => End::Fault(1002),
        Error::Utf8(_) => End::Fault(1007),
        Error::Capacity(_) => End::Fault(1009),
        other => panic!("{other}"),
    }
}

/// The texts that a client receives.
pub fn receive(bytes: &[u8]) -> Vec<String> {
    let config = WebSocketConfig::default().read_buffer_size(1024);
    let mut socket = WebSocket::from_raw_socket(Socket(Cursor::new(bytes)), Role::Client, Some(config));
    let mut texts = Vec::new();
    while let Ok(message) = socket.read() {
        texts.push(message.into_text().expect("text").to_string());
    }
    texts
}
