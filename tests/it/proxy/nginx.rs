//! An nginx of the test's own, with `config/nginx.conf`.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustls::RootCertStore;
use tempfile::TempDir;

/// What stands around the site's file in `nginx.conf`: one process, and no file outside of the folder.
const AROUND: &str = "daemon off;
master_process off;
pid {dir}/pid;
error_log {dir}/error.log info;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    include {dir}/castling.conf;
}
";

/// A running nginx. It is killed when dropped.
pub struct Nginx {
    dir: TempDir,
    child: Child,
    /// Where it takes HTTPS.
    pub https: SocketAddr,
    /// Where it takes HTTP, to send clients to HTTPS.
    pub http: SocketAddr,
    /// What clients have to believe.
    pub roots: RootCertStore,
}

impl Nginx {
    /// In front of a server's `http` listener, for `chess.example`.
    pub fn start(castling: SocketAddr) -> Self {
        let dir = TempDir::new().unwrap();
        let roots = issue(dir.path());
        let (http, https) = (free(), free());
        site(dir.path(), castling, http, https);
        let around = AROUND.replace("{dir}", &dir.path().display().to_string());
        fs::write(dir.path().join("nginx.conf"), around).unwrap();
        let mut child = Command::new(program())
            .args(["-e", "stderr", "-p"])
            .arg(dir.path())
            .arg("-c")
            .arg(dir.path().join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        crate::fixture::until("nginx listens", || {
            assert!(child.try_wait().unwrap().is_none(), "nginx has ended: {}", log(dir.path()));
            TcpStream::connect(https).is_ok()
        });
        Self { dir, child, https, http, roots }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- nginx's log\n{}", log(self.dir.path()));
        }
    }
}

fn log(dir: &Path) -> String {
    fs::read_to_string(dir.join("error.log")).unwrap_or_default()
}

/// Debian puts it where only root's `PATH` leads.
fn program() -> &'static str {
    let found = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].into_iter();
    found.into_iter().find(|path| Path::new(path).exists()).expect("no nginx: `cargo xtask test` installs it")
}

/// A port that was free a moment ago; nginx cannot be asked to choose one.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A certificate for the domain, and whom to trust to believe it.
fn issue(dir: &Path) -> RootCertStore {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["chess.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    fs::write(dir.join("fullchain.pem"), certificate.pem()).unwrap();
    fs::write(dir.join("privkey.pem"), key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    roots
}

/// The recommended file, with the test's ports and paths. IPv6, which not every machine has, becomes a Unix socket.
fn site(dir: &Path, castling: SocketAddr, http: SocketAddr, https: SocketAddr) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/nginx.conf");
    let mut text = fs::read_to_string(file).unwrap();
    let folder = dir.display();
    for (recommended, here) in [
        ("server 127.0.0.1:5280;", format!("server {castling};")),
        ("listen 80;", format!("listen {http};")),
        ("listen [::]:80;", format!("listen unix:{folder}/http;")),
        ("listen 443 ssl http2 so_keepalive=on;", format!("listen {https} ssl http2 so_keepalive=on;")),
        ("listen [::]:443 ssl http2 so_keepalive=on;", format!("listen unix:{folder}/https ssl http2;")),
        ("/etc/ssl/chess.example/", format!("{folder}/")),
    ] {
        assert!(text.contains(recommended), "config/nginx.conf has no {recommended:?}");
        text = text.replace(recommended, &here);
    }
    fs::write(dir.join("castling.conf"), text).unwrap();
}
