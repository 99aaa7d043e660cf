//! How often the repeated part of a statement stands in it: powers of two only, so that there are few texts. Each stays
//! prepared: to prepare one costs a database server a round trip, and to give it up costs MariaDB's connections, which
//! wait for small packets to be acknowledged, forty milliseconds.

use crate::value::Value;

/// The most rows or values of one statement.
const MOST: usize = 256;

/// Splits rows for statements that insert them: 300 into 256, 32, 8 and 4.
pub(crate) fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let count = MOST.min(1 << rows.len().ilog2());
        let (part, rest) = rows.split_at(count);
        rows = rest;
        Some(part)
    })
}

/// Bytes of texts that one statement carries, if it has more than one row: MariaDB refuses packets of more than
/// 16 MiB, if its configuration does not say otherwise.
const STATEMENT_BYTES: usize = 1 << 20;

/// Splits rows as [`parts`], so that none is larger than a statement should be, unless one row is.
pub(crate) fn parts_within<T>(rows: &[T], bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    let batches = std::iter::from_fn(move || {
        let mut sum = 0_usize;
        let fitting = rest.iter().take_while(|row| {
            sum += bytes(row);
            sum <= STATEMENT_BYTES
        });
        let count = fitting.count().max(1).min(rest.len());
        let (batch, later) = rest.split_at(count);
        rest = later;
        (!batch.is_empty()).then_some(batch)
    });
    batches.flat_map(parts)
}

/// Splits values for statements that look for any of them, at most so many at a time.
pub(crate) fn lists<T>(values: &[T]) -> std::slice::Chunks<'_, T> {
    values.chunks(MOST)
}

/// Fills up a list of `count` values at the end of the arguments by repeating the last; returns how many there are.
pub(crate) fn fill(args: &mut Vec<Value<'_>>, count: usize) -> usize {
    let full = count.next_power_of_two();
    if let Some(last) = args.last().copied() {
        args.extend(std::iter::repeat_n(last, full - count));
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_powers_of_two_and_leave_nothing_out() {
        let sizes = |count: usize| parts(&vec![0; count]).map(<[i32]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(7), [4, 2, 1]);
        assert_eq!(sizes(700), [256, 256, 128, 32, 16, 8, 4]);
    }

    #[test]
    fn parts_are_within_the_size_of_a_statement() {
        let sizes = |rows: &[usize]| parts_within(rows, |size| *size).map(<[usize]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[STATEMENT_BYTES * 3, 1, 1]), [1, 2]);
        assert_eq!(sizes(&[STATEMENT_BYTES / 3; 7]), [2, 1, 2, 1, 1]);
    }

    #[test]
    fn a_list_is_filled_with_its_last_value() {
        let mut args = vec![Value::from(7_i64), 1_i64.into(), 2_i64.into(), 3_i64.into()];
        assert_eq!(fill(&mut args, 3), 4);
        assert_eq!(args.len(), 5);
        assert!(matches!(args[4], Value::Int(Some(3))));
        assert_eq!(fill(&mut args, 4), 4);
        assert_eq!(args.len(), 5);
    }
}
