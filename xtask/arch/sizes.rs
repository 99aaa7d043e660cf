//! Files of each crate: their number, the median and the largest.

use std::path::{Path, PathBuf};

use super::members::Member;
use crate::failure::{Outcome, While};
use crate::say;

/// A longer file probably covers two topics.
const SMELL: usize = 400;

/// Prints a line per crate, and the files that have grown too long.
pub fn report(root: &Path, members: &[Member]) -> Outcome {
    say::line(&format!("{:<16} {:>5} {:>7} {:>7}  largest file", "crate", "files", "lines", "median"));
    let mut long = Vec::new();
    for member in members {
        let mut files = sources(&member.folder)?;
        files.sort();
        let total: usize = files.iter().map(|(lines, _)| lines).sum();
        let median = files.get(files.len() / 2).map_or(0, |(lines, _)| *lines);
        let largest = files.last().map_or_else(String::new, |file| shown(file, root));
        let folder = member.folder_in(root);
        say::line(&format!("{folder:<16} {:>5} {total:>7} {median:>7}  {largest}", files.len()));
        long.extend(files.iter().filter(|(lines, _)| *lines > SMELL).map(|file| shown(file, root)));
    }
    if !long.is_empty() {
        say::line(&format!("over {SMELL} lines: {}", long.join(", ")));
    }
    Ok(())
}

fn shown((lines, path): &(usize, PathBuf), root: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    format!("{} ({lines})", path.strip_prefix(&root).unwrap_or(path).display())
}

fn sources(folder: &Path) -> Outcome<Vec<(usize, PathBuf)>> {
    let files = rust_files(folder)?;
    let counted = files.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).when(path.display())?;
        Ok((text.lines().count(), path))
    });
    counted.collect()
}

/// Every `.rs` file below a crate's directory, except below another manifest.
pub fn rust_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).when(folder.display())? {
        let path = entry.when(folder.display())?.path();
        if path.is_dir() && !path.join("Cargo.toml").exists() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
