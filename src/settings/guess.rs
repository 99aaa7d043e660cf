//! Suggests the intended name for a misspelled one.

/// The candidate that differs from `name` in no more than a third of its letters.
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let room = (name.chars().count() / 3).max(1);
    let distances = candidates.iter().map(|candidate| (strsim::osa_distance(name, candidate), *candidate));
    distances.filter(|(distance, _)| *distance <= room).min_by_key(|(distance, _)| *distance).map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest() {
        let keys = ["stanza_bytes", "depth", "mailbox_bytes"];
        assert_eq!(nearest("stanza_byte", &keys), Some("stanza_bytes"));
        assert_eq!(nearest("dept", &keys), Some("depth"));
        assert_eq!(nearest("detph", &keys), Some("depth"), "swapped neighbours count once");
        assert_eq!(nearest("stanzabytes", &keys), Some("stanza_bytes"));
        assert_eq!(nearest("colour", &keys), None);
    }
}
