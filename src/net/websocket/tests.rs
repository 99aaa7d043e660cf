use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xmpp::{StreamCondition, StreamEvent, ns};

use super::testing::frame;
use super::*;
use crate::testing::{steady, tcp};

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='chess.example' version='1.0'/>";

async fn pair(limits: ElementLimits) -> (WebSocket, TcpStream) {
    let (server, address, client) = tcp().await;
    let client_of = Client { address, secure: false };
    (WebSocket::new(Io::plain(server), Vec::new(), client_of, None, limits), client)
}

/// A WebSocket with an open stream.
async fn opened() -> (WebSocket, TcpStream) {
    let (mut server, mut client) =
        pair(ElementLimits { stanza_bytes: 1000, ..ElementLimits::default() }).await;
    client.write_all(&frame(0x81, OPEN.as_bytes())).await.unwrap();
    match event(&mut server).await {
        Wire::Event(StreamEvent::Open(header)) => {
            assert_eq!(header.to.unwrap().as_str(), "chess.example");
            assert_eq!((header.version, &*header.content_ns), ((1, 0), ns::CLIENT));
        }
        other => panic!("{other:?}"),
    }
    (server, client)
}

async fn result(server: &mut WebSocket) -> Result<Wire, WireError> {
    poll_fn(|cx| server.poll_event(cx, true)).await
}

async fn event(server: &mut WebSocket) -> Wire {
    result(server).await.unwrap()
}

async fn condition(server: &mut WebSocket) -> StreamCondition {
    match result(server).await {
        Err(WireError::Stream(error)) => error.condition,
        other => panic!("{other:?}"),
    }
}

/// The XML of the next element.
async fn element(server: &mut WebSocket) -> String {
    match event(server).await {
        Wire::Event(StreamEvent::Element(element)) => element.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn say(server: &mut WebSocket, xml: &str) {
    server.text(|out| out.extend_from_slice(xml.as_bytes()));
}

async fn hear(client: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    client.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_stream_in_small_pieces() {
    let (mut server, mut client) = pair(ElementLimits::default()).await;
    let messages = [
        frame(0x81, OPEN.as_bytes()),
        frame(0x01, b"<message xmlns='jabber:client'>"),
        frame(0x80, b"<body>\xc3\xa4</body></message>"),
        frame(0x81, b"<presence/>"),
        frame(0x81, b"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"),
    ];
    let writer = async {
        for byte in messages.concat() {
            client.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        client.shutdown().await.unwrap();
    };
    let reader = async {
        assert!(matches!(event(&mut server).await, Wire::Event(StreamEvent::Open(_))));
        let message = "<message xmlns='jabber:client'><body>ä</body></message>";
        assert_eq!(element(&mut server).await, message);
        assert_eq!(element(&mut server).await, "<presence/>");
        assert!(matches!(event(&mut server).await, Wire::Event(StreamEvent::Close)));
        assert!(matches!(event(&mut server).await, Wire::Eof));
        assert!(matches!(event(&mut server).await, Wire::Eof));
    };
    tokio::join!(writer, reader);
}

#[tokio::test]
async fn many_in_one_piece_are_answered_in_one() {
    let (mut server, mut client) = opened().await;
    client.write_all(&frame(0x81, b"<presence/>").repeat(100)).await.unwrap();
    for turn in 0..100 {
        assert_eq!(element(&mut server).await, "<presence/>");
        assert_eq!(server.pending_out(), 6 * turn);
        say(&mut server, "<a/>");
    }
    assert!(matches!(event(&mut server).await, Wire::Drained));
    assert_eq!(hear(&mut client, 600).await, b"\x81\x04<a/>".repeat(100));
}

#[tokio::test]
async fn it_holds_nothing_while_it_waits() {
    let (mut server, mut client) = opened().await;
    client
        .write_all(&[frame(0x81, b"<iq/>"), frame(0x81, b"<iq/>"), frame(0x89, b"")].concat())
        .await
        .unwrap();
    element(&mut server).await;
    element(&mut server).await;
    say(&mut server, "<a/>");
    assert!(matches!(event(&mut server).await, Wire::Drained));
    assert!(matches!(event(&mut server).await, Wire::Drained));
    poll_fn(|cx| {
        assert!(server.poll_event(cx, true).is_pending());
        Poll::Ready(())
    })
    .await;
    assert_eq!((server.rest.capacity(), server.output.capacity()), (0, 0));
    assert_eq!(hear(&mut client, 8).await, b"\x81\x04<a/>\x8a\x00");
    assert!(size_of::<WebSocket>() <= 448, "{}", size_of::<WebSocket>());
}

#[tokio::test]
async fn what_is_no_element_of_a_stream() {
    let cases: [(&[u8], StreamCondition); 7] = [
        (b"", StreamCondition::BadFormat),
        (b"x<presence/>", StreamCondition::BadFormat),
        (b"<presence/><presence/>", StreamCondition::NotWellFormed),
        (b"<presence>", StreamCondition::NotWellFormed),
        (b"<!-- no --><presence/>", StreamCondition::RestrictedXml),
        (b"<stream:features/>", StreamCondition::BadNamespacePrefix),
        (b"</stream:stream>", StreamCondition::NotWellFormed),
    ];
    for (bytes, expected) in cases {
        let (mut server, mut client) = opened().await;
        client.write_all(&frame(0x81, bytes)).await.unwrap();
        assert_eq!(condition(&mut server).await, expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn an_element_comes_after_open() {
    let (mut server, mut client) = pair(ElementLimits::default()).await;
    client.write_all(&frame(0x81, b"<presence/>")).await.unwrap();
    assert_eq!(condition(&mut server).await, StreamCondition::BadFormat);
    let (mut server, mut client) = opened().await;
    server.restart();
    client.write_all(&frame(0x81, b"<presence/>")).await.unwrap();
    assert_eq!(condition(&mut server).await, StreamCondition::BadFormat);
}

/// What the client receives when it sends these bytes: an error, and the close code.
async fn fault(bytes: &[u8]) -> (StreamCondition, u16) {
    let (mut server, mut client) = opened().await;
    client.write_all(bytes).await.unwrap();
    let condition = condition(&mut server).await;
    say(&mut server, "<e/>");
    let told = async {
        let told = hear(&mut client, 10).await;
        assert_eq!(&told[..8], b"\x81\x04<e/>\x88\x02");
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        client.shutdown().await.unwrap();
        u16::from_be_bytes([told[8], told[9]])
    };
    let ((), code) = tokio::join!(server.shutdown(), told);
    // Nothing is sent after the close frame.
    say(&mut server, "<late/>");
    assert_eq!(server.pending_out(), 0);
    (condition, code)
}

#[tokio::test]
async fn a_fault_is_told_with_its_code() {
    assert_eq!(fault(&frame(0x82, b"x")).await, (StreamCondition::BadFormat, 1003));
    assert_eq!(fault(b"\x81\x01x").await, (StreamCondition::BadFormat, 1002));
    assert_eq!(fault(&frame(0x81, b"\xff")).await, (StreamCondition::UnsupportedEncoding, 1007));
    // The client is still sending the oversized message.
    assert_eq!(fault(&frame(0x81, &[b'x'; 100_000])).await, (StreamCondition::PolicyViolation, 1009));
    assert_eq!(fault(&frame(0x81, b"<a>")).await, (StreamCondition::NotWellFormed, 1000));
}

#[tokio::test]
async fn a_closed_connection_is_closed_back() {
    let (mut server, mut client) = opened().await;
    say(&mut server, "<a/>");
    client.write_all(&frame(0x88, b"\x03\xe9going")).await.unwrap();
    assert!(matches!(event(&mut server).await, Wire::Drained));
    // Only what was written before; nothing after it.
    assert!(matches!(event(&mut server).await, Wire::Drained | Wire::Eof));
    assert!(matches!(event(&mut server).await, Wire::Eof));
    say(&mut server, "<late/>");
    drop(server);
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"\x81\x04<a/>\x88\x02\x03\xe9");
}

#[tokio::test]
async fn of_many_pings_a_slow_reader_gets_the_last_answered() {
    let (mut server, mut client) = opened().await;
    // More than the sockets hold, so that writing blocks.
    let big = "x".repeat(32 * 1024 * 1024);
    say(&mut server, &big);
    let pings: Vec<_> = (0..1000u16).flat_map(|n| frame(0x89, &n.to_be_bytes())).collect();
    client.write_all(&pings).await.unwrap();
    client.write_all(&frame(0x81, b"<presence/>")).await.unwrap();
    assert_eq!(element(&mut server).await, "<presence/>");
    assert!(server.pending_out() < big.len() + 20);
    let reader = async {
        hear(&mut client, 10 + big.len()).await;
        let pong = hear(&mut client, 4).await;
        assert_eq!(pong, [0x8A, 2, 0x03, 0xE7]);
        client.shutdown().await.unwrap();
    };
    let writer = async { while !matches!(event(&mut server).await, Wire::Eof) {} };
    tokio::join!(reader, writer);
}

#[tokio::test(start_paused = true)]
async fn who_is_idle_is_pinged_and_who_is_silent_is_gone() {
    let (mut server, mut client) = opened().await;
    server.set_pings(Some(Duration::from_secs(45)));
    let begun = tokio::time::Instant::now();
    let reader = async {
        let mut ping = [0; 2];
        for _ in 0..3 {
            client.read_exact(&mut ping).await.unwrap();
            assert_eq!(ping, [0x89, 0]);
            client.write_all(&frame(0x8A, b"")).await.unwrap();
        }
        client.read_exact(&mut ping).await.unwrap();
        client
    };
    let serving = async { while !matches!(event(&mut server).await, Wire::Eof) {} };
    let (_client, ()) = tokio::join!(reader, serving);
    assert_eq!(begun.elapsed().as_secs(), 5 * 45, "four pings, the last without an answer");
}

#[tokio::test]
async fn whitespace_is_let_pass_as_on_tcp() {
    let (mut server, mut client) = pair(ElementLimits::default()).await;
    client.write_all(&frame(0x81, format!("\n{OPEN}").as_bytes())).await.unwrap();
    assert!(matches!(event(&mut server).await, Wire::Event(StreamEvent::Open(_))));
    client.write_all(&[frame(0x81, b" "), frame(0x81, b"\t<presence/>\n")].concat()).await.unwrap();
    assert!(element(&mut server).await.starts_with("<presence"));
}

#[tokio::test]
async fn an_xml_declaration_is_let_pass_as_on_tcp() {
    let (mut server, mut client) = pair(ElementLimits::default()).await;
    let open = format!("<?xml version='1.0' encoding='UTF-8'?>\n{OPEN}");
    client.write_all(&frame(0x81, open.as_bytes())).await.unwrap();
    assert!(matches!(event(&mut server).await, Wire::Event(StreamEvent::Open(_))));
    client.write_all(&frame(0x81, b"<?xml version='1.1'?><presence/>")).await.unwrap();
    assert!(poll_fn(|cx| server.poll_event(cx, true)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn reading_is_throttled() {
    let (mut server, mut client) = opened().await;
    server.set_rate(Some(steady(2000)));
    let begun = tokio::time::Instant::now();
    let body = "x".repeat(900);
    let message = frame(0x81, format!("<a>{body}</a>").as_bytes());
    client.write_all(&message.repeat(10)).await.unwrap();
    for _ in 0..10 {
        element(&mut server).await;
    }
    let took = begun.elapsed();
    assert!(took.as_millis() >= 3000 && took.as_millis() <= 6000, "{took:?}");
}
