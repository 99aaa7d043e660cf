//! The language itself: namespaces, JIDs, elements, stanzas, stream events, errors. No I/O.
