//! XEP-0202: Entity Time. The server's time is UTC.

use std::sync::Arc;

use kernel::{About, IqKind, Module, Registrar, Target};
use serde_json::Value;
use xmpp::{Element, datetime, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};

const SECOND_US: i64 = 1_000_000;

struct Time;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Time))
}

impl Module for Time {
    fn about(&self) -> About {
        About { name: "time".into(), specifications: vec![("XEP-0202", "2.0"), ("XEP-0082", "1.1.1")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::TIME);
        registrar.iq(Target::Host, IqKind::Get, "time", ns::TIME, |request| async move {
            Ok(Some(answer(request.kernel.now_us())))
        });
    }
}

fn answer(now_us: i64) -> Element {
    let utc = datetime::format(now_us - now_us.rem_euclid(SECOND_US)); // fractions confuse clients
    Element::new("time", ns::TIME)
        .child(Element::new("tzo", ns::TIME).text("+00:00"))
        .child(Element::new("utc", ns::TIME).text(utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_of_utc() {
        assert_eq!(
            answer(1_795_507_200_123_456).to_xml(ns::CLIENT),
            "<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>2026-11-24T08:00:00Z</utc></time>"
        );
    }
}
