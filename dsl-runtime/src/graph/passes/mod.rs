//! Passes: each takes a graph and returns a better one that computes the same function. One pass a file.
