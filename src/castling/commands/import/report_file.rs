//! The file that a report is written to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use migrate::Report;

use crate::failure::Failure;

/// A file that can be written, which is known before anything is imported.
pub struct ReportFile {
    path: PathBuf,
    out: File,
    /// Where it is written first; `None` for what is no file, such as `/dev/stdout`.
    part: Option<PathBuf>,
}

impl ReportFile {
    /// Opens the file, outside of the data directory; an earlier report is replaced when the new one is whole.
    ///
    /// # Errors
    /// It cannot be written, or it is something else than a report.
    pub fn open(path: &Path, data_dir: &Path) -> Result<Self, Failure> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let (Ok(parent), Ok(data_dir)) = (parent.canonicalize(), data_dir.canonicalize())
            && parent.starts_with(data_dir)
        {
            let what = format!("the report {} would be among the server's own data", path.display());
            return Err(Failure::Message(format!("{what} — name a file elsewhere")));
        }
        let failed = |error: io::Error| {
            Failure::Message(format!(
                "cannot write the report {}: {error} — name another file",
                path.display()
            ))
        };
        match path.metadata() {
            Ok(found) if found.is_file() => {
                if !is_report(path).map_err(failed)? {
                    let what = format!("{} exists and is no report", path.display());
                    return Err(Failure::Message(format!("{what} — name another file with --report")));
                }
            }
            Ok(_) => {
                let out = OpenOptions::new().write(true).open(path).map_err(failed)?;
                return Ok(Self { path: path.to_owned(), out, part: None });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let mut options = OpenOptions::new();
        let out = options.write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed)?;
        Ok(Self { path: path.to_owned(), out, part: Some(part) })
    }

    /// Writes it, and gives it its name.
    ///
    /// # Errors
    /// The disk is full, for example.
    pub fn save(mut self, report: &Report) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, report)?;
        self.out.write_all(b"\n")?;
        match self.part.take() {
            Some(part) => {
                self.out.sync_all()?;
                std::fs::rename(part, &self.path)
            }
            None => self.out.flush(),
        }
    }
}

impl Drop for ReportFile {
    /// What was not saved leaves nothing behind.
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            let _ = std::fs::remove_file(part);
        }
    }
}

/// Whether a file is empty, or begins as a report does.
fn is_report(path: &Path) -> io::Result<bool> {
    let mut start = [0; 64];
    let read = File::open(path)?.read(&mut start)?;
    let start = start.get(..read).unwrap_or_default();
    Ok(start.is_empty() || start.starts_with(b"{\n  \"server\":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.json");
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let open = |path: &Path| ReportFile::open(path, &data);
        assert!(open(&data.join("castling.db")).is_err());
        std::fs::write(&path, "{\"other\": 1}").unwrap();
        assert!(open(&path).is_err());
        std::fs::write(&path, "").unwrap();
        drop(open(&path).unwrap());
        assert!(!dir.path().join("r.json.part").exists());
        std::fs::write(&path, "{\n  \"server\": \"prosody\"").unwrap();
        assert!(open(&path).is_ok());
        assert!(open(dir.path()).is_err());
        assert!(open(&dir.path().join("absent/r.json")).is_err());
        assert!(open(Path::new("/dev/null")).unwrap().part.is_none());
    }
}
