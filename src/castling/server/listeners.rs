//! The sockets: all bound before anything is served.

use net::{Kind, Listener};
use stream::Security;

use crate::api::Listening;
use crate::config::Loaded;
use crate::failure::Failure;

/// A bound listener and how its streams are encrypted.
pub type Bound = (Listener, Security);

/// Binds every listener of this version.
///
/// # Errors
/// All addresses that cannot be listened on.
pub fn bind(loaded: &Loaded) -> Result<Vec<Bound>, Failure> {
    let listen = &loaded.config.listen;
    let kinds = [
        (Kind::C2s, Security::StartTls, &listen.c2s),
        (Kind::C2sTls, Security::Direct, &listen.c2s_tls),
        (Kind::C2sPlain, Security::None, &listen.c2s_plain),
    ];
    let (mut bound, mut refused) = (Vec::new(), Vec::new());
    for (kind, security, addresses) in kinds {
        for address in addresses.iter().filter_map(|address| address.0) {
            match Listener::bind(address, kind) {
                Ok(listener) => bound.push((listener, security)),
                Err(error) => refused.push(format!("{error} — {}", error.remedy())),
            }
        }
    }
    if refused.is_empty() { Ok(bound) } else { Err(refused.join("\n").into()) }
}

/// As `castling status` shows them.
pub fn shown(bound: &[Bound]) -> Vec<Listening> {
    let one = |(listener, _): &Bound| Listening {
        kind: listener.kind().name().to_owned(),
        address: listener.addr(),
    };
    bound.iter().map(one).collect()
}
