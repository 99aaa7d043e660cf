//! Where a value of the configuration is set.

/// Where a value is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file.
    #[default]
    File,
    /// A command; stored in the overlay.
    Command,
}

impl Origin {
    /// The word printed by `list` and `show`.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Command => "command",
        }
    }
}
