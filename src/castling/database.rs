//! The database of a configuration, with its password.

use std::path::Path;
use std::time::Duration;

use settings::Complaint;
use storage::{Options, Sync};

use crate::config::{self, Loaded};
use crate::failure::Failure;

/// What [`Store::open`](storage::Store::open) needs, or the failure of a command.
pub fn configured(loaded: &Loaded) -> Result<Options, Failure> {
    Ok(options(loaded).map_err(|(key, complaint)| format!("{key}: {complaint}"))?)
}

/// What [`Store::open`](storage::Store::open) needs.
///
/// # Errors
/// The key whose password cannot be read, and why.
pub fn options(loaded: &Loaded) -> Result<Options, (&'static str, Complaint)> {
    let storage = &loaded.config.storage;
    let sync = match storage.sync {
        config::Sync::Normal => Sync::Normal,
        config::Sync::Full => Sync::Full,
    };
    let password = password(storage)?;
    let usual = Options::new(storage.url.0.clone(), &loaded.config.data_dir);
    Ok(Options {
        sync,
        password,
        readers: storage.readers.unwrap_or(usual.readers),
        writers: storage.writers.unwrap_or(usual.writers),
        queue: storage.queue,
        deadline: Duration::from_secs(storage.deadline_seconds),
        ..usual
    })
}

fn password(storage: &config::Storage) -> Result<Option<String>, (&'static str, Complaint)> {
    match (&storage.password_file, &storage.password_env) {
        (None, None) => Ok(None),
        (Some(file), None) => match read_password(file) {
            Ok(password) => Ok(Some(password)),
            Err(trouble) => {
                let message = format!("cannot read the password in {}: {trouble}", file.display());
                let remedy =
                    "name a file that the server's user may read, with the password as its only line";
                Err(("storage.password_file", Complaint::new(message, remedy)))
            }
        },
        (None, Some(name)) => match std::env::var(name) {
            Ok(password) => Ok(Some(password)),
            Err(_) => {
                let message = format!("the environment variable {name} is not set, or not valid UTF-8");
                Err(("storage.password_env", Complaint::new(message, format!("set {name}, or name another"))))
            }
        },
        (Some(_), Some(_)) => {
            let message = "password_file and password_env are both set";
            Err(("storage.password_env", Complaint::new(message, "remove one of them")))
        }
    }
}

/// The only line of a file, without its end.
pub fn read_password(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    match line.strip_suffix('\r').unwrap_or(line) {
        "" => Err("it is empty".into()),
        line if line.contains(['\n', '\r']) => Err("it has several lines".into()),
        line => Ok(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_only_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        for (text, expected) in [
            ("pass word \n", Ok("pass word ".to_owned())),
            ("pass\r\n", Ok("pass".to_owned())),
            ("pass", Ok("pass".to_owned())),
            ("", Err("it is empty".to_owned())),
            ("\n", Err("it is empty".to_owned())),
            ("one\ntwo\n", Err("it has several lines".to_owned())),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(read_password(&file), expected);
        }
        assert!(read_password(&folder.path().join("absent")).is_err());
    }
}
