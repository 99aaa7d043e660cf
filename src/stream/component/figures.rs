//! What can be seen of a component.

/// What a component does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFigures {
    pub name: String,
    pub connections: usize,
    /// What waits for it.
    pub stanzas: usize,
    pub bytes: usize,
}
