//! A client that speaks by the letter: every element of a stream is the test's to write and to read.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use client::tls::{self, Trust};
use client::{Io, Scram, decode, plain};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use xmpp::{Element, ElementLimits, StreamEvent, StreamHeader, StreamParser, ns};

use crate::patience::{patiently, wait};

pub use client::stream::header;

/// The usual password (`fixture::add_users`).
const PASSWORD: &str = "secret";

/// What a TLS handshake has agreed on.
struct Agreed {
    /// DER.
    certificate: Vec<u8>,
    protocol: Option<String>,
    /// `tls-exporter` (RFC 9266).
    exporter: Vec<u8>,
}

/// A connection, and the stream on it. What does not go as a test expects panics.
pub struct Raw {
    io: Io,
    tls: Option<Agreed>,
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

impl Raw {
    /// A connection on which nothing was said.
    pub fn connect(address: SocketAddr, domain: &str) -> Self {
        Self::connect_from(None, address, domain)
    }

    /// `source`: the client's address, if that matters.
    pub fn connect_from(source: Option<Ipv4Addr>, address: SocketAddr, domain: &str) -> Self {
        let io = Box::new(wait(client::connect(address, source)).unwrap());
        let (parser, domain) = (StreamParser::new(ElementLimits::OWN), domain.to_owned());
        Self { io, tls: None, parser, domain, jid: String::new(), lang: "", opened: None }
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
        let scram = Scram::sha256(local, password);
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
        self.send(&scram.auth());
        self.next()
    }

    /// The last message of SCRAM-SHA-256; what is answered.
    pub fn finish(&mut self, scram: &Scram, challenge: &Element) -> Element {
        self.send(&scram.response(&challenge.text_content()).unwrap());
        self.next()
    }

    /// PLAIN; what is answered.
    pub fn plain(&mut self, local: &str, password: &str) -> Element {
        self.send(&plain(local, password));
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

    /// Asks for an acknowledgement until so many stanzas since [`manage`](Self::manage) are settled.
    pub fn settle(&mut self, stanzas: usize) {
        self.send(&format!("<r xmlns='{}'/>", ns::SM));
        while self.next().get("h") != Some(&stanzas.to_string()) {}
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
        let written = patiently(async {
            self.io.write_all(xml.as_bytes()).await?;
            self.io.flush().await
        });
        written.expect("the server takes nothing").is_ok()
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
                    match wait(self.io.read(&mut buffer)) {
                        Ok(0) | Err(_) => return None,
                        Ok(length) => self.parser.feed(&buffer[..length]),
                    }
                }
            }
        }
    }

    /// The elements that have come, without waiting for more than a moment.
    pub fn arrived(&mut self) -> Vec<Element> {
        let mut elements = Vec::new();
        loop {
            match self.parser.next().expect("the server's XML is malformed") {
                Some(StreamEvent::Element(document)) => elements.push(document.to_element()),
                Some(event) => panic!("{event:?} instead of an element"),
                None if !elements.is_empty() => return elements,
                None => {
                    let mut buffer = [0; 16384];
                    let moment = std::time::Duration::from_millis(10);
                    let read = async { tokio::time::timeout(moment, self.io.read(&mut buffer)).await };
                    match wait(read) {
                        Ok(length) => {
                            let length = length.unwrap_or(0);
                            assert!(length > 0, "the connection has ended");
                            self.parser.feed(&buffer[..length]);
                        }
                        Err(_) => return elements,
                    }
                }
            }
        }
    }

    /// Reads the server's stream header, and nothing after it.
    pub fn read_header(&mut self) {
        while self.opened.is_none() {
            match self.parser.next().expect("the server's XML is malformed") {
                Some(StreamEvent::Open(header)) => self.opened = Some(header),
                Some(event) => panic!("{event:?} instead of a header"),
                None => self.read(),
            }
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 16384];
        let length = wait(self.io.read(&mut buffer)).unwrap_or(0);
        assert!(length > 0, "the connection has ended");
        self.parser.feed(&buffer[..length]);
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
        assert!(self.tls.is_none(), "only without TLS");
        // The end may be a reset.
        let _ = patiently(self.io.read_to_end(&mut Vec::new())).expect("the connection stays open");
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
        self.handshake_with(sni, config(alpn, roots))
    }

    fn handshake_with(self, sni: &str, config: Arc<ClientConfig>) -> std::io::Result<Self> {
        assert!(self.tls.is_none(), "TLS in TLS");
        let connector = TlsConnector::from(config);
        let name = ServerName::try_from(sni.to_owned()).unwrap();
        let stream = wait(connector.connect(name, self.io))?;
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().unwrap().first().unwrap().to_vec();
        let protocol = session.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
        let exporter =
            session.export_keying_material(vec![0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
        let (io, tls) = (Box::new(stream), Some(Agreed { certificate, protocol, exporter }));
        Ok(Self { io, tls, parser: StreamParser::new(ElementLimits::default()), ..self })
    }

    fn tls(&self) -> &Agreed {
        self.tls.as_ref().expect("no TLS")
    }

    /// The certificate that the server has shown, DER.
    pub fn certificate(&self) -> Vec<u8> {
        self.tls().certificate.clone()
    }

    /// What `tls-exporter` binds to.
    pub fn exporter(&self) -> Vec<u8> {
        self.tls().exporter.clone()
    }

    /// Another TLS handshake, with this client certificate and key.
    pub fn handshake_as(self, sni: &str, chain: Vec<u8>, key: Vec<u8>) -> Self {
        let mut config = ClientConfig::clone(&config(&[], None));
        let provider = config.crypto_provider().clone();
        let key = provider.key_provider.load_private_key(PrivateKeyDer::try_from(key).unwrap()).unwrap();
        let certified = CertifiedKey::new(vec![CertificateDer::from(chain)], key);
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        self.handshake_with(sni, Arc::new(config)).expect("the TLS handshake failed")
    }

    /// The protocol agreed on by ALPN.
    pub fn protocol(&self) -> Option<String> {
        self.tls().protocol.clone()
    }
}

/// The defined condition of a stream error or a SASL failure.
pub fn condition(failure: &Element) -> String {
    failure.children().next().map_or_else(|| failure.to_xml(""), |condition| condition.name().to_owned())
}

/// The salt of a SCRAM challenge.
pub fn salt(challenge: &Element) -> String {
    let text = decode(&challenge.text_content()).unwrap();
    text.split(',').find_map(|field| field.strip_prefix("s=")).unwrap().to_owned()
}

/// The client's side of TLS. `roots`: only these certificates are believed; else any.
pub fn config(alpn: &[&str], roots: Option<RootCertStore>) -> Arc<ClientConfig> {
    tls::config(alpn, roots.map_or(Trust::Any, Trust::Roots)).unwrap()
}
