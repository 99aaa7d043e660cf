//! XEP-0092: Software Version. The operating system is told only where the option `os` says so.

use std::sync::Arc;

use kernel::{About, IqKind, Module, Registrar, Target};
use serde_json::Value;
use settings::{flag, group};
use xmpp::{Element, ns};

use crate::OptionError;
use crate::options;

group! {
    /// What is told.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Version {
        /// Whether to include the operating system's name.
        os: bool = flag(false);
    }
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let version: Version = options::read(options)?;
    Ok(Arc::new(version))
}

impl Module for Version {
    fn about(&self) -> About {
        About { name: "version".into(), specifications: vec![("XEP-0092", "1.1")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::VERSION);
        let os = self.os;
        registrar.iq(Target::Host, IqKind::Get, "query", ns::VERSION, move |_| async move {
            Ok(Some(answer(os)))
        });
    }
}

fn answer(os: bool) -> Element {
    let field = |name, text: &str| Element::new(name, ns::VERSION).text(text);
    let answer = Element::new("query", ns::VERSION)
        .child(field("name", "Castling"))
        .child(field("version", env!("CARGO_PKG_VERSION")));
    if os { answer.child(field("os", std::env::consts::OS)) } else { answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_os_is_told_only_if_asked_for() {
        assert!(answer(false).find("os", ns::VERSION).is_none());
        assert!(answer(true).find("os", ns::VERSION).is_some());
    }
}
