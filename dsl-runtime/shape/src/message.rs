//! Text in const evaluation: `panic!("{}", text)` is the only formatting that it allows, so the text is built in a buffer.

use crate::Shape;

/// A text of at most 320 bytes; what does not fit is cut off.
pub struct Message {
    buffer: [u8; 320],
    length: usize,
}

impl Message {
    /// The empty text.
    #[allow(clippy::new_without_default, reason = "Default is not const")]
    pub const fn new() -> Self {
        Self { buffer: [0; 320], length: 0 }
    }

    /// Appends a string.
    pub const fn text(mut self, s: &str) -> Self {
        let bytes = s.as_bytes();
        let mut i = 0;
        while i < bytes.len() && self.length < self.buffer.len() {
            self.buffer[self.length] = bytes[i];
            self.length += 1;
            i += 1;
        }
        self
    }

    /// Appends a number in decimal.
    pub const fn number(self, n: usize) -> Self {
        if n >= 10 { self.number(n / 10).digit(n % 10) } else { self.digit(n) }
    }

    /// Appends a shape, as `[3, 32, 32]`.
    pub const fn shape(mut self, shape: &Shape) -> Self {
        self = self.text("[");
        let mut i = 0;
        while i < shape.rank() {
            if i > 0 {
                self = self.text(", ");
            }
            self = self.number(shape.dim(i));
            i += 1;
        }
        self.text("]")
    }

    /// The text so far.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.buffer.split_at(self.length).0) {
            Ok(s) => s,
            Err(_) => "a shape error whose text was cut off inside a character",
        }
    }

    const fn digit(mut self, d: usize) -> Self {
        if self.length < self.buffer.len() {
            self.buffer[self.length] = b'0' + d as u8;
            self.length += 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shapes_are_written_in_decimal() {
        let m = Message::new().text("a ").number(0).text(" ").number(1024).text(" ").shape(&Shape::new([3, 20]));
        assert_eq!(m.as_str(), "a 0 1024 [3, 20]");
    }

    #[test]
    fn a_long_text_is_cut_off() {
        let mut m = Message::new();
        for _ in 0..100 {
            m = m.text("0123456789");
        }
        assert_eq!(m.as_str().len(), 320);
    }
}
