//! A sheet of small pictures, each framed by whether its class was found.

use undertone_data::picture::Picture;

/// The pixels of a frame, and of the gap around it.
const FRAME: usize = 2;
/// The pictures of a row.
const ACROSS: usize = 20;

/// What a picture is framed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Green: both runs found its class.
    Right,
    /// Orange: both runs found the same other class.
    Wrong,
    /// Red: the private run found another class than the plain one.
    Differently,
}

impl Found {
    /// Of what the plain and the private run found.
    pub fn new(label: usize, plain: usize, private: usize) -> Self {
        match (plain == private, plain == label) {
            (false, _) => Found::Differently,
            (true, true) => Found::Right,
            (true, false) => Found::Wrong,
        }
    }

    fn colour(self) -> [u8; 3] {
        match self {
            Found::Right => [60, 160, 90],
            Found::Wrong => [235, 150, 30],
            Found::Differently => [210, 40, 50],
        }
    }
}

/// A sheet of square pictures, `[channels, side, side]` each with one or three channels, of which `white` is the brightest value.
pub fn sheet(pictures: &[f32], (channels, side): (usize, usize), white: f32, found: &[Found]) -> Picture {
    let cell = side + 4 * FRAME;
    let (across, down) = (found.len().clamp(1, ACROSS), found.len().div_ceil(ACROSS));
    let (width, height) = (across * cell, down * cell);
    let mut bytes = vec![255; 3 * width * height];
    for (k, (picture, found)) in pictures.chunks_exact(channels * side * side).zip(found).enumerate() {
        let (top, left) = (k / ACROSS * cell, k % ACROSS * cell);
        for row in FRAME..cell - FRAME {
            for column in FRAME..cell - FRAME {
                let inside = |i: usize| i.checked_sub(2 * FRAME).filter(|i| *i < side);
                let colour = match (inside(row), inside(column)) {
                    (Some(y), Some(x)) => core::array::from_fn(|c| {
                        let value = picture[(c % channels * side + y) * side + x] / white;
                        (value * 255.0).round().clamp(0.0, 255.0) as u8
                    }),
                    _ => found.colour(),
                };
                let at = 3 * ((top + row) * width + left + column);
                bytes[at..at + 3].copy_from_slice(&colour);
            }
        }
    }
    Picture { width, height, channels: 3, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_says_whether_a_class_was_found() {
        let found = [Found::new(3, 3, 3), Found::new(3, 4, 4), Found::new(3, 3, 4)];
        assert_eq!(found, [Found::Right, Found::Wrong, Found::Differently]);
        // three pictures of one pixel: black, grey and white
        let picture = sheet(&[0.0, 0.5, 1.0], (1, 1), 1.0, &found);
        assert_eq!((picture.width, picture.height), (27, 9));
        let at = |row: usize, column: usize| &picture.bytes[3 * (row * 27 + column)..][..3];
        assert_eq!((at(4, 4), at(4, 13), at(4, 22)), (&[0; 3][..], &[128; 3][..], &[255; 3][..]));
        assert_eq!((at(0, 0), at(2, 2), at(2, 11)), (&[255; 3][..], &[60, 160, 90][..], &[235, 150, 30][..]));
    }
}
