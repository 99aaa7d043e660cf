//! The virtual environment with the real XMPP client used by tests.

use std::path::PathBuf;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{Outcome, While};
use crate::{packages, say, shell};

/// Creates the environment if it is missing or its requirements changed; returns its interpreter.
pub fn need(checkout: &Checkout) -> Outcome<PathBuf> {
    let wanted = checkout.root.join("tests/clients/requirements.txt");
    let wanted_text = std::fs::read_to_string(&wanted).when(wanted.display())?;
    let folder = checkout.target.join("venv");
    let python = folder.join("bin/python");
    let stamp = folder.join("castling-requirements.txt");
    let made = std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted_text);
    if made && shell::succeeds(Command::new(&python).args(["-c", "import slixmpp"])) {
        return Ok(python);
    }
    need_interpreter()?;
    say::step(&format!("python3 -m venv {}: the client that tests drive (slixmpp)", folder.display()));
    shell::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    shell::run(pip.arg(&wanted))?;
    std::fs::write(&stamp, wanted_text).when(stamp.display())?;
    Ok(python)
}

/// A Python 3 that can create virtual environments.
pub fn need_interpreter() -> Outcome {
    let can_make = shell::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]));
    packages::need(can_make, &["python3", "python3-venv"], "tests drive a real XMPP client written in Python")
}
