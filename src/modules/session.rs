//! RFC 3921 section 3: the session request of clients from before RFC 6120. It does nothing any more.

use std::sync::Arc;

use kernel::{About, Holds, IqKind, Module, Phase, Registrar, Target};
use serde_json::Value;
use xmpp::{Element, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};

struct Session;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Session))
}

impl Module for Session {
    fn about(&self) -> About {
        About { name: "session".into(), specifications: vec![("RFC 3921", "section 3")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let optional = Element::new("optional", ns::SESSION);
        registrar.stream_feature(Phase::Bind, Element::new("session", ns::SESSION).child(optional));
        registrar.iq(Target::Host, IqKind::Set, "session", ns::SESSION, |_| async { Ok(None) });
        registrar.own_iq(Holds::Requests, IqKind::Set, "session", ns::SESSION, |request| async move {
            request.own_account().map(|_| None)
        });
    }
}
