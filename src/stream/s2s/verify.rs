//! Dialback on a stream (XEP-0220): what the peer wants to prove, and what we are asked.

use std::sync::Arc;

use xmpp::{Condition, Element, Jid, StreamError};

use super::dialback::{self, Between, Outcome, impossible};
use super::outgoing;
use super::policy::Verify;
use super::registry::{LocalDomain, S2s};
use super::traffic::ServerStream;

/// Proofs of one stream that are verified at once.
const AT_ONCE: usize = 16;

impl S2s {
    /// The peer wants to prove that it is a domain. The answer, if it is known at once; else it follows on the stream.
    pub(super) fn proves(
        self: &Arc<Self>,
        stream: &Arc<ServerStream>,
        between: Between,
        key: String,
    ) -> Result<Option<Element>, StreamError> {
        let refused = |outcome: Outcome| Ok(Some(dialback::proved(&between.turned(), &outcome)));
        let Some(local) = self.local(&between.to) else {
            return refused(impossible(
                Condition::ItemNotFound,
                format!("{} is not served here", between.to),
            ));
        };
        if !local.policy.admits(between.from.domain()) {
            let text = format!("{} exchanges nothing with {}", between.to, between.from);
            return refused(impossible(Condition::NotAllowed, text));
        }
        if stream.is_full() {
            return refused(impossible(Condition::ResourceConstraint, "too many domains on one stream"));
        }
        if self.has_too_many(&between.from) {
            return refused(impossible(
                Condition::ResourceConstraint,
                "your domain has too many streams here",
            ));
        }
        // A valid certificate proves more than calling back.
        if stream.is_certified_for(&between.from, &local.policy.roots, self.kernel().now_us()) {
            stream.set_by("certificate");
            self.has_come(stream, between.clone());
            return refused(Outcome::Valid);
        }
        if local.policy.verify == Verify::Certificate {
            let text = format!("{} needs a certificate that is valid for {}", between.to, between.from);
            return refused(impossible(Condition::NotAuthorized, text));
        }
        if !stream.begin_verifying(AT_ONCE) {
            return refused(impossible(Condition::ResourceConstraint, "too many proofs at once"));
        }
        let (s2s, stream) = (self.clone(), stream.clone());
        let tasks = self.kernel().runtime().tasks.clone();
        tasks.spawn("dialback", async move { s2s.call_back(stream, local, between, key).await });
        Ok(None)
    }

    /// Asks the domain's own server, and tells the peer.
    async fn call_back(
        self: Arc<Self>,
        stream: Arc<ServerStream>,
        local: LocalDomain,
        between: Between,
        key: String,
    ) {
        let Ok(_permit) = self.verifying.acquire().await else { return };
        let (back, proof) = (between.turned(), (&*stream.id, &*key));
        let asked = Box::pin(outgoing::ask(&self, &local.policy, &local.home, &back, proof));
        let outcome = match asked.await {
            Ok(Outcome::Error(error)) => Outcome::Error(error),
            Ok(outcome) => outcome,
            Err(failure) => {
                let (local, remote) = (&between.to, &between.from);
                tracing::info!(%local, %remote, %failure, "another server cannot be called back");
                Outcome::Error(failure.error())
            }
        };
        stream.end_verifying();
        if matches!(outcome, Outcome::Valid) {
            stream.set_by("dialback");
            self.has_come(&stream, between.clone());
        } else {
            let (local, remote, address) = (&between.to, &between.from, stream.facts.address);
            tracing::warn!(%local, %remote, %address, ?outcome, "another server has not proved what it is");
        }
        stream.tell(dialback::proved(&between.turned(), &outcome));
    }

    /// The peer has proved to be a domain: what comes from it is taken, and what waits for it may go.
    pub(super) fn has_come(self: &Arc<Self>, stream: &Arc<ServerStream>, between: Between) {
        let (local, remote, address) = (&between.to, &between.from, stream.facts.address);
        tracing::info!(%local, %remote, %address, by = stream.by(), "stream of another server");
        stream.prove(between.clone());
        for pair in self.all_pairs().iter().filter(|pair| pair.between.to == between.from) {
            pair.hopeful();
        }
    }

    /// Whether a domain has as many streams here as it may have.
    fn has_too_many(&self, remote: &Jid) -> bool {
        let most = self.limits().s2s_streams_per_domain.bound();
        let is_of = |stream: &&Arc<ServerStream>| {
            !stream.is_ours && stream.proved().iter().any(|between| between.from == *remote)
        };
        self.all_streams().iter().filter(is_of).count() >= most
    }

    /// Another server asks whether a key is ours: on any stream, proved or not.
    pub(super) fn is_asked(&self, between: &Between, id: &str, key: &str) -> Element {
        let (ours, theirs) = (&between.to, &between.from);
        let outcome = match self.local(ours) {
            None => impossible(Condition::ItemNotFound, format!("{ours} is not served here")),
            Some(_) if self.keys().is_key(ours.domain(), theirs.domain(), id, key) => Outcome::Valid,
            Some(_) => Outcome::Invalid,
        };
        dialback::answered(&between.turned(), id, &outcome)
    }
}
