//! The order in which what several mailboxes hold arrived.

use std::collections::VecDeque;

/// Merges what several mailboxes hold by the time it was received (UTC microseconds). What came from one mailbox keeps its
/// order, whichever way the clock was set meanwhile.
pub(crate) fn merge<T>(
    mailboxes: impl IntoIterator<Item = Vec<T>>,
    received_us: impl Fn(&T) -> i64,
) -> Vec<T> {
    let mut runs: Vec<VecDeque<T>> = mailboxes.into_iter().map(VecDeque::from).collect();
    let mut merged = Vec::with_capacity(runs.iter().map(VecDeque::len).sum());
    loop {
        let heads = runs.iter_mut().filter(|run| !run.is_empty());
        // Of several, the first.
        let Some(next) = heads.min_by_key(|run| run.front().map(&received_us)) else { return merged };
        merged.extend(next.pop_front());
    }
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn by_time_and_in_the_order_of_each() {
        let first = vec![(1, 'a'), (4, 'b'), (2, 'c')]; // the clock was set back before c
        let second = vec![(1, 'd'), (3, 'e'), (5, 'f')];
        let merged = merge([first, second, Vec::new()], |(us, _)| *us);
        assert_eq!(merged.iter().map(|(_, name)| *name).collect::<String>(), "adebcf");
        assert!(merge::<i64>([], |us| *us).is_empty());
    }
}
