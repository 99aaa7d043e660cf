//! Server and client over a real socket.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime::Tasks;
use serde_json::{Value, json};

use crate::{BoxFuture, CallError, Client, CommandError, Commands, Lock, MAX_REQUEST, Request, Server};

/// Returns its arguments; refuses the command `no`.
struct Echo;

impl Commands for Echo {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Value, CommandError>> {
        Box::pin(async move {
            match request.command.as_str() {
                "no" => Err(CommandError::new("not that").remedy("ask for something else")),
                _ => Ok(request.args),
            }
        })
    }
}

/// Runs `ask` on a blocking thread next to a server in `dir`, then shuts the server down.
async fn beside_server<T: Send + 'static>(dir: &Path, ask: impl FnOnce(PathBuf) -> T + Send + 'static) -> T {
    let lock = Lock::take(dir).unwrap();
    let tasks = Tasks::new();
    let server = Server::bind(dir, &lock).unwrap();
    let serving = tasks.spawn("admin", server.serve(Arc::new(Echo), tasks.clone()));
    let path = dir.to_owned();
    let answer = tokio::task::spawn_blocking(move || ask(path)).await.unwrap();
    tasks.start_drain();
    serving.await.unwrap();
    answer
}

#[tokio::test]
async fn asks_and_answers() {
    let dir = tempfile::tempdir().unwrap();
    beside_server(dir.path(), |dir| {
        let mut client = Client::connect(&dir).unwrap().unwrap();
        let args = json!({"jid": "jack@chess.example", "n": 3});
        assert_eq!(client.call(&Request::new("echo", args.clone())).unwrap(), args);
        let error = client.call(&Request::new("no", json!({}))).unwrap_err();
        assert_eq!(error.to_string(), "not that — ask for something else");
        assert_eq!(client.call(&Request::new("echo", json!(1))).unwrap(), json!(1));
    })
    .await;
    assert!(Client::connect(dir.path()).unwrap().is_none());
    assert!(!dir.path().join("admin.sock").exists());
}

#[tokio::test]
async fn only_the_owner_can_open_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mode, left) = beside_server(dir.path(), |dir| {
        let about = fs::metadata(dir.join("admin.sock")).unwrap();
        assert!(about.file_type().is_socket());
        (about.permissions().mode() & 0o777, dir.join(".admin-new").exists())
    })
    .await;
    assert_eq!((mode, left), (0o600, false));
}

#[tokio::test]
async fn what_a_dead_server_left_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(dir.path().join("admin.sock")).unwrap());
    fs::create_dir(dir.path().join(".admin-new")).unwrap();
    fs::write(dir.path().join(".admin-new/admin.sock"), "").unwrap();
    assert!(Client::connect(dir.path()).unwrap().is_none());
    let answer = beside_server(dir.path(), |dir| {
        Client::connect(&dir).unwrap().unwrap().call(&Request::new("echo", json!("hi"))).unwrap()
    })
    .await;
    assert_eq!(answer, json!("hi"));
}

#[tokio::test]
async fn a_path_longer_than_a_socket_address() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("d".repeat(100)).join("e".repeat(100));
    fs::create_dir_all(&dir).unwrap();
    let answer = beside_server(&dir, |dir| {
        Client::connect(&dir).unwrap().unwrap().call(&Request::new("echo", json!("far"))).unwrap()
    })
    .await;
    assert_eq!(answer, json!("far"));
}

#[tokio::test]
async fn requests_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    beside_server(dir.path(), |dir| {
        let mut client = Client::connect(&dir).unwrap().unwrap();
        let long = "x".repeat(MAX_REQUEST);
        assert!(matches!(client.call(&Request::new("echo", json!(long))), Err(CallError::TooLong(_))));
        let most = "x".repeat(MAX_REQUEST - 100);
        assert_eq!(client.call(&Request::new("echo", json!(most))).unwrap(), json!(most));

        let mut raw = UnixStream::connect(dir.join("admin.sock")).unwrap();
        raw.write_all("x".repeat(MAX_REQUEST + 1).as_bytes()).unwrap();
        let mut lines = BufReader::new(raw).lines();
        let reply = r#"{"error":{"message":"invalid request: it is longer than 64 MiB"}}"#;
        assert_eq!(lines.next().unwrap().unwrap(), reply);
        assert!(lines.next().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_is_no_request_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let replies = beside_server(dir.path(), |dir| {
        let mut raw = UnixStream::connect(dir.join("admin.sock")).unwrap();
        raw.write_all(b"nonsense\n{\"command\":1}\n{\"command\":\"echo\",\"args\":[2]}\n").unwrap();
        let lines = BufReader::new(raw).lines().take(3);
        lines.map(Result::unwrap).collect::<Vec<_>>()
    })
    .await;
    assert!(replies[0].starts_with(r#"{"error":{"message":"invalid request: expected"#), "{replies:?}");
    assert!(replies[1].starts_with(r#"{"error":{"message":"invalid request: invalid type"#), "{replies:?}");
    assert_eq!(replies[2], r#"{"ok":[2]}"#);
}
