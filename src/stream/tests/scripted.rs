//! A pipe without a connection, and a session on it.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use auth::{Chain, ChannelBinding, Decoys, LoginLimiter};
use bytes::Bytes;
use kernel::{
    BindRequest, Brand, Conflict, DomainLimits, HostOptions, Kernel, KernelOptions, Module, Served,
    SessionAbout, Transport,
};
use net::{Connections, TlsStore};
use runtime::{ManualClock, Runtime, SystemRandom};
use settings::Limit;
use storage::{Options, Store};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};
use xmpp::{Document, Element, Jid, Stanza, StreamEvent, StreamHeader, ns};

use crate::c2s::{C2s, C2sLimits, C2sOptions};
use crate::established::{self, Bound};
use crate::opening::{Authenticated, Line, Opened};
use crate::pipe::{Input, Pipe, PipeError};

/// The time limit for anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pipe that reads from one list and writes to another.
struct Scripted {
    input: UnboundedReceiver<Input>,
    written: UnboundedSender<String>,
    bindings: Vec<ChannelBinding>,
    opened: bool,
}

impl Scripted {
    fn wrote(&self, xml: String) {
        let _ = self.written.send(xml); // a test may stop reading early
    }
}

impl Pipe for Scripted {
    fn poll_input(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Input, PipeError>> {
        if !read {
            return Poll::Pending;
        }
        self.input.poll_recv(cx).map(|input| Ok(input.unwrap_or(Input::Lost)))
    }

    fn open(&mut self, header: &StreamHeader) {
        self.opened = true;
        let from = header.from.as_ref().map(|from| format!(" from='{from}'")).unwrap_or_default();
        self.wrote(format!("<stream{from}>"));
    }

    fn opened(&self) -> bool {
        self.opened
    }

    fn close(&mut self) {
        self.wrote("</stream>".into());
    }

    fn stanza(&mut self, stanza: &Stanza) -> usize {
        self.wrote(stanza.to_string());
        0
    }

    fn element(&mut self, element: &Element) {
        self.wrote(element.to_xml(ns::SM));
    }

    fn pending(&self) -> usize {
        0
    }

    fn restart(&mut self) {
        self.opened = false;
    }

    fn channel_bindings(&self) -> Vec<ChannelBinding> {
        self.bindings.clone()
    }

    fn about(&self) -> SessionAbout {
        about()
    }

    fn set_limits(&mut self, _limits: &DomainLimits, _logged_in: bool) {}

    async fn shut(&mut self) {}
}

fn about() -> SessionAbout {
    SessionAbout { transport: Transport::Tcp, tls: true, address: "127.0.0.1:1".parse().unwrap() }
}

/// The other end of a pipe on which `anna@chess.example/a` is bound.
pub struct Client {
    input: UnboundedSender<Input>,
    written: UnboundedReceiver<String>,
    kernel: Arc<Kernel>,
    _folder: TempDir,
}

impl Client {
    /// On a server with these modules and no others.
    pub async fn bound(modules: Vec<Arc<dyn Module>>) -> Self {
        let (kernel, folder) = served(no_accounts(), modules).await;
        let host = kernel.host("chess.example").unwrap();
        let account = kernel.account(&host, "anna").await.unwrap().unwrap();
        let request = BindRequest { account, resource: Some("a".into()), about: about(), login: None };
        let hold = kernel.bind(request).await.ok().unwrap();
        let bound = Bound { hold, resumed: false, lang: None };
        let (client, pipe) = Self::of(&kernel, folder);
        kernel.runtime().tasks.spawn("session", established::run(pipe, bound));
        client
    }

    /// The same, but it has only authenticated, and binds by itself.
    pub async fn authenticated(modules: Vec<Arc<dyn Module>>) -> Self {
        let (kernel, folder) = served(no_accounts(), modules).await;
        let (mut client, pipe) = Self::of(&kernel, folder);
        let c2s = c2s(&kernel);
        kernel.runtime().tasks.spawn("session", async move {
            let local = c2s.kernel.host("chess.example").unwrap();
            let who = (Jid::parse("anna@chess.example").unwrap(), local.begin_login("anna"));
            let line = Line::new(pipe, &*c2s, Instant::now() + PATIENCE);
            let opened = Opened { line, local, id: String::new(), from: None, lang: None };
            let (pipe, bound) = Authenticated { opened, who }.bind().await.unwrap();
            established::run(pipe, bound).await;
        });
        assert!(client.reads().await.contains("<bind "));
        client
    }

    /// A client that has connected, and nothing more; the accounts are those of these providers.
    pub async fn connected(auth: Chain) -> Self {
        Self::over(auth, Vec::new()).await
    }

    /// The same, over a TLS channel that has these bindings.
    pub async fn over(auth: Chain, bindings: Vec<ChannelBinding>) -> Self {
        let (kernel, folder) = served(auth, Vec::new()).await;
        let (client, mut pipe) = Self::of(&kernel, folder);
        pipe.bindings = bindings;
        let until = Instant::now() + PATIENCE;
        kernel.runtime().tasks.spawn("session", c2s(&kernel).serve_web(pipe, until));
        client
    }

    /// Opens a stream to this domain; the features.
    pub async fn opens(&mut self, to: &str) -> String {
        let header = StreamHeader {
            to: Some(Jid::parse(to).unwrap()),
            from: None,
            id: None,
            version: (1, 0),
            lang: None,
            content_ns: ns::CLIENT.into(),
        };
        self.open(header);
        assert_eq!(self.reads().await, format!("<stream from='{to}'>"));
        self.reads().await
    }

    /// Opens a stream with this header.
    pub fn open(&self, header: StreamHeader) {
        self.input.send(Input::Event(StreamEvent::Open(header))).unwrap();
    }

    /// Ends the stream.
    pub fn close(&self) {
        self.input.send(Input::Event(StreamEvent::Close)).unwrap();
    }

    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    fn of(kernel: &Arc<Kernel>, folder: TempDir) -> (Self, Box<Scripted>) {
        let ((input, script), (output, written)) = (unbounded_channel(), unbounded_channel());
        let bindings = Vec::new();
        let pipe = Box::new(Scripted { input: script, written: output, bindings, opened: false });
        (Self { input, written, kernel: kernel.clone(), _folder: folder }, pipe)
    }

    /// Writes an element.
    pub fn write(&self, xml: &str) {
        let bytes = Bytes::copy_from_slice(xml.as_bytes());
        let document = Document::parse(bytes, ns::CLIENT, &xmpp::ElementLimits::default());
        self.input.send(Input::Event(StreamEvent::Element(document.unwrap()))).unwrap();
    }

    /// The error with which the server ends the stream.
    pub async fn ends(&mut self) -> String {
        let error = self.reads().await;
        assert!(error.contains(ns::STREAMS_ERR), "{error}");
        assert_eq!(self.reads().await, "</stream>");
        error
    }

    /// What the server writes next.
    pub async fn reads(&mut self) -> String {
        timeout(PATIENCE, self.written.recv())
            .await
            .expect("nothing is written")
            .expect("the session has ended")
    }
}

fn c2s(kernel: &Arc<Kernel>) -> Arc<C2s> {
    let limits = C2sLimits::default();
    let clock = kernel.runtime().clock.clone();
    C2s::new(C2sOptions {
        kernel: kernel.clone(),
        tls: TlsStore::new(clock.clone()).unwrap(),
        limiter: Arc::new(LoginLimiter::new(Limit::of(60), clock)),
        connections: Connections::new(limits.connections, Default::default(), 1),
        limits,
    })
}

fn no_accounts() -> Chain {
    Chain::new(Vec::new(), Decoys::new(vec![0; 32], 4096))
}

/// A server with anna on chess.example, and with these providers and modules.
async fn served(auth: Chain, modules: Vec<Arc<dyn Module>>) -> (Arc<Kernel>, TempDir) {
    let folder = TempDir::new().unwrap();
    let runtime = Runtime::new(Arc::new(ManualClock::with_tokio(0)), Arc::new(SystemRandom));
    let store = Store::open(Options::new("sqlite:test.db", folder.path()), &runtime).await.unwrap();
    store.accounts().create("chess.example", "anna", &[], 0).await.unwrap();
    let kernel = Kernel::new(KernelOptions { runtime, store });
    let jid = Jid::domain_only("chess.example").unwrap();
    let domains = vec![Served { jid, options: options(auth).into(), modules }];
    assert!(kernel.serve(domains).await.unwrap().gone().await);
    (kernel, folder)
}

fn options(auth: Chain) -> HostOptions {
    HostOptions {
        limits: DomainLimits::default(),
        conflict: Conflict::Replace,
        auth,
        brand: Brand::default(),
        web: kernel::Web::default(),
        admins: Vec::new(),
    }
}
