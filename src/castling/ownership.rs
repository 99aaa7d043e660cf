//! Whose the data directory is, for messages about one that cannot be used.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::geteuid;
use settings::Complaint;

/// What is wrong if `path` belongs to another user than the one that runs this process; `None` if that is not it.
pub fn complaint(path: &Path) -> Option<Complaint> {
    let (owner, user) = (fs::metadata(path).ok()?.uid(), geteuid().as_raw());
    (owner != user && user != 0).then(|| {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        foreign(path, &name(&users, owner), &name(&users, user))
    })
}

fn foreign(path: &Path, owner: &str, user: &str) -> Complaint {
    let path = path.display();
    let message = format!("cannot use {path}: it belongs to {owner}, and castling runs as {user}");
    Complaint::new(message, format!("run castling as {owner}, or chown -R {user} {path}"))
}

/// The name of a user in the format of passwd(5), or its number.
fn name(users: &str, user: u32) -> String {
    let of = |line: &str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(user)).then(|| name.to_owned())
    };
    users.lines().find_map(of).unwrap_or_else(|| format!("user {user}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n";
        assert_eq!([0, 65534, 7].map(|user| name(users, user)), ["root", "nobody", "user 7"]);
    }

    #[test]
    fn both_users_are_named() {
        assert_eq!(
            foreign(Path::new("./data"), "root", "nobody").to_string(),
            "cannot use ./data: it belongs to root, and castling runs as nobody — run castling as root, or chown -R \
             nobody ./data"
        );
    }
}
