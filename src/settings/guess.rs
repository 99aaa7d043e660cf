//! Finds what a misspelt name was meant to be.

/// The candidate that differs from `name` by no more than a third of its letters.
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let room = (name.chars().count() / 3).max(1);
    let distances = candidates.iter().map(|candidate| (distance(name, candidate), *candidate));
    distances.filter(|(distance, _)| *distance <= room).min_by_key(|(distance, _)| *distance).map(|(_, c)| c)
}

/// Insertions, deletions, substitutions and swapped neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest() {
        let keys = ["stanza_bytes", "depth", "mailbox_bytes"];
        assert_eq!(nearest("stanza_byte", &keys), Some("stanza_bytes"));
        assert_eq!(nearest("dept", &keys), Some("depth"));
        assert_eq!(nearest("stanzabytes", &keys), Some("stanza_bytes"));
        assert_eq!(nearest("colour", &keys), None);
    }

    #[test]
    fn counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("depht", "depth"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
