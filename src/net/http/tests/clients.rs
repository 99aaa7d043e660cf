//! Clients behind proxies.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::http::networks::Networks;
use crate::testing::{client as client_of, connect, store};

fn trusting(list: &[&str]) -> HttpOptions {
    HttpOptions { trusted_proxies: Networks::parse(list).unwrap(), ..HttpOptions::default() }
}

/// The client's address and whether it is secure, as seen by a server that trusts these proxies.
async fn client(trusted: &[&str], headers: &str) -> (String, bool) {
    let server = server(trusting(trusted));
    let (status, body) = server.ask_once(&format!("GET /mirror HTTP/1.1\r\nHost: x{headers}"), "").await;
    assert_eq!(status, 200);
    let mut words = body.split(' ').skip(3);
    (words.next().unwrap().to_owned(), words.next().unwrap() == "true")
}

const PROXY: &[&str] = &["127.0.0.1", "10.0.0.0/8"];

#[tokio::test]
async fn nobody_is_believed_who_is_not_trusted() {
    for headers in [
        "\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https",
        "\r\nForwarded: for=192.0.2.1;proto=https",
        "\r\nX-Real-IP: 192.0.2.1",
    ] {
        assert_eq!(client(&[], headers).await, ("127.0.0.1".into(), false), "{headers}");
        assert_eq!(client(&["10.0.0.0/8"], headers).await, ("127.0.0.1".into(), false), "{headers}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let cases = [
        ("", "127.0.0.1", false),
        ("\r\nX-Forwarded-For: 192.0.2.1", "192.0.2.1", false),
        ("\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https", "192.0.2.1", true),
        ("\r\nX-Forwarded-Proto: https", "127.0.0.1", true),
        ("\r\nForwarded: for=192.0.2.1;proto=https;by=10.1.1.1", "192.0.2.1", true),
        ("\r\nForwarded: proto=HTTPS; For=\"[2001:db8::1]:4711\"", "2001:db8::1", true),
        ("\r\nForwarded: for=192.0.2.1:4711", "192.0.2.1", false),
        ("\r\nForwarded: for=unknown;proto=https", "127.0.0.1", true),
        ("\r\nForwarded: for=_hidden, for=10.0.0.1", "10.0.0.1", false),
    ];
    for (headers, address, secure) in cases {
        assert_eq!(client(PROXY, headers).await, (address.into(), secure), "{headers}");
    }
}

/// A client can write into the header that its proxy does not know.
#[tokio::test]
async fn two_headers_that_differ_are_not_believed() {
    let cases = [
        ("\r\nForwarded: for=192.0.2.66\r\nX-Forwarded-For: 192.0.2.1", "127.0.0.1", false),
        ("\r\nForwarded: for=192.0.2.1;proto=https\r\nX-Forwarded-For: 192.0.2.1", "127.0.0.1", false),
        (
            "\r\nForwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https",
            "127.0.0.1",
            false,
        ),
        ("\r\nForwarded: for=192.0.2.66\r\nX-Forwarded-Proto: https", "127.0.0.1", false),
        (
            "\r\nForwarded: for=\"192.0.2.1:4711\";proto=https\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https",
            "192.0.2.1",
            true,
        ),
    ];
    for (headers, address, secure) in cases {
        assert_eq!(client(PROXY, headers).await, (address.into(), secure), "{headers}");
    }
}

/// What a client writes itself is further left than what the proxies add.
#[tokio::test]
async fn what_stands_behind_the_first_stranger_is_not_looked_at() {
    let cases = [
        ("\r\nX-Forwarded-For: 192.0.2.66, 192.0.2.1", "192.0.2.1", false),
        ("\r\nX-Forwarded-For: 192.0.2.66\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.7", "192.0.2.1", false),
        ("\r\nX-Forwarded-For: 10.0.0.1, 192.0.2.1, 10.0.0.7", "192.0.2.1", false),
        ("\r\nX-Forwarded-For: 10.0.0.1, 10.0.0.7", "10.0.0.1", false),
        ("\r\nX-Forwarded-For: 192.0.2.1, nonsense, 10.0.0.7", "10.0.0.7", false),
        ("\r\nX-Forwarded-For: a, b\r\nX-Forwarded-Proto: https, http", "127.0.0.1", false),
        ("\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.7\r\nX-Forwarded-Proto: https, http", "192.0.2.1", true),
        ("\r\nForwarded: for=192.0.2.66;proto=https, for=192.0.2.1;proto=http", "192.0.2.1", false),
        ("\r\nForwarded: for=192.0.2.1;proto=https, for=10.0.0.7;proto=http", "192.0.2.1", true),
        // A quoted comma does not end an element.
        ("\r\nForwarded: for=192.0.2.66;host=\"x, for=192.0.2.67\", for=192.0.2.1", "192.0.2.1", false),
        // An unterminated quote makes the whole header invalid.
        ("\r\nForwarded: proto=https;for=\"x\r\nForwarded: for=192.0.2.1;proto=http", "127.0.0.1", false),
    ];
    for (headers, address, secure) in cases {
        assert_eq!(client(PROXY, headers).await, (address.into(), secure), "{headers}");
    }
}

/// The response to these bytes followed by a request.
async fn after(trusted: &[&str], bytes: &[u8]) -> String {
    let server = server(trusting(trusted));
    let mut stream = server.connect().await;
    stream.write_all(bytes).await.unwrap();
    stream.write_all(b"GET /mirror HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

#[tokio::test]
async fn the_proxy_protocol() {
    let v4 = [&[192, 0, 2, 1, 10, 0, 0, 1][..], &[0x12, 0x34, 0, 80]].concat();
    let v6 = [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[1], &[0; 16], &[0x12, 0x34, 0, 80]].concat();
    let ssl = [&v4[..], &[0x04, 0, 1, 0], &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    let cases: [(Vec<u8>, &str); 9] = [
        (b"PROXY TCP4 192.0.2.1 10.0.0.1 4660 80\r\n".to_vec(), "192.0.2.1 false"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 4660 80\r\n".to_vec(), "2001:db8::1 false"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1 false"),
        (b"PROXY UNKNOWN ff::1 ff::2 1 2\r\n".to_vec(), "127.0.0.1 false"),
        (block(0x21, 0x11, &v4), "192.0.2.1 false"),
        (block(0x21, 0x21, &v6), "2001:db8::1 false"),
        (block(0x21, 0x11, &ssl), "192.0.2.1 true"),
        (block(0x20, 0x00, &[]), "127.0.0.1 false"),
        (block(0x21, 0x31, &[0; 216]), "127.0.0.1 false"),
    ];
    for (header, client) in cases {
        let answer = after(PROXY, &header).await;
        assert!(answer.contains(&format!(" {client} ")), "{client}: {answer}");
        // From an untrusted peer it is not valid HTTP.
        assert!(!after(&[], &header).await.contains("192.0.2.1"));
    }
}

#[tokio::test]
async fn the_proxy_protocol_comes_before_tls() {
    let (store, _dir) = store(&["chess.example"]);
    let server = Server::new(routes(), Some(store), trusting(PROXY));
    let mut stream = server.connect().await;
    stream.write_all(b"PROXY TCP4 192.0.2.1 10.0.0.1 4660 443\r\n").await.unwrap();
    let mut stream = connect(&client_of(&["http/1.1"]), "chess.example", stream).await.unwrap();
    stream.write_all(b"GET /mirror HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(" 192.0.2.1 true "), "{answer}");
}

fn block(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &length, addresses].concat()
}

#[tokio::test]
async fn a_broken_proxy_line_ends_the_connection() {
    let long = format!("PROXY TCP4 {}", "1".repeat(100));
    let cases = [
        b"PROXY TCP4 192.0.2.1\r\n".to_vec(),
        b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 10.0.0.1 99999 80\r\n".to_vec(),
        b"PROXY \xff\r\n".to_vec(),
        long.into_bytes(),
        block(0x21, 0x11, &[1; 11]),
        block(0x31, 0x11, &[1; 12]),
        block(0x22, 0x11, &[1; 12]),
        block(0x21, 0x11, &[1; 3000]),
    ];
    for bytes in cases {
        assert_eq!(after(PROXY, &bytes).await, "", "{}", String::from_utf8_lossy(&bytes));
    }
}

/// The line is recognized even if its beginning comes in two pieces; what only begins like it is not a PROXY
/// line.
#[tokio::test]
async fn a_proxy_line_in_pieces() {
    for (first, second, client) in [
        ("PRO", "XY TCP4 192.0.2.1 10.0.0.1 4660 80\r\nGET /mirror", "192.0.2.1"),
        ("P", "OST /mirror", "127.0.0.1"),
    ] {
        let server = server(trusting(PROXY));
        let mut stream = server.connect().await;
        stream.write_all(first.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
        let rest = format!("{second} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(&format!(" {client} false")), "{answer}");
    }
}
