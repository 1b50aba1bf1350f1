//! Speed of links.
fn main() {}
