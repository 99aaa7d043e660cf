//! Elo ratings.

/// How much one game can change.
const FACTOR: f64 = 32.0;
/// Ratings stay within these.
const LEAST: i32 = 100;
const MOST: i32 = 4_000;

/// By how much the rating of the first player changes. `score`: 1 for a win, 0.5 for a draw, 0 for a loss.
pub fn change(own: i32, other: i32, score: f64) -> i32 {
    let expected = 1.0 / (1.0 + 10f64.powf(f64::from(other - own) / 400.0));
    (FACTOR * (score - expected)).round() as i32
}

/// A rating after a change.
pub fn after(rating: i32, change: i32) -> i32 {
    rating.saturating_add(change).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_changes_little() {
        assert_eq!((change(1200, 1200, 1.0), change(1200, 1200, 0.5), change(1200, 1200, 0.0)), (16, 0, -16));
        assert_eq!((change(1600, 1200, 1.0), change(1200, 1600, 1.0)), (3, 29));
        assert_eq!((after(110, -32), after(4_000, 16), after(1200, 16)), (100, 4_000, 1216));
    }
}
