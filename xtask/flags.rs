//! Command-line arguments: `--name value`, `--switch`, positional ones, and what follows `--`.

use crate::failure::{Failure, Outcome};

/// Arguments that have not been taken yet.
pub struct Flags {
    args: Vec<String>,
    rest: Vec<String>,
}

impl Flags {
    pub fn new(mut args: Vec<String>) -> Self {
        let rest = match args.iter().position(|arg| arg == "--") {
            Some(at) => args.split_off(at).split_off(1),
            None => Vec::new(),
        };
        Self { args, rest }
    }

    /// Takes `--name VALUE`.
    pub fn value(&mut self, name: &str) -> Outcome<Option<String>> {
        let Some(at) = self.args.iter().position(|arg| arg == name) else { return Ok(None) };
        if at + 1 >= self.args.len() {
            return Err(Failure::new(format!("{name} needs a value")));
        }
        self.args.remove(at);
        Ok(Some(self.args.remove(at)))
    }

    /// Takes `--name NUMBER`.
    pub fn number(&mut self, name: &str, default: u64) -> Outcome<u64> {
        match self.value(name)? {
            None => Ok(default),
            Some(text) => {
                text.parse().map_err(|_| Failure::new(format!("{name} {text} is not a whole number")))
            }
        }
    }

    /// Takes `--name`.
    pub fn switch(&mut self, name: &str) -> bool {
        let at = self.args.iter().position(|arg| arg == name);
        at.map(|at| self.args.remove(at)).is_some()
    }

    /// Takes the optional positional argument, and refuses any others.
    pub fn last(mut self) -> Outcome<Option<String>> {
        let word = if self.args.first().is_some_and(|arg| !arg.starts_with('-')) {
            Some(self.args.remove(0))
        } else {
            None
        };
        self.none()?;
        Ok(word)
    }

    /// Refuses the remaining arguments; returns what followed `--`.
    pub fn none(self) -> Outcome<Vec<String>> {
        match self.args.first() {
            Some(arg) => Err(Failure::new(format!("unknown argument {arg}"))),
            None => Ok(self.rest),
        }
    }

    /// All arguments, for a program that parses them itself.
    pub fn all(self) -> Vec<String> {
        self.args
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    fn flags(text: &str) -> Flags {
        Flags::new(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn values_switches_and_the_rest() {
        let mut given = flags("--seconds 5 stanza --short -- --nocapture x");
        assert_eq!(given.number("--seconds", 60).unwrap(), 5);
        assert!(given.switch("--short"));
        assert!(!given.switch("--short"));
        assert_eq!(given.last().unwrap().as_deref(), Some("stanza"));
        assert_eq!(flags("-- --nocapture x").none().unwrap(), ["--nocapture", "x"]);
    }

    #[test]
    fn mistakes_are_refused() {
        assert!(flags("--seconds").value("--seconds").is_err());
        assert!(flags("--seconds soon").number("--seconds", 1).is_err());
        assert!(flags("--unknown").none().is_err());
        assert!(flags("one two").last().is_err());
    }
}
