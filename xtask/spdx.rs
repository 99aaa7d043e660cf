//! SPDX license expressions, as far as manifests use them: `OR`, `AND`, `WITH`, parentheses and the old `/`.

/// Whether the allowed licenses satisfy the expression. An empty or malformed one is not satisfied.
pub fn allowed(expression: &str, allow: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let result = any(&mut words, allow);
    result.unwrap_or(false) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allow: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut result = all(words, allow)?;
    while words.next_if_eq(&"OR").is_some() {
        result |= all(words, allow)?;
    }
    Some(result)
}

fn all(words: &mut Words<'_>, allow: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut result = one(words, allow)?;
    while words.next_if_eq(&"AND").is_some() {
        result &= one(words, allow)?;
    }
    Some(result)
}

fn one(words: &mut Words<'_>, allow: &dyn Fn(&str) -> bool) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let result = any(words, allow)?;
        return (words.next() == Some(")")).then_some(result);
    }
    if words.next_if_eq(&"WITH").is_some() {
        let exception = words.next()?;
        return Some(allow(&format!("{word} WITH {exception}")) || allow(word));
    }
    Some(allow(word))
}

#[cfg(test)]
mod tests {
    #[test]
    fn expressions() {
        let allow = |name: &str| matches!(name, "MIT" | "Apache-2.0" | "ISC" | "Zlib WITH x");
        for yes in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT AND (GPL-2.0 OR ISC)",
            "Apache-2.0 WITH LLVM-exception",
            "GPL/MIT",
            "Zlib WITH x",
        ] {
            assert!(super::allowed(yes, &allow), "{yes}");
        }
        for no in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "MIT ISC", "OR", "Zlib"] {
            assert!(!super::allowed(no, &allow), "{no}");
        }
    }
}
