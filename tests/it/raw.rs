//! A client that speaks by the letter: every element of a stream is the test's to write and to read.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, StreamOwned,
};
use xmpp::{Element, Limits, StreamEvent, StreamHeader, StreamParser, ns};

use crate::fixture::PATIENCE;
use crate::scenario::scram::{Scram, decode, encode};

/// The usual password (`fixture::add_users`).
const PASSWORD: &str = "secret";

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection, and the stream on it. What does not go as a test expects panics.
pub struct Raw {
    wire: Wire,
    parser: StreamParser,
    /// The domain it opens streams to.
    domain: String,
    /// Its full JID, once bound.
    pub jid: String,
    /// The language of its stream headers; empty: they have none.
    pub lang: &'static str,
    /// The server's last stream header.
    pub opened: Option<StreamHeader>,
}

/// The client's stream header.
pub fn header(to: &str) -> String {
    format!("<stream:stream xmlns='{}' xmlns:stream='{}' to='{to}' version='1.0'>", ns::CLIENT, ns::STREAM)
}

impl Raw {
    /// A connection on which nothing was said.
    pub fn connect(address: SocketAddr, domain: &str) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let parser = StreamParser::new(Limits::OWN);
        let domain = domain.to_owned();
        Self { wire: Wire::Plain(socket), parser, domain, jid: String::new(), lang: "", opened: None }
    }

    /// With a stream; its features have been read.
    pub fn open(address: SocketAddr, domain: &str) -> Self {
        let mut raw = Self::connect(address, domain);
        raw.restart();
        raw
    }

    /// Logged in with the usual password.
    pub fn log_in(address: SocketAddr, account: &str) -> Self {
        let (local, domain) = account.split_once('@').unwrap();
        let mut raw = Self::open(address, domain);
        raw.authenticate(local, PASSWORD).unwrap();
        raw
    }

    /// Logged in and bound: `name@domain/resource`.
    pub fn bound(address: SocketAddr, jid: &str) -> Self {
        let (account, resource) = jid.split_once('/').unwrap();
        let mut raw = Self::log_in(address, account);
        raw.bind(resource).unwrap();
        raw
    }

    /// Opens a stream, anew if there was one, and reads its features.
    pub fn restart(&mut self) -> Element {
        self.parser.reset();
        let header = header(&self.domain);
        self.send(&match self.lang {
            "" => header,
            lang => header.replace(" version=", &format!(" xml:lang='{lang}' version=")),
        });
        let features = self.next();
        assert!(features.is("features", ns::STREAM), "{}", features.to_xml(""));
        features
    }

    /// SCRAM-SHA-256 on an open stream, and the stream after it; the error is SASL's condition.
    pub fn authenticate(&mut self, local: &str, password: &str) -> Result<(), String> {
        let scram = Scram::new(local, password);
        let challenge = self.begin(&scram);
        if !challenge.is("challenge", ns::SASL) {
            return Err(condition(&challenge));
        }
        let outcome = self.finish(&scram, &challenge);
        if !outcome.is("success", ns::SASL) {
            return Err(condition(&outcome));
        }
        self.restart();
        Ok(())
    }

    /// The first message of SCRAM-SHA-256; what is answered.
    pub fn begin(&mut self, scram: &Scram) -> Element {
        self.send(&format!("<auth xmlns='{}' mechanism='SCRAM-SHA-256'>{}</auth>", ns::SASL, scram.first()));
        self.next()
    }

    /// The last message of SCRAM-SHA-256; what is answered.
    pub fn finish(&mut self, scram: &Scram, challenge: &Element) -> Element {
        let last = scram.last(&challenge.text_content());
        self.send(&format!("<response xmlns='{}'>{last}</response>", ns::SASL));
        self.next()
    }

    /// PLAIN; what is answered.
    pub fn plain(&mut self, local: &str, password: &str) -> Element {
        let message = encode(format!("\0{local}\0{password}").as_bytes());
        self.send(&format!("<auth xmlns='{}' mechanism='PLAIN'>{message}</auth>", ns::SASL));
        self.next()
    }

    /// Binds a resource; the error is the stanza error's condition.
    pub fn bind(&mut self, resource: &str) -> Result<(), String> {
        self.send(&format!(
            "<iq type='set' id='bind'><bind xmlns='{}'><resource>{resource}</resource></bind></iq>",
            ns::BIND
        ));
        let answer = self.next();
        if answer.get("type") == Some("error") {
            let error = answer.find("error", ns::CLIENT).unwrap();
            return Err(error.children().next().unwrap().name().to_owned());
        }
        let jid = answer.find("bind", ns::BIND).and_then(|bind| bind.find("jid", ns::BIND));
        self.jid = jid.unwrap_or_else(|| panic!("not bound: {}", answer.to_xml(""))).text_content();
        Ok(())
    }

    /// Enables stream management; the id to resume with.
    pub fn manage(&mut self) -> String {
        self.send(&format!("<enable xmlns='{}' resume='true'/>", ns::SM));
        let enabled = self.next();
        assert!(enabled.is("enabled", ns::SM), "{}", enabled.to_xml(""));
        enabled.get("id").unwrap().to_owned()
    }

    /// Asks the server to go on; what came before its answer.
    pub fn ping(&mut self) -> Vec<Element> {
        self.send(&format!(
            "<iq type='get' id='ping' to='{}'><ping xmlns='{}'/></iq>",
            self.domain,
            ns::PING
        ));
        let mut before = Vec::new();
        loop {
            let element = self.next();
            if element.is("iq", ns::CLIENT) && element.get("id") == Some("ping") {
                assert_eq!(element.get("type"), Some("result"), "{}", element.to_xml(""));
                return before;
            }
            before.push(element);
        }
    }

    /// Writes as it is; whether the connection took it.
    pub fn try_send(&mut self, xml: &str) -> bool {
        let bytes = xml.as_bytes();
        match &mut self.wire {
            Wire::Plain(socket) => socket.write_all(bytes).is_ok(),
            Wire::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()).is_ok(),
        }
    }

    /// Writes as it is.
    pub fn send(&mut self, xml: &str) {
        assert!(self.try_send(xml), "the connection is closed: {xml} was not written");
    }

    /// The next element.
    pub fn next(&mut self) -> Element {
        self.try_next().expect("the stream has ended")
    }

    /// The next element that is a stanza or an error, not stream management's.
    pub fn stanza(&mut self) -> Element {
        loop {
            let element = self.next();
            if element.ns() != ns::SM {
                return element;
            }
        }
    }

    /// The next element, or none at the end of the stream or the connection.
    pub fn try_next(&mut self) -> Option<Element> {
        loop {
            match self.parser.next().expect("the server's XML is malformed") {
                Some(StreamEvent::Element(document)) => return Some(document.to_element()),
                Some(StreamEvent::Open(header)) => self.opened = Some(header),
                Some(StreamEvent::Close) => return None,
                None => {
                    let mut buffer = [0; 16384];
                    let read = match &mut self.wire {
                        Wire::Plain(socket) => socket.read(&mut buffer),
                        Wire::Tls(stream) => stream.read(&mut buffer),
                    };
                    match read {
                        Ok(0) => return None,
                        Ok(length) => self.parser.feed(&buffer[..length]),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            panic!("nothing came within {} seconds", PATIENCE.as_secs())
                        }
                        Err(_) => return None,
                    }
                }
            }
        }
    }

    /// The stream error that the stream ends with; its condition.
    pub fn stream_error(&mut self) -> String {
        loop {
            let Some(element) = self.try_next() else { panic!("the stream has ended without an error") };
            if element.is("error", ns::STREAM) {
                assert!(self.try_next().is_none(), "the stream goes on after its error");
                return condition(&element);
            }
        }
    }

    /// The connection ends, and nothing more comes on it.
    pub fn ended(&mut self) {
        if let Some(element) = self.try_next() {
            panic!("{} instead of the end", element.to_xml(""));
        }
    }

    /// What comes next belongs to a new stream.
    pub fn with_new_stream(mut self) -> Self {
        self.parser.reset();
        self
    }

    /// The connection ends, whatever comes before.
    pub fn closed(mut self) {
        let Wire::Plain(socket) = &mut self.wire else { panic!("only without TLS") };
        match socket.read_to_end(&mut Vec::new()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("the connection stays open"),
            _ => {}
        }
    }

    /// STARTTLS on an open stream. The handshake has ended when this returns.
    pub fn starttls(mut self, sni: Option<&str>) -> Self {
        self.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
        let proceed = self.next();
        assert!(proceed.is("proceed", ns::TLS), "{}", proceed.to_xml(""));
        let sni = sni.map_or_else(|| self.domain.clone(), str::to_owned);
        self.handshake(&sni, &[], None).expect("the TLS handshake failed")
    }

    /// A TLS handshake now. `roots`: only these certificates are believed; else any.
    pub fn handshake(self, sni: &str, alpn: &[&str], roots: Option<RootCertStore>) -> std::io::Result<Self> {
        let Wire::Plain(mut socket) = self.wire else { panic!("TLS in TLS") };
        let mut connection = client(sni, alpn, roots);
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        let wire = Wire::Tls(Box::new(StreamOwned::new(connection, socket)));
        Ok(Self { wire, parser: StreamParser::new(Limits::default()), ..self })
    }

    fn tls(&self) -> &ClientConnection {
        match &self.wire {
            Wire::Tls(stream) => &stream.conn,
            Wire::Plain(_) => panic!("no TLS"),
        }
    }

    /// The certificate that the server has shown, DER.
    pub fn certificate(&self) -> Vec<u8> {
        self.tls().peer_certificates().unwrap().first().unwrap().to_vec()
    }

    /// The protocol agreed on by ALPN.
    pub fn protocol(&self) -> Option<String> {
        self.tls().alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap())
    }
}

/// The defined condition of a stream error or a SASL failure.
pub fn condition(failure: &Element) -> String {
    failure.children().next().map_or_else(|| failure.to_xml(""), |condition| condition.name().to_owned())
}

/// The salt of a SCRAM challenge.
pub fn salt(challenge: &Element) -> String {
    let text = String::from_utf8(decode(&challenge.text_content())).unwrap();
    text.split(',').find_map(|field| field.strip_prefix("s=")).unwrap().to_owned()
}

/// The client's side of TLS. `roots`: only these certificates are believed; else any.
pub fn client(sni: &str, alpn: &[&str], roots: Option<RootCertStore>) -> ClientConnection {
    let name = ServerName::try_from(sni.to_owned()).unwrap();
    ClientConnection::new(Arc::new(config(alpn, roots)), name).unwrap()
}

/// What a client takes and offers.
pub fn config(alpn: &[&str], roots: Option<RootCertStore>) -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.unwrap();
    let mut config = match roots {
        Some(roots) => builder.with_root_certificates(roots).with_no_client_auth(),
        None => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// Takes any certificate, so that a test can look at what came.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
