//! Choosing what happens to bytes that the host does not read.
