//! XEP-0199: XMPP Ping, to the server and to one's own account.

use std::sync::Arc;

use kernel::{About, IqKind, Module, Registrar, Target};
use serde_json::Value;
use xmpp::{StanzaError, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};

struct Ping;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Ping))
}

impl Module for Ping {
    fn about(&self) -> About {
        About { name: "ping".into(), specifications: vec![("XEP-0199", "2.0.1")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::PING);
        registrar.feature(Target::Account, ns::PING);
        registrar.iq(Target::Host, IqKind::Get, "ping", ns::PING, |_| async { Ok(None) });
        registrar.iq(Target::Account, IqKind::Get, "ping", ns::PING, |request| async move {
            // to others as if there were no such account (section 4.2)
            if request.is_own() { Ok(None) } else { Err(StanzaError::service_unavailable()) }
        });
    }
}
