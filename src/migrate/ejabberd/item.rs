//! An item of a node of publish-subscribe.

/// An item: its id and its payload, an element.
pub(super) struct Item {
    pub id: String,
    pub payload: String,
}
