//! A stream between servers from the moment that something is proved on it to its end.

use std::sync::Arc;

use xmpp::{Document, Element, ns};

use super::outgoing::Accepted;
use super::pair::Pair;
use super::registry::S2s;
use super::traffic::ServerStream;
use crate::goodbye::goodbye;
use crate::link::{End, Output, Traffic, carry};
use crate::pipe::Pipe;
use crate::tcp::Tcp;

/// A stream that we have opened for a pair, on which we have been accepted.
pub(super) async fn run_ours(s2s: Arc<S2s>, pair: Arc<Pair>, accepted: Accepted) {
    let Accepted { stream: opened, facts, both_ways, takes_more, by } = accepted;
    let manages = opened.offers("sm", ns::SM);
    let mut pipe = opened.line.pipe;
    let between = pair.between.clone();
    let (local, remote, address) = (&between.from, &between.to, facts.address);
    tracing::info!(%local, %remote, %address, by, "stream to another server");
    let stream = ServerStream::new(s2s.clone(), opened.id, true, facts);
    stream.set_by(by);
    if both_ways {
        stream.set_both_ways();
        stream.prove(between.turned());
    }
    stream.set_certificate(pipe.certificate());
    if takes_more {
        stream.set_takes_more();
    }
    if manages {
        pipe.element(&Element::new("enable", ns::SM));
        stream.manage();
    }
    s2s.streams.lock().push(Arc::downgrade(&stream));
    set_limits(&s2s, &mut pipe);
    // Another stream may carry the pair by now: then this one is not needed.
    if stream.carry(pair) {
        run(s2s, pipe, stream).await;
    } else {
        pipe.close();
        goodbye(&mut *pipe).await;
    }
}

/// A stream that another server has opened. `first`: what has been read already.
pub(super) async fn run_theirs(
    s2s: Arc<S2s>,
    pipe: Box<Tcp>,
    stream: Arc<ServerStream>,
    first: Option<Document>,
) {
    let first = match first {
        Some(first) => stream.take(first).await,
        None => Ok(None),
    };
    match first {
        Ok(Some(Output::Element(answer))) => stream.tell(answer),
        Ok(_) => {}
        Err(error) => stream.end(End::Error(error)),
    }
    run(s2s, pipe, stream).await;
}

pub(super) fn set_limits(s2s: &S2s, pipe: &mut Tcp) {
    pipe.set_stream_limits(&s2s.stream_limits());
}

/// Serves a stream to its end; what may not have arrived goes over another one.
pub(super) async fn run(s2s: Arc<S2s>, mut pipe: Box<Tcp>, stream: Arc<ServerStream>) {
    let end = carry(&mut *pipe, &*stream).await;
    let domains = stream.words();
    let address = stream.facts.address;
    for (pair, undelivered) in stream.take_undelivered() {
        if pair.detach(&stream, undelivered) {
            s2s.open(pair);
        }
    }
    let end = match end {
        End::Closed => "closed".to_owned(),
        End::Lost => "lost".to_owned(),
        End::Error(error) => {
            pipe.element(&error.to_element());
            format!("closed: {error}")
        }
    };
    match domains.is_empty() {
        // One on which we were only asked something.
        true => tracing::debug!(%address, end, "stream between servers ended"),
        false => tracing::info!(domains, %address, end, "stream between servers ended"),
    }
    if end == "lost" {
        return;
    }
    drop(stream);
    pipe.close();
    goodbye(&mut *pipe).await;
}
