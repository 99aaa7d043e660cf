//! Three sides of a record: what was imported, what stands here now, what the source has now.

use crate::OnConflict;

/// Digests of a record's content, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    /// When it was imported last.
    pub before: Option<u64>,
    pub here: Option<u64>,
    pub there: Option<u64>,
}

/// What an import does about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is the same on both sides, or on none.
    Nothing,
    /// It is none of the source's.
    Ours,
    Create,
    Change,
    Remove,
    /// It was changed here, and stays so.
    Keep,
    /// It was changed here, and the import ends.
    Fail,
}

impl Sides {
    /// What was imported and not changed here follows the source; what was changed here, or stood here before, is a conflict.
    pub fn decide(self, on_conflict: OnConflict) -> Action {
        let Self { before, here, there } = self;
        let (follow, is_conflict) = match (there, here) {
            (None, None) => return Action::Nothing,
            (Some(there), Some(here)) if there == here => return Action::Nothing,
            (None, Some(_)) if before.is_none() => return Action::Ours,
            (Some(_), None) => (Action::Create, before.is_some()),
            (Some(_), Some(_)) => (Action::Change, before != here),
            (None, Some(_)) => (Action::Remove, before != here),
        };
        match (is_conflict, on_conflict) {
            (false, _) | (true, OnConflict::Replace) => follow,
            (true, OnConflict::Keep) => Action::Keep,
            (true, OnConflict::Fail) => Action::Fail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 is what was imported, 2 what it became there, 3 what it became here; 0 is nothing.
    fn decided([before, here, there]: [u64; 3]) -> [Action; 3] {
        let side = |number| (number != 0).then_some(number);
        let sides = Sides { before: side(before), here: side(here), there: side(there) };
        [OnConflict::Keep, OnConflict::Replace, OnConflict::Fail].map(|on_conflict| sides.decide(on_conflict))
    }

    #[test]
    fn every_case() {
        use Action::{Change, Create, Fail, Keep, Nothing, Ours, Remove};
        for (sides, expected) in [
            ([0, 0, 2], [Create; 3]),
            ([0, 2, 2], [Nothing; 3]),
            ([0, 3, 2], [Keep, Change, Fail]),
            ([0, 3, 0], [Ours; 3]),
            ([1, 1, 1], [Nothing; 3]),
            ([1, 1, 2], [Change; 3]),
            ([1, 1, 0], [Remove; 3]),
            ([1, 3, 1], [Keep, Change, Fail]),
            ([1, 3, 2], [Keep, Change, Fail]),
            ([1, 3, 3], [Nothing; 3]),
            ([1, 3, 0], [Keep, Remove, Fail]),
            ([1, 0, 1], [Keep, Create, Fail]),
            ([1, 0, 2], [Keep, Create, Fail]),
            ([1, 0, 0], [Nothing; 3]),
        ] {
            assert_eq!(decided(sides), expected, "{sides:?}");
        }
    }
}
