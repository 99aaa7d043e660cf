//! What an operator sees of streams between servers, and does to them.

use std::sync::Arc;

use xmpp::{Jid, StreamCondition, StreamError};

use super::dialback::Between;
use super::figures::{S2sStream, StreamState};
use super::pair::Pair;
use super::registry::S2s;
use super::traffic::ServerStream;
use crate::link::End;

impl S2s {
    /// All streams, a line for each pair of domains in each direction, and the pairs without one for which something waits or has
    /// failed.
    pub fn shown(&self) -> Vec<S2sStream> {
        let mut all = Vec::new();
        for stream in self.all_streams() {
            all.extend(stream.carried().iter().map(|pair| outgoing(&stream, pair)));
            all.extend(stream.proved().iter().map(|between| incoming(&stream, between)));
        }
        all.extend(self.all_pairs().iter().filter_map(|pair| without(pair)));
        all.sort_by(|a, b| (&a.remote, &a.local, &a.direction).cmp(&(&b.remote, &b.local, &b.direction)));
        all
    }

    /// Ends the streams of a domain elsewhere; how many.
    pub fn end_streams(&self, remote: &str) -> usize {
        let is_of = |stream: &Arc<ServerStream>| {
            stream.carried().iter().any(|pair| pair.between.to.domain() == remote)
                || stream.proved().iter().any(|between| between.from.domain() == remote)
        };
        let streams: Vec<_> = self.all_streams().into_iter().filter(is_of).collect();
        for stream in &streams {
            stream.end(End::Error(StreamError::new(StreamCondition::Reset).text("closed by the operator")));
        }
        for pair in self.all_pairs().iter().filter(|pair| pair.between.to.domain() == remote) {
            pair.hopeful(); // another try may follow at once
        }
        streams.len()
    }

    /// Opens a stream from one domain to another as if something were to be sent, and closes it: each step in words, and whether it
    /// has come to that. `None`: `local` exchanges nothing with other servers.
    pub async fn check(self: &Arc<Self>, local: &Jid, remote: &Jid) -> Option<(Vec<String>, bool)> {
        let domain = self.local(local)?;
        let mut steps = Vec::new();
        if !domain.policy.admits(remote.domain()) {
            steps.push(format!("{local} exchanges nothing with {remote}, says its `s2s`"));
            return Some((steps, false));
        }
        let pair = Pair::new(local.clone(), remote.clone());
        let tried = Box::pin(self.try_open(&pair, &mut |step| steps.push(step))).await;
        let reached = match tried {
            Ok(accepted) => {
                let mut pipe = accepted.stream.line.pipe;
                crate::pipe::Pipe::close(&mut *pipe);
                crate::goodbye::goodbye(&mut *pipe).await;
                steps.push(format!("a stream from {local} to {remote} works"));
                true
            }
            Err(failure) => {
                steps.push(failure.to_string());
                false
            }
        };
        Some((steps, reached))
    }
}

fn line(between: &Between, direction: &str, state: StreamState) -> S2sStream {
    S2sStream {
        local: between.from.as_str().to_owned(),
        remote: between.to.as_str().to_owned(),
        direction: direction.to_owned(),
        state,
        address: None,
        tls: None,
        proved_by: None,
        acknowledged: false,
        waiting: 0,
        since_us: None,
    }
}

fn of(stream: &ServerStream, line: S2sStream) -> S2sStream {
    S2sStream {
        address: Some(stream.facts.address),
        tls: stream.facts.tls.map(str::to_owned),
        proved_by: stream.by().map(str::to_owned),
        since_us: Some(stream.facts.since_us),
        ..line
    }
}

fn outgoing(stream: &ServerStream, pair: &Pair) -> S2sStream {
    let shown = of(stream, line(&pair.between, "out", StreamState::Open));
    S2sStream { acknowledged: stream.is_managed(), waiting: pair.waiting(), ..shown }
}

fn incoming(stream: &ServerStream, between: &Between) -> S2sStream {
    of(stream, line(&between.turned(), "in", StreamState::Open))
}

fn without(pair: &Pair) -> Option<S2sStream> {
    let state = pair.without_stream()?;
    Some(S2sStream { waiting: pair.waiting(), ..line(&pair.between, "out", state) })
}
