//! Whether a history is linearizable: whether there is an order of its operations, none before one
//! that had returned when it was called, in which each outcome is right.
//!
//! The search is that of Wing and Gong, with what has been tried remembered as Lowe does: the same
//! operations done with the same result need not be looked at again.

use std::collections::HashSet;

use crate::history::{Call, Key};

/// The most calls of a history.
pub const MAX_CALLS: usize = 64;

/// Looks for an order.
///
/// # Panics
/// Where there are more than [`MAX_CALLS`].
pub fn is_linearizable(history: &[Call]) -> bool {
    assert!(history.len() <= MAX_CALLS, "{} calls", history.len());
    let all = history
        .iter()
        .zip(0..)
        .fold(0, |all, (_, at)| all | 1_u64 << at);
    let mut tried = HashSet::new();
    let mut open = vec![(0_u64, Key::default())];
    while let Some((done, key)) = open.pop() {
        if done == all {
            return true;
        }
        if !tried.insert((done, key)) {
            continue;
        }
        let left = || (0..).zip(history).filter(|(at, _)| done & 1_u64 << at == 0);
        let first_return = left().map(|(_, call)| call.returned).min();
        // What was called after another had returned comes after it.
        let next = left()
            .filter(|(_, call)| first_return.is_none_or(|returned| call.called <= returned))
            .filter_map(|(at, call)| {
                let after = key.after(call.operation, call.outcome)?;
                Some((done | 1_u64 << at, after))
            });
        // An operation that is valid now and changes nothing can be next: it restricts no other.
        match next.clone().find(|(_, after)| *after == key) {
            Some(unchanged) => open.push(unchanged),
            None => open.extend(next),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Operation::{self, Create, Delete, DeleteIf, Get, Put, Update};
    use crate::history::Outcome::{self, Deleted, Found, Missing, Refused, Written};
    use proptest::prelude::*;

    fn call(called: u64, returned: u64, operation: Operation, outcome: Outcome) -> Call {
        Call {
            operation,
            outcome,
            called,
            returned,
        }
    }

    /// Each called after the one before had returned.
    fn in_turn(calls: &[(Operation, Outcome)]) -> Vec<Call> {
        let times = (0..).step_by(10);
        times
            .zip(calls)
            .map(|(time, &(operation, outcome))| call(time, time + 5, operation, outcome))
            .collect()
    }

    /// All at once.
    fn together(calls: &[(Operation, Outcome)]) -> Vec<Call> {
        calls
            .iter()
            .map(|&(operation, outcome)| call(0, 100, operation, outcome))
            .collect()
    }

    #[test]
    fn what_is_right_is_accepted() {
        assert!(is_linearizable(&[]));
        assert!(is_linearizable(&in_turn(&[
            (Get, Missing),
            (Create(1), Written(1)),
            (Create(2), Refused),
            (Get, Found(1, 1)),
            (Update(3, 1), Written(2)),
            (Update(4, 1), Refused),
            (Delete, Deleted),
            (Delete, Missing),
            (Get, Missing),
            (Update(5, 3), Written(4)),
            (Delete, Deleted),
            (Create(6), Written(6)),
            (Get, Found(6, 6)),
            (DeleteIf(5), Refused),
            (DeleteIf(6), Written(7)),
            (DeleteIf(7), Missing),
            (Put(7), Written(8)),
            (Put(8), Written(9)),
            (Get, Found(8, 9)),
        ])));
        assert!(is_linearizable(&together(&[
            (Get, Found(1, 1)),
            (Get, Missing),
            (Delete, Deleted),
            (Create(2), Refused),
            (Create(1), Written(1)),
            (Delete, Missing),
        ])));
    }

    #[test]
    fn a_stale_read_is_rejected() {
        let written = [(Create(1), Written(1)), (Update(2, 1), Written(2))];
        let stale = [written[0], written[1], (Get, Found(1, 1))];
        assert!(!is_linearizable(&in_turn(&stale)));
        assert!(is_linearizable(&together(&stale)));
        let lost = [written[0], (Get, Missing)];
        assert!(!is_linearizable(&in_turn(&lost)));
    }

    #[test]
    fn reads_that_go_back_are_rejected() {
        // The update is under way all the time; once one has seen it, so must the next.
        assert!(!is_linearizable(&[
            call(0, 1, Create(1), Written(1)),
            call(2, 100, Update(2, 1), Written(2)),
            call(10, 20, Get, Found(2, 2)),
            call(30, 40, Get, Found(1, 1)),
        ]));
    }

    #[test]
    fn a_lost_update_is_rejected() {
        for calls in [
            [
                (Create(1), Written(1)),
                (Update(2, 1), Written(2)),
                (Update(3, 1), Written(3)),
            ],
            [
                (Create(1), Written(1)),
                (Update(2, 1), Written(2)),
                (Update(3, 1), Written(2)),
            ],
        ] {
            assert!(!is_linearizable(&together(&calls)), "{calls:?}");
        }
    }

    #[test]
    fn two_winning_creates_are_rejected() {
        for second in [1, 2] {
            let calls = [(Create(1), Written(1)), (Create(2), Written(second))];
            assert!(!is_linearizable(&together(&calls)));
        }
        let none = [(Create(1), Refused), (Create(2), Refused)];
        assert!(!is_linearizable(&together(&none)));
    }

    #[test]
    fn a_key_deleted_twice_is_rejected() {
        let calls = [
            (Create(1), Written(1)),
            (Delete, Deleted),
            (Delete, Deleted),
        ];
        assert!(!is_linearizable(&together(&calls)));
        assert!(!is_linearizable(&together(&[(Delete, Deleted)])));
    }

    #[test]
    fn a_write_carried_out_twice_is_rejected() {
        // The first put arrives again after the second one.
        let puts = [(Put(1), Written(1)), (Put(2), Written(2))];
        for read in [(Get, Found(1, 3)), (Get, Found(2, 3))] {
            assert!(!is_linearizable(&in_turn(&[puts[0], puts[1], read])));
        }
        let counted = [(Create(1), Written(1)), (DeleteIf(1), Written(2))];
        let again = [counted[0], counted[1], (Put(2), Written(4))];
        assert!(!is_linearizable(&in_turn(&again)));
    }

    #[test]
    fn wrong_values_and_revisions_are_rejected() {
        for wrong in [
            (Get, Found(2, 1)),
            (Get, Found(1, 2)),
            (Update(2, 1), Written(3)),
            (Update(2, 1), Refused),
            (Update(2, 0), Written(2)),
            (Create(2), Missing),
            (Get, Deleted),
        ] {
            let calls = [(Create(1), Written(1)), wrong];
            assert!(!is_linearizable(&in_turn(&calls)), "{wrong:?}");
        }
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            (0_u32..9).prop_map(Put),
            (0_u32..9).prop_map(Create),
            (0_u64..12).prop_map(DeleteIf),
            (0_u32..9, 0_u64..12).prop_map(|(value, revision)| Update(value, revision)),
            Just(Delete),
            Just(Get),
        ]
    }

    proptest! {
        /// Around the moment at which each operation took effect, call and return may be anywhere.
        #[test]
        fn what_happened_is_accepted_however_long_it_took(
            calls in prop::collection::vec((operation(), 0_u64..50, 0_u64..50), 0..=MAX_CALLS),
            order in any::<prop::sample::Index>(),
        ) {
            let mut key = Key::default();
            let mut history = Vec::new();
            for (moment, (operation, before, after)) in (100..).step_by(10).zip(calls) {
                let (outcome, next) = key.carry_out(operation);
                key = next;
                history.push(call(moment - before, moment + after, operation, outcome));
            }
            let start = if history.is_empty() { 0 } else { order.index(history.len()) };
            history.rotate_left(start);
            prop_assert!(is_linearizable(&history));
        }

        /// A read of a value that was never written is wrong at any point.
        #[test]
        fn a_value_out_of_nowhere_is_rejected(
            calls in prop::collection::vec(operation(), 0..40),
            place in any::<prop::sample::Index>(),
        ) {
            let mut key = Key::default();
            let mut history = Vec::new();
            for operation in calls {
                let (outcome, next) = key.carry_out(operation);
                key = next;
                history.push(call(0, 100, operation, outcome));
            }
            let at = place.index(history.len() + 1);
            history.insert(at, call(0, 100, Get, Found(99, 1)));
            prop_assert!(!is_linearizable(&history));
        }
    }
}
