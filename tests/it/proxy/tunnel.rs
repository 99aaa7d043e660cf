//! A way for clients that know nothing of it: from another address, over TLS, with headers that they never wrote.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use client::tls::{self, Trust};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, RootCertStore};

use super::DOMAIN;

/// What becomes of a connection.
#[derive(Clone)]
pub struct Tunnel {
    /// The address that it comes from.
    pub from: Ipv4Addr,
    pub to: SocketAddr,
    /// TLS to the domain, if the certificate is one of these.
    pub roots: Option<RootCertStore>,
    /// Lines that are added to the head of every request.
    pub headers: String,
}

impl Tunnel {
    /// Where clients get in. It stays open as long as the process.
    pub fn open(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (tunnel, client) = (self.clone(), client.unwrap());
                thread::spawn(move || tunnel.carry(client));
            }
        });
        address
    }

    fn carry(self, client: TcpStream) {
        let server = self.connect();
        let tls = self.roots.clone().map(|roots| Arc::new(Mutex::new(self.handshake(&server, roots))));
        let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let tls_too = tls.clone();
        thread::spawn(move || self.up(client_too, server_too, tls_too));
        down(client, server, tls);
    }

    fn connect(&self) -> TcpStream {
        let fd = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&fd, &SocketAddr::new(IpAddr::V4(self.from), 0)).unwrap();
        connect(&fd, &self.to).unwrap();
        let stream = TcpStream::from(fd);
        stream.set_nodelay(true).unwrap();
        stream
    }

    fn handshake(&self, mut server: &TcpStream, roots: RootCertStore) -> ClientConnection {
        let config = tls::config(&["http/1.1"], Trust::Roots(roots)).unwrap();
        let mut tls = ClientConnection::new(config, ServerName::try_from(DOMAIN).unwrap()).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut server).expect("the TLS handshake failed");
        }
        tls
    }

    /// What the client says. A request's head is written at once, so it is read at once.
    fn up(&self, mut client: TcpStream, mut server: TcpStream, tls: Option<Arc<Mutex<ClientConnection>>>) {
        let mut buffer = [0; 16384];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let said = self.disguise(&buffer[..length]);
            let sent = match &tls {
                None => server.write_all(&said),
                Some(tls) => {
                    let mut tls = tls.lock().unwrap();
                    tls.writer().write_all(&said).unwrap();
                    flush(&mut tls, &mut server)
                }
            };
            if sent.is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Write);
    }

    /// The head as a client of the domain writes it; anything but a head stays as it is.
    fn disguise(&self, said: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(said) else { return said.to_vec() };
        let Some((line, rest)) = text.split_once("\r\nHost: ") else { return said.to_vec() };
        let (_, rest) = rest.split_once("\r\n").unwrap();
        format!("{line}\r\nHost: {DOMAIN}\r\n{}{rest}", self.headers).into_bytes()
    }
}

/// What the server says.
fn down(mut client: TcpStream, mut server: TcpStream, tls: Option<Arc<Mutex<ClientConnection>>>) {
    let mut buffer = [0; 16384];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        let came = match &tls {
            None => buffer[..length].to_vec(),
            Some(tls) => match open(&mut tls.lock().unwrap(), &buffer[..length], &mut server) {
                Ok(came) => came,
                Err(_) => break,
            },
        };
        if client.write_all(&came).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn open(tls: &mut ClientConnection, mut sealed: &[u8], server: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut came = Vec::new();
    while !sealed.is_empty() {
        tls.read_tls(&mut sealed)?;
        tls.process_new_packets().map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error))?;
        match tls.reader().read_to_end(&mut came) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
    }
    flush(tls, server)?;
    Ok(came)
}

fn flush(tls: &mut ClientConnection, server: &mut TcpStream) -> std::io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(server)?;
    }
    Ok(())
}
