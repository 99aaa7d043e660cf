//! Several domains of ours over one stream to another server: each proves itself by dialback where the other takes that
//! (XEP-0220 section 2.6).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::dialback::{self, Between, Outcome};
use super::pair::Pair;
use super::policy::Verify;
use super::registry::S2s;
use super::traffic::ServerStream;

/// How long the other server may take to decide.
const PATIENCE: Duration = Duration::from_secs(10);

impl S2s {
    /// A stream of ours to the same domain on which this pair may ask to go along.
    pub(super) fn stream_to_share(&self, between: &Between) -> Option<Arc<ServerStream>> {
        let policy = self.local(&between.from)?.policy;
        let is_there = |pair: &Arc<Pair>| pair.between.to == between.to;
        let fits = |stream: &Arc<ServerStream>| {
            stream.takes_more()
                && stream.carried().iter().any(is_there)
                && (policy.verify == Verify::Dialback
                    || stream.is_certified_for(&between.to, &policy.roots, self.kernel().now_us()))
        };
        self.all_streams().into_iter().find(fits)
    }

    /// Asks whether the pair may go along on this stream; else it gets one of its own.
    pub(super) async fn share(self: Arc<Self>, stream: Arc<ServerStream>, pair: Arc<Pair>) {
        let between = &pair.between;
        let answer = stream.ask(between.clone());
        let key = self.keys().key(between.from.domain(), between.to.domain(), &stream.id);
        stream.tell(dialback::prove(between, &key));
        let outcome = timeout(PATIENCE, answer).await;
        stream.forget(between);
        match outcome {
            Ok(Ok(Outcome::Valid)) if stream.carry(pair.clone()) => {
                let (local, remote, address) = (&between.from, &between.to, stream.facts.address);
                tracing::info!(%local, %remote, %address, "goes along on a stream to another server");
                if stream.is_both_ways() {
                    stream.prove(between.turned());
                }
            }
            Ok(Ok(Outcome::Valid)) => {} // another stream carries it
            _ => self.open_own(pair).await,
        }
    }
}
