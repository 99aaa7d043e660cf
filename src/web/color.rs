//! Brand colors.

/// A color as `#rrggbb` in lower case, from `#rgb` or `#rrggbb`; `None` for everything else, so that no
/// configured text reaches a style sheet.
pub fn hex(color: &str) -> Option<String> {
    let digits = color.trim().strip_prefix('#')?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    match digits.len() {
        3 => Some(digits.chars().fold(String::from("#"), |color, digit| color + &format!("{digit}{digit}"))),
        6 => Some(format!("#{digits}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn short_and_long() {
        assert_eq!(hex("#7A4").as_deref(), Some("#77aa44"));
        assert_eq!(hex(" #b0413E ").as_deref(), Some("#b0413e"));
    }

    #[test]
    fn anything_else_is_none() {
        for bad in
            ["", "#", "red", "7a4", "#12", "#1234", "#12345g", "#7a4;background:url(//x)", "#ééé", "#1234567"]
        {
            assert_eq!(hex(bad), None, "{bad}");
        }
    }
}
