//! What a stream offers before authentication: mechanisms, and ways to bind them to its TLS channel.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use storage::Hash;

use crate::digest::digest;
use crate::mechanism::Mechanism;

/// A channel binding (RFC 5056) of the stream's TLS connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// Its registered unique prefix: `tls-exporter` (RFC 9266), `tls-server-end-point` (RFC 5929).
    pub kind: &'static str,
    /// What both ends of one channel, and no others, know of it.
    pub data: Vec<u8>,
}

/// What a stream offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    mechanisms: Vec<Mechanism>,
    bindings: Vec<ChannelBinding>,
}

impl Offer {
    /// These mechanisms, in this order. Those that bind a channel are left out if there is no binding.
    pub fn new(mechanisms: impl IntoIterator<Item = Mechanism>, bindings: Vec<ChannelBinding>) -> Self {
        let can_bind = !bindings.is_empty();
        let mechanisms: Vec<_> = mechanisms.into_iter().filter(|one| can_bind || !is_bound(one)).collect();
        let bindings = if mechanisms.iter().any(is_bound) { bindings } else { Vec::new() };
        Self { mechanisms, bindings }
    }

    pub fn mechanisms(&self) -> &[Mechanism] {
        &self.mechanisms
    }

    /// The bindings that are announced (XEP-0440), the strongest first; empty: none is.
    pub fn bindings(&self) -> &[ChannelBinding] {
        &self.bindings
    }

    /// The data of a binding of this kind, if it is offered.
    pub(crate) fn binding(&self, kind: &str) -> Option<&[u8]> {
        self.bindings.iter().find(|binding| binding.kind == kind).map(|binding| &*binding.data)
    }

    /// The hash of what is offered, in base64 (XEP-0474 section 4.1): a client that was shown another offer
    /// finds out. `None` if nothing is.
    pub(crate) fn digest(&self, hash: Hash) -> Option<String> {
        let mut mechanisms: Vec<_> = self.mechanisms.iter().map(|one| one.name()).collect();
        mechanisms.sort_unstable();
        let mut text = mechanisms.join("\x1e");
        if !self.bindings.is_empty() {
            let mut bindings: Vec<_> = self.bindings.iter().map(|one| one.kind).collect();
            bindings.sort_unstable();
            text.push('\x1f');
            text.push_str(&bindings.join("\x1e"));
        }
        (!self.mechanisms.is_empty()).then(|| STANDARD.encode(digest(hash, text.as_bytes())))
    }
}

fn is_bound(mechanism: &Mechanism) -> bool {
    matches!(mechanism, Mechanism::Scram { bound: true, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> Vec<ChannelBinding> {
        vec![ChannelBinding { kind: "tls-exporter", data: vec![1] }]
    }

    #[test]
    fn mechanisms_and_bindings_only_together() {
        let hash = Hash::Sha256;
        let (bound, unbound) =
            (Mechanism::Scram { hash, bound: true }, Mechanism::Scram { hash, bound: false });
        let offer = Offer::new([bound, unbound, Mechanism::Plain], Vec::new());
        assert_eq!(offer.mechanisms(), [unbound, Mechanism::Plain]);
        let offer = Offer::new([Mechanism::Plain], binding());
        assert_eq!((offer.mechanisms(), offer.bindings()), (&[Mechanism::Plain][..], &[][..]));
        let offer = Offer::new([bound, unbound], binding());
        assert_eq!((offer.mechanisms().len(), offer.binding("tls-exporter")), (2, Some(&[1][..])));
        assert_eq!(offer.binding("tls-unique"), None);
    }

    // XEP-0474 section 4.1: the hash is of what is shown to this client.
    #[test]
    fn the_digest_is_of_the_sorted_offer() {
        let scram = |bound| Mechanism::Scram { hash: Hash::Sha1, bound };
        let digest = |text: &str| Some(STANDARD.encode(digest(Hash::Sha1, text.as_bytes())));
        let offer = Offer::new([scram(true), scram(false)], binding());
        assert_eq!(offer.digest(Hash::Sha1), digest("SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1ftls-exporter"));
        let offer = Offer::new([scram(false), Mechanism::Plain], Vec::new());
        assert_eq!(offer.digest(Hash::Sha1), digest("PLAIN\x1eSCRAM-SHA-1"));
        assert_eq!(Offer::default().digest(Hash::Sha1), None);
    }
}
