//! Why a plugin is not loaded, with what the operator can do about it.

use std::io;
use std::path::PathBuf;

use settings::Problem;

/// Why a plugin is not loaded or not deployed. A previous deployment stays in force.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The file exceeds the maximum size of a plugin.
    #[error("it has {bytes} bytes; a plugin may have at most {}", crate::artefacts::MAX_BYTES)]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The file is not a WebAssembly component.
    #[error("it is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The file has been cut short.
    #[error("it is damaged: it ends in the middle of a section")]
    Damaged,
    /// A file that was stored has another content than then.
    #[error("its file was changed since it was installed")]
    Altered,
    /// It needs more memory than an instance may have.
    #[error("it needs {needed} bytes of memory; limits.plugin_memory_bytes allows {most}")]
    Memory {
        /// Bytes that it has from the beginning.
        needed: u64,
        most: u64,
    },
    /// The process that compiles it has failed.
    #[error("it cannot be compiled: {0}")]
    Compiler(String),
    /// The operating system lets the process have no memory that can be executed.
    #[error("plugins need executable memory: {0}")]
    ExecutableMemory(String),
    /// The component has no custom section `castling:plugin`.
    #[error("it has no manifest")]
    NoManifest,
    /// The manifest is invalid.
    #[error("its manifest is invalid: {0}")]
    Manifest(String),
    /// The name is not valid for a plugin.
    #[error("`{0}` is not a valid plugin name")]
    Name(String),
    /// The component needs another version of an interface.
    #[error("it needs {interface}@{wanted}, but this server offers {offered}")]
    Version {
        /// The interface, such as `castling:plugin/rates`.
        interface: String,
        /// The required version.
        wanted: String,
        /// The version this server provides.
        offered: &'static str,
    },
    /// The component imports what is not available to plugins: files, sockets, another host's interfaces.
    #[error("it imports {import}, which is not available to plugins")]
    Forbidden {
        /// The import.
        import: String,
    },
    /// The component exports a hook that this server does not support.
    #[error("it exports {0}, which this server does not call")]
    UnknownHook(String),
    /// Imports do not match this server's functions.
    #[error("its imports do not match this server: {0}")]
    Link(String),
    /// A grant is malformed.
    #[error("a grant is malformed: {0}")]
    Grant(String),
    /// The component imports functions it has not been granted.
    #[error("it lacks required grants: {}", .missing.join(", "))]
    NotGranted {
        /// The missing grants.
        missing: Vec<String>,
    },
    /// Too many plugins are enabled.
    #[error("there is room for {plugins} plugins")]
    NoRoom {
        /// How many may be enabled.
        plugins: usize,
    },
    /// Not a valid failure policy.
    #[error("{0}")]
    Policy(String),
    /// A domain's settings are invalid.
    #[error("its settings for {domain} are invalid{}", listed(.problems))]
    Config {
        domain: String,
        /// All problems.
        problems: Vec<Problem>,
    },
    /// The plugin itself refuses to start, or refuses a domain's settings.
    #[error("it {}: {message}", refusal(.domain.as_deref()))]
    Refused {
        /// The domain; `None`: it refuses to start at all.
        domain: Option<String>,
        /// Its message.
        message: String,
    },
    /// The plugin failed while starting, or while it read a domain's settings.
    #[error("it failed {}: {message}", occasion(.domain.as_deref()))]
    Failed {
        /// The domain; `None`: it did not start at all.
        domain: Option<String>,
        message: String,
    },
    /// It is to own an address, and a domain on which it is enabled gives it none.
    #[error("it has no address on {domain}")]
    NoAddress {
        domain: String,
        /// The plugin's name: the key of `services`.
        name: String,
    },
    /// A domain gives an address to a plugin that takes none.
    #[error("it exports no `service`, so {address} on {domain} cannot be its address")]
    NoService { domain: String, address: String },
    /// An address is not a domain.
    #[error("{address} on {domain} is not a valid domain")]
    Address { domain: String, address: String },
    /// The engine cannot be set up.
    #[error("plugin engine error: {0}")]
    Engine(String),
}

impl LoadError {
    pub(crate) fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    /// Why a component could not be compiled. wasmtime has no type for the refusal of executable memory.
    pub(crate) fn compiling(error: &str) -> Self {
        match error.contains("memory executable") {
            true => Self::ExecutableMemory(error.to_owned()),
            false => Self::NotAComponent(error.to_owned()),
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }

    /// The domain whose settings are the reason: it could be loaded for the others.
    pub fn domain(&self) -> Option<&str> {
        match self {
            Self::Config { domain, .. }
            | Self::NoAddress { domain, .. }
            | Self::NoService { domain, .. }
            | Self::Address { domain, .. } => Some(domain),
            Self::Refused { domain, .. } | Self::Failed { domain, .. } => domain.as_deref(),
            _ => None,
        }
    }

    /// What the operator can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::File { .. } => "check the path and the file's permissions".into(),
            Self::TooLarge { .. } => "build it optimised for size, without debug information".into(),
            Self::NotAComponent(_) => {
                "build it for wasm32-wasip2 or another target that produces components".into()
            }
            Self::ExecutableMemory(_) => {
                "remove MemoryDenyWriteExecute=yes from the systemd unit, or what else denies it".into()
            }
            Self::Compiler(_) => {
                "check the limits of the process (memory, processes), and build the plugin optimised for size"
                    .into()
            }
            Self::Altered => "install that version again".into(),
            Self::Damaged => "copy or build it again".into(),
            Self::Memory { .. } => {
                "raise limits.plugin_memory_bytes and restart the server, or build it to need less".into()
            }
            Self::NoManifest => "add its manifest as custom section `castling:plugin`".into(),
            Self::Manifest(_) => "correct the manifest and build the plugin again".into(),
            Self::Name(name) if name == "internal" => {
                "use another: the server's own accounts have this name".into()
            }
            Self::Name(_) => "use a-z, 0-9 and `-` (not at the beginning), at most 64 characters".into(),
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
            Self::NoRoom { .. } => {
                "disable another plugin; on fewer than 50 processors, a restart makes room for all that are \
                 installed"
                    .into()
            }
            Self::Policy(_) => {
                "name a hook of the plugin and one of that hook's policies, or leave it out".into()
            }
            Self::Config { problems, .. } => match problems.as_slice() {
                [one] => one.remedy.clone(),
                _ => "correct all of them".into(),
            },
            Self::Refused { .. } => "correct its settings".into(),
            Self::Failed { .. } => "use another version of the plugin".into(),
            Self::NoAddress { domain, name } => {
                format!(
                    "add services = {{ {name} = \"{name}.{domain}\" }} to the domain in the file, or enable it elsewhere"
                )
            }
            Self::NoService { .. } => "remove it from `services` of the domain".into(),
            Self::Address { .. } => "write a domain".into(),
            Self::Engine(_) => "check the limits of the process (memory, threads)".into(),
        }
    }
}

fn occasion(domain: Option<&str>) -> String {
    domain.map_or("while starting".to_owned(), |domain| format!("on its settings for {domain}"))
}

/// `: this`, or `: this (what to do); that (what to do)`.
fn listed(problems: &[Problem]) -> String {
    let each = |problem: &Problem| format!("{} ({})", problem.message, problem.remedy);
    match problems {
        [] => String::new(),
        [one] => format!(": {}", one.message),
        several => format!(": {}", several.iter().map(each).collect::<Vec<_>>().join("; ")),
    }
}

fn refusal(domain: Option<&str>) -> String {
    domain.map_or("refuses to start".to_owned(), |domain| format!("rejects its settings for {domain}"))
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}
