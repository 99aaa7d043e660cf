//! What a node of publish-subscribe becomes here.

/// What was made of a node.
pub(crate) struct Made {
    /// An element of private XML, or a vCard.
    pub(crate) xml: String,
    /// How many parts of the node have no counterpart in it.
    pub(crate) lost: u64,
}
