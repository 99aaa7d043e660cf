//! `log`: lines of the server's log, rate-limited.

use tracing::Level;
use wasmtime::Result;

use crate::bindings::castling::plugin::log::{Host, Level as WitLevel};
use crate::state::StoreData;

/// Maximum bytes of a line.
const LINE: usize = 4096;

impl Host for StoreData {
    fn write(&mut self, level: WitLevel, message: String) -> Result<()> {
        write_line(self, severity(level), &message);
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

/// Writes a line with its context. Control characters are removed, since the text is the plugin's.
pub(crate) fn write_line(state: &StoreData, level: Level, message: &str) {
    let scope = &state.scope;
    let Some(suppressed) = scope.memory.log.take(scope.now_ms()) else { return };
    let end = message.floor_char_boundary(LINE.min(message.len()));
    let clean: String = message
        .get(..end)
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let (plugin, version) = (&*scope.name, scope.version.as_str());
    let call = state.call.as_ref();
    let session = call.map_or(0, |call| call.session.id());
    let domain = call.and_then(|call| scope.domains.get(&call.domain)).map_or("", |domain| &domain.name);
    macro_rules! line {
        ($level:ident) => {
            tracing::event!(target: "plugin", Level::$level, plugin, version, domain, session, suppressed, "{clean}")
        };
    }
    match level {
        Level::ERROR => line!(ERROR),
        Level::WARN => line!(WARN),
        Level::INFO => line!(INFO),
        Level::DEBUG => line!(DEBUG),
        Level::TRACE => line!(TRACE),
    }
}
