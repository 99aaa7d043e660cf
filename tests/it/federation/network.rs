//! Where a run takes place: a loopback network of its own, certificates, and the configuration that fits to both.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::{add_users, folder};
use crate::main_job::driver::script;

const SCRIPT: &str = "federation.py";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The addresses of one run, and a folder with all certificates.
pub struct Network {
    /// The first three numbers of its addresses.
    pub net: String,
    certificates: TempDir,
}

impl Network {
    pub fn new() -> Self {
        let number = std::process::id() * 8 + COUNT.fetch_add(1, Ordering::Relaxed);
        let net = format!("127.{}.{}", 16 + number / 256 % 200, number % 256);
        let certificates = TempDir::new().unwrap();
        // The peers run as the users of their packages.
        fs::set_permissions(certificates.path(), Permissions::from_mode(0o755)).unwrap();
        said(script(SCRIPT).arg("certificates").arg(certificates.path()).output().unwrap());
        Self { net, certificates }
    }

    /// The address of the server under test. Its ports are the usual ones.
    pub fn address(&self) -> String {
        format!("{}.1", self.net)
    }

    /// A folder with the configuration and the accounts that the scenarios ask for.
    pub fn folder(&self, mode: &str) -> TempDir {
        let cast: Value = serde_json::from_str(&said(script(SCRIPT).arg("cast").output().unwrap())).unwrap();
        let texts = |key: &str| -> Vec<String> { serde_json::from_value(cast[key].clone()).unwrap() };
        let domains: String = texts("domains").iter().map(|name| self.domain(name, mode)).collect();
        let address = self.address();
        let dir = folder(&format!(
            "s2s = [\"{address}:5269\"]\ns2s_tls = [\"{address}:5270\"]\n[limits]\nlogins_per_minute = 1000\n{domains}"
        ));
        // The port stays the same when the server is started again.
        let file = dir.path().join("castling.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replacen("c2s = [\"127.0.0.1:0\"]", &format!("c2s = [\"{address}:5222\"]"), 1))
            .unwrap();
        let accounts = texts("accounts");
        add_users(dir.path(), &accounts.iter().map(String::as_str).collect::<Vec<_>>());
        dir
    }

    /// A domain that demands certificates of the tests' authority, or is content with dialback.
    fn domain(&self, name: &str, mode: &str) -> String {
        let (shown, verify) = match mode {
            "dialback" => ("self-signed", "dialback"),
            _ => ("authority", "certificate"),
        };
        let certificates = self.certificates.path();
        let file = |kind: &str| certificates.join(shown).join(format!("{name}.{kind}"));
        let (cert, key, roots) = (file("crt"), file("key"), certificates.join("authority/root.pem"));
        let resolver = format!("{}.53:53", self.net);
        format!(
            "[[domain]]\nname = {name:?}\ntls = {{ cert = {cert:?}, key = {key:?} }}\n\
             s2s = {{ verify = {verify:?}, roots = {roots:?}, resolver = [{resolver:?}] }}\n"
        )
    }

    /// The folder that `federation.py certificates` has written.
    pub fn certificates(&self) -> &Path {
        self.certificates.path()
    }
}

/// What a script printed; it must succeed.
fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
