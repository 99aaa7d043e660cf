//! HTTP/1.1, a request and an answer at a time.

use std::net::SocketAddr;

use client::http::{Connection, request};

use super::transport::{Result, done};
use crate::patience::wait;

pub use client::http::Head;

/// A connection. Requests on it are answered one after another.
pub struct Http {
    connection: Connection,
    authority: String,
}

impl Http {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let socket = done(client::connect(address, None))?;
        Ok(Self { connection: Connection::new(Box::new(socket)), authority: address.to_string() })
    }

    /// Writes a request; `fields` are lines with their ends.
    pub fn request(&mut self, line: &str, fields: &str, body: &str) -> Result<()> {
        done(self.connection.send(request(line, &self.authority, fields, body).as_bytes()))
    }

    /// Reads the head of an answer.
    pub fn head(&mut self) -> Result<Head> {
        done(self.connection.head())
    }

    /// Reads an answer with its body.
    pub fn answer(&mut self) -> Result<(Head, Vec<u8>)> {
        done(self.connection.answer())
    }

    /// Ends the connection in the middle of whatever it carries.
    pub fn cut(&mut self) {
        wait(self.connection.cut());
    }
}
