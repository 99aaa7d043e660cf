//! `log`: lines of the server's log, rate-limited.

use tracing::Level;
use wasmtime::Result;

use crate::bindings::castling::plugin::log::{Host, Level as WitLevel};
use crate::plain::line;
use crate::state::StoreData;

/// Maximum bytes of a line.
const LINE: usize = 4096;

impl Host for StoreData {
    fn write(&mut self, level: WitLevel, message: String) -> Result<()> {
        let level = severity(level);
        let is_in_call = self.call.is_some() || self.about.is_some();
        if is_in_call || self.hears(level, &message) {
            write_line(self, level, &message);
        }
        Ok(())
    }

    fn enabled(&mut self, level: WitLevel) -> Result<bool> {
        Ok(match level {
            WitLevel::Error => tracing::enabled!(target: "plugin", Level::ERROR),
            WitLevel::Warn => tracing::enabled!(target: "plugin", Level::WARN),
            WitLevel::Info => tracing::enabled!(target: "plugin", Level::INFO),
            WitLevel::Debug => tracing::enabled!(target: "plugin", Level::DEBUG),
            WitLevel::Trace => tracing::enabled!(target: "plugin", Level::TRACE),
        })
    }
}

fn severity(level: WitLevel) -> Level {
    match level {
        WitLevel::Error => Level::ERROR,
        WitLevel::Warn => Level::WARN,
        WitLevel::Info => Level::INFO,
        WitLevel::Debug => Level::DEBUG,
        WitLevel::Trace => Level::TRACE,
    }
}

/// What an instance may say about the settings that are about to come into force.
const HEARD: usize = 20;

impl StoreData {
    /// Outside of a call: whether the line is to be written, that is, said for the first time. What it says about settings is noted
    /// for the operator.
    fn hears(&mut self, level: Level, message: &str) -> bool {
        let about =
            self.configuring.and_then(|id| self.scope.domains.get(&id)).map(|domain| domain.name.clone());
        let Some(heard) = &mut self.heard else { return false };
        if level <= Level::WARN && heard.len() < HEARD {
            let about = about.map_or(String::new(), |domain| format!("{domain}: "));
            heard.push(format!("{about}{}", clean(message)));
        }
        true
    }
}

/// The text of a line, without control characters, since it is the plugin's.
fn clean(message: &str) -> String {
    let end = message.floor_char_boundary(LINE.min(message.len()));
    let text = message.get(..end).unwrap_or_default();
    line(text, LINE)
}

/// Writes a line with its context. Control characters are removed, since the text is the plugin's. Nothing is written of what a
/// plugin says while it has a password: a panic may quote it.
pub(crate) fn write_line(state: &StoreData, level: Level, message: &str) {
    if state.sees_password {
        return;
    }
    let scope = &state.scope;
    let call = state.call.as_ref();
    let about = call.map(|call| call.domain).or(state.about).or(state.configuring);
    let domain = about.and_then(|id| scope.domains.get(&id));
    let limit = domain.map_or(&scope.memory.log, |domain| &domain.memory.log);
    let Some(suppressed) = limit.take(scope.now_ms()) else { return };
    let clean = clean(message);
    let (plugin, version) = (&*scope.name, scope.version.as_str());
    let session = call.map_or(0, |call| call.session.id());
    let domain = domain.map_or("", |domain| &domain.name);
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(target: "plugin", Level::$level, plugin, version, domain, session, suppressed, "{clean}")
        };
    }
    match level {
        Level::ERROR => event!(ERROR),
        Level::WARN => event!(WARN),
        Level::INFO => event!(INFO),
        Level::DEBUG => event!(DEBUG),
        Level::TRACE => event!(TRACE),
    }
}
