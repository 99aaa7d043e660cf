//! The main job with real clients: slixmpp on TCP, Strophe.js on WebSocket and BOSH, @xmpp/client on WebSocket. Two
//! brands, with TLS and without, connections cut and taken up, and plugins that are loaded, replaced and removed while
//! they talk.

mod contacts;
pub mod driver;
mod members;
mod plugins;
mod stage;

use driver::script;
use stage::{ACCOUNTS, certificate, start};

#[test]
fn players_of_two_brands() {
    let server = start();
    let port = |kind| server.address(kind).port().to_string();
    let [jack, anna, other] = [0, 1, 2].map(|index| format!("{}={}", ACCOUNTS[index].0, ACCOUNTS[index].1));
    let mut run = script("run.py");
    run.args(["--starttls", &port("c2s"), "--tls", &port("c2s_tls"), "--patience", "30"]);
    run.args(["--jack", &jack, "--anna", &anna, "--other", &other]);
    for domain in ["chess.example", "wuchess.example"] {
        run.arg("--ca").arg(certificate(&server, domain));
    }
    let output = run.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    let done = said.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(done, 6, "login, friends, talk, away, resume, brands: {said}");
}
