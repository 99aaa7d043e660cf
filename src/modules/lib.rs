//! One file per feature, named by function, its XEP in the first line.
