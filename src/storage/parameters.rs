//! The parameters of a database server's URL: sqlx only warns of one that it does not know, and goes on without TLS, say.

use crate::StorageError;

/// Of PostgreSQL; `options[NAME]` is one as well.
pub(crate) const POSTGRES: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Of MariaDB.
pub(crate) const MARIADB: &[&str] = &[
    "socket",
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "charset",
    "collation",
    "timezone",
    "time-zone",
    "statement-cache-capacity",
];

/// # Errors
/// [`StorageError::Unsupported`] with the name of the first parameter that is not `known`; it does not repeat its value, nor a
/// name that may be a piece of a password.
pub(crate) fn check(url: &str, known: &[&str]) -> Result<(), StorageError> {
    let url = url.split('#').next().unwrap_or_default();
    let (_, parameters) = url.split_once('?').unwrap_or_default();
    let names = parameters.split('&').map(|parameter| parameter.split('=').next().unwrap_or_default());
    match names.filter(|name| !name.is_empty()).find(|name| !is_known(name, known)) {
        None => Ok(()),
        Some(name) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let name = if name.chars().all(plain) { name } else { "…" };
            let known = known.join(", ");
            Err(StorageError::Unsupported(format!("it has no parameter `{name}` (there are {known})")))
        }
    }
}

fn is_known(name: &str, known: &[&str]) -> bool {
    let option = || name.replace("%5B", "[").replace("%5D", "]");
    known.contains(&name)
        || (known.contains(&"options") && option().starts_with("options[") && option().ends_with(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_nobody_reads_is_refused_without_its_value() {
        for url in ["mysql://u@h/d", "mysql://u@h/d?", "mysql://h/d?ssl-mode=REQUIRED&socket=/x#a?b=1"] {
            assert_eq!(check(url, MARIADB), Ok(()), "{url}");
        }
        for option in ["options[statement_timeout]", "options%5Bstatement_timeout%5D"] {
            assert_eq!(check(&format!("postgres:///d?host=/run&{option}=5"), POSTGRES), Ok(()));
        }
        let refused =
            check("mysql://u@h/d?ssl-mode=REQUIRED&ssl_mode=secret", MARIADB).unwrap_err().to_string();
        assert!(refused.contains("no parameter `ssl_mode` (there are socket,"), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
        for url in ["postgres://h/d?sslmod=verify-full", "postgres://h/d?sslmode[]=require"] {
            assert!(check(url, POSTGRES).is_err(), "{url}");
        }
        let refused = check("mysql://u:s3?cr3t@h/d", MARIADB).unwrap_err().to_string();
        assert!(!refused.contains("cr3t"), "{refused}");
    }
}
