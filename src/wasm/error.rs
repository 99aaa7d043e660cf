//! Why a plugin is not loaded: each in words, with what to do.

use std::path::PathBuf;
use std::{error, fmt, io};

use settings::Problem;

/// Why a plugin is not loaded or not put to work. Whatever served before goes on serving.
#[derive(Debug)]
pub enum LoadError {
    /// A file cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file has more bytes than a plugin may have.
    TooLarge {
        /// How many.
        bytes: u64,
    },
    /// The file is no WebAssembly component.
    NotAComponent(String),
    /// The component has no custom section `castling:plugin`.
    NoManifest,
    /// The manifest is wrong.
    Manifest(String),
    /// The name cannot be a plugin's.
    Name(String),
    /// The component needs another version of an interface.
    Version {
        /// The interface, such as `castling:plugin/rates`.
        interface: String,
        /// What the component needs.
        wanted: String,
        /// What this server has.
        offered: &'static str,
    },
    /// The component imports what no plugin gets: files, sockets, another host's interfaces.
    Forbidden {
        /// What it imports.
        import: String,
    },
    /// The component exports a hook that this server does not call.
    UnknownHook(String),
    /// Imports do not fit this server's functions.
    Link(String),
    /// A grant cannot be read.
    Grant(String),
    /// The component imports what it has not been granted.
    NotGranted {
        /// The grants that are missing.
        missing: Vec<String>,
    },
    /// Not a valid failure policy.
    Policy(String),
    /// The settings of a domain are wrong.
    Config {
        /// The domain.
        domain: String,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// The plugin itself refuses to start, or refuses a domain's settings.
    Refused {
        /// The domain; none: it refuses to start at all.
        domain: Option<String>,
        /// What it says.
        message: String,
    },
    /// The plugin failed while it started.
    Failed(String),
    /// The engine cannot be set up.
    Engine(String),
}

impl LoadError {
    pub(crate) fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }

    /// What the operator can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::File { .. } => "check the path and the file's permissions".into(),
            Self::TooLarge { .. } => "build it optimised for size, without debug information".into(),
            Self::NotAComponent(_) => {
                "build it for wasm32-wasip2 or another target that produces components".into()
            }
            Self::NoManifest => "add its manifest as custom section `castling:plugin`".into(),
            Self::Manifest(_) => "correct the manifest and build the plugin again".into(),
            Self::Name(_) => "use a-z, 0-9 and `-`, at most 64 characters".into(),
            Self::Version { .. } => {
                "update the server, or use a version of the plugin made for this one".into()
            }
            Self::Forbidden { .. } => "plugins may import castling:plugin and, of WASI, only cli, io, \
                                       clocks and random"
                .into(),
            Self::UnknownHook(_) => {
                "update the server, or use a version of the plugin made for this one".into()
            }
            Self::Link(_) => "update the server, or build the plugin against this server's wit/1".into(),
            Self::Grant(_) => "write it as interface[.function][:scope]".into(),
            Self::NotGranted { missing } => format!("grants = [{}]", quoted(missing)),
            Self::Policy(_) => "use one of the hook's policies, or leave it out".into(),
            Self::Config { problems, .. } => {
                problems.first().map(|problem| problem.remedy.clone()).unwrap_or_default()
            }
            Self::Refused { .. } => "correct its settings".into(),
            Self::Failed(_) => "use another version of the plugin".into(),
            Self::Engine(_) => "check the limits of the process (memory, threads)".into(),
        }
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::TooLarge { bytes } => {
                write!(f, "it has {bytes} bytes; a plugin may have at most {}", crate::artefacts::MAX_BYTES)
            }
            Self::NotAComponent(why) => write!(f, "it is not a WebAssembly component: {why}"),
            Self::NoManifest => f.write_str("it has no manifest"),
            Self::Manifest(why) => write!(f, "its manifest is invalid: {why}"),
            Self::Name(name) => write!(f, "`{name}` is not a valid plugin name"),
            Self::Version { interface, wanted, offered } => {
                write!(f, "it needs {interface}@{wanted}, but this server offers {offered}")
            }
            Self::Forbidden { import } => write!(f, "it imports {import}, which is not available to plugins"),
            Self::UnknownHook(name) => write!(f, "it exports {name}, which this server does not call"),
            Self::Link(why) => write!(f, "its imports do not match this server: {why}"),
            Self::Grant(why) => write!(f, "a grant is malformed: {why}"),
            Self::NotGranted { missing } => {
                write!(f, "it lacks required grants: {}", missing.join(", "))
            }
            Self::Policy(why) => f.write_str(why),
            Self::Config { domain, problems } => {
                write!(f, "its settings for {domain} are invalid")?;
                problems.iter().enumerate().try_for_each(|(index, problem)| {
                    let comma = if index == 0 { ':' } else { ';' };
                    write!(f, "{comma} {}", problem.message)
                })
            }
            Self::Refused { domain: Some(domain), message } => {
                write!(f, "it rejects its settings for {domain}: {message}")
            }
            Self::Refused { domain: None, message } => write!(f, "it refuses to start: {message}"),
            Self::Failed(why) => write!(f, "it failed while starting: {why}"),
            Self::Engine(why) => write!(f, "plugin engine error: {why}"),
        }
    }
}

impl error::Error for LoadError {}
