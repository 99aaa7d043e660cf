//! Embeds the files of the page, `target/web` of the checkout, into the binary.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../target/web");
    // Cargo takes a missing directory for a changed one, and would rebuild each time.
    fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", folder.display());
    fs::write(Path::new(&variable("OUT_DIR")?).join("files.rs"), table(&folder)?)
}

/// `&[(path, bytes)]` in Rust, sorted by path.
fn table(folder: &Path) -> io::Result<String> {
    let mut names: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    let mut text = String::from("&[\n");
    for name in names.iter().map(|entry| entry.file_name().into_string()) {
        let name = name.map_err(|name| refused(&name.to_string_lossy()))?;
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
            return Err(refused(&name));
        }
        let path = folder.join(&name);
        let path = path.to_str().ok_or_else(|| refused(&name))?;
        writeln!(text, "    (\"/{name}\", include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    text.push_str("]\n");
    Ok(text)
}

fn refused(name: &str) -> io::Error {
    io::Error::other(format!("target/web/{name} is not a valid file name of the page"))
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}")))
}
