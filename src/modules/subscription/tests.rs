//! The tables of RFC 6121 appendix A, row by row.

use super::*;

/// The nine states of appendix A.1, in its order: to, from, pending out, pending in.
const NAMES: [(&str, [bool; 4]); 9] = [
    ("None", [false, false, false, false]),
    ("None+PO", [false, false, true, false]),
    ("None+PI", [false, false, false, true]),
    ("None+POI", [false, false, true, true]),
    ("To", [true, false, false, false]),
    ("To+PI", [true, false, false, true]),
    ("From", [false, true, false, false]),
    ("From+PO", [false, true, true, false]),
    ("Both", [true, true, false, false]),
];

fn state(name: &str) -> SubscriptionState {
    let (_, [to, from, pending_out, pending_in]) = NAMES.into_iter().find(|(n, _)| *n == name).unwrap();
    SubscriptionState { to, from, pending_out, pending_in, approved: false }
}

/// For each of the nine states: whether the stanza is passed on, and the next state (`=`: no change).
type Table = [(bool, &'static str); 9];

const YES: bool = true;
const NO: bool = false;

fn check(table: Table, go: impl Fn(SubscriptionState) -> (SubscriptionState, bool)) {
    for ((name, _), (goes_on, after)) in NAMES.into_iter().zip(table) {
        let before = state(name);
        let expected = if after == "=" { before } else { state(after) };
        assert_eq!(go(before), (expected, goes_on), "from {name}");
    }
}

fn out(action: Action, table: Table) {
    check(table, |before| {
        let Outbound { mut state, route } = outbound(action, before);
        state.approved = false; // section 3.4 has its own test
        (state, route)
    });
}

fn into(action: Action, table: Table) {
    check(table, |before| {
        let Inbound { state, deliver, .. } = inbound(action, before);
        (state, deliver)
    });
}

#[test]
fn outbound_subscribe() {
    out(
        Action::Subscribe,
        [
            (YES, "None+PO"),
            (YES, "="),
            (YES, "None+POI"),
            (YES, "="),
            (YES, "="),
            (YES, "="),
            (YES, "From+PO"),
            (YES, "="),
            (YES, "="),
        ],
    );
}

#[test]
fn outbound_unsubscribe() {
    out(
        Action::Unsubscribe,
        [
            (YES, "="),
            (YES, "None"),
            (YES, "="),
            (YES, "None+PI"),
            (YES, "None"),
            (YES, "None+PI"),
            (YES, "="),
            (YES, "From"),
            (YES, "From"),
        ],
    );
}

#[test]
fn outbound_subscribed() {
    out(
        Action::Subscribed,
        [
            (NO, "="),
            (NO, "="),
            (YES, "From"),
            (YES, "From+PO"),
            (NO, "="),
            (YES, "Both"),
            (NO, "="),
            (NO, "="),
            (NO, "="),
        ],
    );
}

#[test]
fn outbound_unsubscribed() {
    out(
        Action::Unsubscribed,
        [
            (NO, "="),
            (NO, "="),
            (YES, "None"),
            (YES, "None+PO"),
            (NO, "="),
            (YES, "To"),
            (YES, "None"),
            (YES, "None+PO"),
            (YES, "To"),
        ],
    );
}

#[test]
fn inbound_subscribe() {
    into(
        Action::Subscribe,
        [
            (YES, "None+PI"),
            (YES, "None+POI"),
            (NO, "="),
            (NO, "="),
            (YES, "To+PI"),
            (NO, "="),
            (NO, "="),
            (NO, "="),
            (NO, "="),
        ],
    );
    for (name, _) in NAMES {
        let answered = inbound(Action::Subscribe, state(name)).approve;
        assert_eq!(answered, matches!(name, "From" | "From+PO" | "Both"), "from {name}");
    }
}

#[test]
fn inbound_unsubscribe() {
    into(
        Action::Unsubscribe,
        [
            (NO, "="),
            (NO, "="),
            (YES, "None"),
            (YES, "None+PO"),
            (NO, "="),
            (YES, "To"),
            (YES, "None"),
            (YES, "None+PO"),
            (YES, "To"),
        ],
    );
}

#[test]
fn inbound_subscribed() {
    into(
        Action::Subscribed,
        [
            (NO, "="),
            (YES, "To"),
            (NO, "="),
            (YES, "To+PI"),
            (NO, "="),
            (NO, "="),
            (NO, "="),
            (YES, "Both"),
            (NO, "="),
        ],
    );
}

#[test]
fn inbound_unsubscribed() {
    into(
        Action::Unsubscribed,
        [
            (NO, "="),
            (YES, "None"),
            (NO, "="),
            (YES, "None+PI"),
            (YES, "None"),
            (YES, "None+PI"),
            (NO, "="),
            (YES, "From"),
            (YES, "From"),
        ],
    );
}

#[test]
fn pre_approval() {
    for (name, _) in NAMES {
        let sent = outbound(Action::Subscribed, state(name));
        assert_eq!(sent.state.approved, matches!(name, "None" | "None+PO" | "To"), "from {name}");
    }
    let approved = SubscriptionState { approved: true, ..state("To") };
    let asked = inbound(Action::Subscribe, approved);
    assert_eq!(
        asked,
        Inbound { state: SubscriptionState { approved: true, ..state("Both") }, deliver: NO, approve: YES }
    );
    let cancelled = outbound(Action::Unsubscribed, approved);
    assert_eq!(cancelled, Outbound { state: state("To"), route: NO });
}

#[test]
fn every_state_is_one_of_nine() {
    for (name, _) in NAMES {
        for action in [Action::Subscribe, Action::Subscribed, Action::Unsubscribe, Action::Unsubscribed] {
            for after in [outbound(action, state(name)).state, inbound(action, state(name)).state] {
                let known =
                    NAMES.iter().any(|(n, _)| state(n) == SubscriptionState { approved: false, ..after });
                assert!(known, "{name}, {action:?}: {after:?}");
            }
        }
    }
}
