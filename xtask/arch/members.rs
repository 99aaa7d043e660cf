//! The workspace's own crates and their dependencies.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A crate of the workspace.
pub struct Member {
    pub package: String,
    pub folder: PathBuf,
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest.
pub struct Dependency {
    pub name: String,
    /// The directory of a workspace crate.
    path: Option<PathBuf>,
    /// Whether only tests use it.
    pub for_tests: bool,
}

impl Member {
    pub fn folder_in(&self, root: &Path) -> String {
        relative(&self.folder, root)
    }
}

impl Dependency {
    pub fn folder_in(&self, root: &Path) -> Option<String> {
        self.path.as_ref().map(|path| relative(path, root))
    }
}

/// Reads `cargo metadata`.
pub fn read(about: &Value) -> Vec<Member> {
    let packages = about.get("packages").and_then(Value::as_array);
    let mut members: Vec<_> = packages.into_iter().flatten().filter_map(member).collect();
    members.sort_by(|a, b| a.folder.cmp(&b.folder));
    members
}

fn member(package: &Value) -> Option<Member> {
    let dependencies = package.get("dependencies")?.as_array()?;
    Some(Member {
        package: package.get("name")?.as_str()?.to_owned(),
        folder: Path::new(package.get("manifest_path")?.as_str()?).parent()?.to_owned(),
        dependencies: dependencies.iter().filter_map(dependency).collect(),
    })
}

fn dependency(value: &Value) -> Option<Dependency> {
    Some(Dependency {
        name: value.get("name")?.as_str()?.to_owned(),
        path: value.get("path").and_then(Value::as_str).map(PathBuf::from),
        for_tests: value.get("kind").and_then(Value::as_str) == Some("dev"),
    })
}

/// A directory as written in the page; cargo gives absolute paths, and `root` may be any path to the same
/// place.
fn relative(folder: &Path, root: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    folder.strip_prefix(&root).unwrap_or(folder).display().to_string()
}
