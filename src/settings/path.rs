//! Paths of values: `domain[1].tls.cert`.

/// The path of `key` in the table at `parent`; a key that TOML would quote is quoted.
pub fn join(parent: &str, key: &str) -> String {
    let bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let dot = if parent.is_empty() { "" } else { "." };
    if bare { format!("{parent}{dot}{key}") } else { format!("{parent}{dot}{key:?}") }
}

/// The path of an element of the array at `parent`.
pub fn item(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

/// The last key of a path, with the index if it ends in one.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}
