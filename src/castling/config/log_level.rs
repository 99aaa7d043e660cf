//! `log.level`: what is written to the log.

use settings::Complaint;
use tracing_subscriber::EnvFilter;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The crates of the server, as targets of the log.
const CRATES: [&str; 14] = [
    "castling",
    "castling_admin",
    "castling_auth",
    "castling_kernel",
    "castling_migrate",
    "castling_modules",
    "castling_net",
    "castling_runtime",
    "castling_settings",
    "castling_storage",
    "castling_stream",
    "castling_wasm",
    "castling_web",
    "castling_xmpp",
];

/// A log level, alone or with levels of components (`info,castling_net=debug`). A filter without a level of its own would
/// silence everything that it does not name, errors too, as would a misspelt component.
///
/// # Errors
/// It is not one.
pub fn check(text: &str) -> Result<(), Complaint> {
    let (components, levels): (Vec<&str>, Vec<&str>) =
        text.split(',').map(str::trim).partition(|part| part.contains('='));
    let is_level = |part: &&str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(part));
    if !levels.iter().all(is_level) || EnvFilter::builder().parse(text).is_err() {
        let message = format!("{text:?} is not a valid log level");
        let remedy = "write error, warn, info, debug or trace, or \"info,castling_net=debug\"";
        return Err(Complaint::new(message, remedy));
    }
    if levels.is_empty() {
        let message = format!("{text:?} sets no level for the rest of the server");
        return Err(Complaint::new(message, format!("write \"info,{text}\"")));
    }
    components.into_iter().try_for_each(component)
}

/// Whether nothing is logged at all.
pub fn is_silent(text: &str) -> bool {
    text.split(',').all(|part| part.trim().eq_ignore_ascii_case("off"))
}

fn component(part: &str) -> Result<(), Complaint> {
    let target = part.split(['=', ':', '[']).next().unwrap_or_default();
    if !target.starts_with("castling") || CRATES.contains(&target) {
        return Ok(()); // a library's
    }
    let message = format!("{target:?} is not a component of the server");
    Err(Complaint::new(message, format!("use one of: {}", CRATES.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_levels() {
        for text in ["info", "WARN", "off", "info,castling_net=debug", "warn,castling_net::bosh=trace,h2=off"]
        {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        let bad =
            ["", "debgu", "info,debgu", "castling_net", "loud=very", "info,x=y=z", "castling_net=debug"];
        for text in
            bad.into_iter().chain(["hyper=trace", "info,castling_nett=debug", "info,castling-net=debug"])
        {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(is_silent("off") && !is_silent("off,castling=warn") && !is_silent("error"));
    }

    #[test]
    fn every_crate_is_a_component() {
        let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let manifests =
            folders.map(|one| one.unwrap().path().join("Cargo.toml")).filter(|path| path.exists());
        let name = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            text.split('"').nth(1).unwrap().replace('-', "_")
        };
        let mut names: Vec<String> = manifests.map(name).collect();
        names.sort();
        assert_eq!(names, CRATES);
    }
}
